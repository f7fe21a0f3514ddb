"""The schema's history, one file per change in `versions/`; `store.migrate` applies it."""
