"""Nouns and pure rules of an order's life. No I/O, no Temporal, no SQL; imports nothing of ours."""
