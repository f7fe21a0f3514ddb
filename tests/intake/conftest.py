from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from store.database import Database
from tests.intake.stage import RecordingOrders, Stage, own_shop


@pytest.fixture
async def stage(database: Database) -> AsyncIterator[Stage]:
    shop = own_shop()
    yield Stage(database, RecordingOrders(), {"own": shop})
    await shop.close()
