"""`orderhub NAME`: how it is called is in `NAME_app.py`, what it does in `NAME.py`; `cli.py` puts them together."""
