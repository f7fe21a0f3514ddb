"""Decisions as data: decision tables in `tables/`, and a thin wrapper around the engine. Imports only `domain`.

The engine says what applies; money is never computed here. Only its synchronous calls are used (its asynchronous ones
crash the interpreter at exit), and only in activities.
"""
