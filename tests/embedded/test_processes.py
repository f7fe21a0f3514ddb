"""Processes of an embedded installation: what dies is started again."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from embedded.credentials import Ports
from embedded.environment import open_home
from embedded.processes import Child, keep_running


@pytest.fixture
async def child(tmp_path: Path) -> AsyncIterator[Child]:
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    child = Child("sleeper", command, open_home(tmp_path, Ports(1, 2, 3, 4)))
    await child.start()
    yield child
    await child.stop()


async def test_what_is_killed_runs_again_and_again(child: Child) -> None:
    watching = asyncio.create_task(keep_running([child], set()))
    seen = {child.pid}
    async with asyncio.timeout(60):
        for times in (2, 3):
            os.kill(child.pid, signal.SIGKILL)
            while child.pid in seen or not child.running:
                assert not watching.done(), watching.exception()
                await asyncio.sleep(0.01)
            seen.add(child.pid)
            assert len(seen) == times
    watching.cancel()


async def test_what_somebody_keeps_down_stays_down(child: Child, tmp_path: Path) -> None:
    other = Child("other", [sys.executable, "-c", ""], open_home(tmp_path / "other", Ports(1, 2, 3, 4)))
    await child.kill()
    watching = asyncio.create_task(keep_running([child, other], {"sleeper"}))
    async with asyncio.timeout(60):
        while not other.log.exists():  # noqa: ASYNC110 - a file tells nobody; it is looked at after the sleeper
            await asyncio.sleep(0.01)
    assert not child.running
    assert not watching.done()
    watching.cancel()
