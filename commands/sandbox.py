"""`orderhub sandbox`."""

from __future__ import annotations

import logging
import sys

from pydantic import ValidationError

from commands.gateway import serve
from sandbox.app import create_app
from sandbox.settings import SandboxSettings


async def main() -> int:
    """Serve until told to stop."""
    logging.basicConfig(level="INFO", stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel("WARNING")
    try:
        settings = SandboxSettings()
    except ValidationError as error:
        for problem in error.errors(include_input=False, include_url=False):
            name = "__".join(str(part) for part in problem["loc"]).upper()
            print(f"setting ORDERHUB_SANDBOX__{name}: {problem['msg']}", file=sys.stderr)  # noqa: T201
        return 2
    await serve(create_app(settings), settings.host, settings.port)
    return 0
