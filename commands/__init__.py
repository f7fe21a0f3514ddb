"""What each `orderhub` command does, one file each; `cli.py` only names them."""
