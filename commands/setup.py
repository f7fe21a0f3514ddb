"""`orderhub setup`."""

from __future__ import annotations

import sys

import telemetry
from runtime.client import connect
from runtime.setup import SetupConflict, set_up
from settings import Settings


async def main(settings: Settings) -> int:
    """Create what is missing, and say what is there."""
    telemetry.set_up(settings.telemetry, "setup")
    try:
        client = await connect(settings)
    except RuntimeError:
        print(f"Temporal does not answer at {settings.temporal.address} (ORDERHUB_TEMPORAL__ADDRESS)", file=sys.stderr)  # noqa: T201
        return 1
    try:
        await set_up(settings, client, print)
    except SetupConflict as conflict:
        print(conflict, file=sys.stderr)  # noqa: T201
        return 1
    return 0
