"""Proves the invariants: the store against itself, and against the books of the partners where these can be read."""
