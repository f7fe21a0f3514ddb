from __future__ import annotations

import pytest
from fastapi import FastAPI

from console.clerk import ClerkPages
from store.database import Database
from tests.console.desk import SECRET, Desk


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


@pytest.fixture
def app(database: Database, desk: Desk) -> FastAPI:
    app = FastAPI()
    app.include_router(ClerkPages(database, SECRET, desk).router())
    return app
