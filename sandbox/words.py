"""What a partner could not do, said as an HTTP error of the controls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import HTTPException


@contextmanager
def in_words(nothing: str = "there is no such order, version or message") -> Iterator[None]:
    """Turn a KeyError into 404 with `nothing`, and a ValueError into 409 with its own words."""
    try:
        yield
    except KeyError:
        raise HTTPException(404, nothing) from None
    except ValueError as error:
        raise HTTPException(409, str(error)) from None
