"""A real browser and a real server, for tests of pages."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Browser, async_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str:
    """The browser's path. Skips the test, loudly, where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = os.environ.get("ORDERHUB_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if found is None:
        reason = "PAGES NOT TESTED: no chromium or google-chrome here, and ORDERHUB_CHROMIUM names none"
        warnings.warn(reason, stacklevel=1)
        pytest.skip(reason)
    return found


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium."""
    path = chromium()
    async with async_playwright() as playwright:
        window = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield window
        finally:
            await window.close()


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[str]:
    """Serve an application in this process. Gives its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, lifespan="off"))
        running = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await running
