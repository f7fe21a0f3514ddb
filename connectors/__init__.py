"""One folder per outside system, all behind the ports in `ports.py`. Imports only `domain`."""
