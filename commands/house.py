"""What commands about the store begin and end with."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from domain.texts import use_language
from settings import Settings
from store.database import Database

REFUSED, NO_SUCH = 1, 2
"""Exit codes: it cannot be done; what is named is not there, or the command cannot be understood."""


@asynccontextmanager
async def house(settings: Settings) -> AsyncIterator[Database]:
    """The store, in the language of the settings; closed at the end."""
    use_language(settings.language)
    db = Database(settings.database_url.get_secret_value())
    try:
        yield db
    finally:
        await db.close()


def refuse(words: str, code: int = REFUSED) -> int:
    """Say on stderr why nothing is done. Returns the exit code."""
    print(words, file=sys.stderr)  # noqa: T201
    return code
