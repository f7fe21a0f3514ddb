"""How every command ends.

A short-lived process with a Temporal client can abort or hang in the interpreter's own shutdown (temporalio/sdk-python
issue 300). Cancelling what is left, giving its callbacks a moment, flushing and leaving by `os._exit` never did.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Coroutine
from typing import Any, NoReturn

from opentelemetry import trace

_LINGER_S = 0.3


def run(main: Coroutine[Any, Any, int]) -> NoReturn:
    """Run a command's coroutine, and end the process with the exit code that it returns (1 on an exception)."""
    code = 1
    try:
        code = asyncio.run(_and_close_down(main))
    except KeyboardInterrupt:
        code = 130
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except Exception:
        logging.getLogger("orderhub").exception("the command failed")
    leave(code)


def leave(code: int) -> NoReturn:
    """Flush, and end the process at once."""
    flush = getattr(trace.get_tracer_provider(), "force_flush", None)
    if flush is not None:
        flush(2000)
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # nobody reads any more
            stream.flush()
    os._exit(code)


async def stopped() -> None:
    """Wait for SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    await stop.wait()


async def _and_close_down(main: Coroutine[Any, Any, int]) -> int:
    try:
        return await main
    finally:
        rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        await asyncio.sleep(_LINGER_S)
