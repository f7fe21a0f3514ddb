"""The environment of all embedded processes: addresses, and credentials that hub and sandbox share.

Made once per home folder and kept there (readable by its owner only), so that a later `up` finds its own data again.
The hub knows from these settings alone that its partners are the sandbox.
"""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import socket
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from embedded.credentials import Ports, new_secrets, settings_tree

SHELL_FILE = "orderhub.env"
"""The environment for a shell: `set -a; . .orderhub/orderhub.env`."""

_DATA = {"keys", "staff", "roles", "shops", "agreements", "templates", "couriers", "platform_keys", "declaration"}
"""Settings whose keys are data: they travel as JSON."""

_FILE = "installation.json"
_LOCK = "lock"


class HomeInUse(RuntimeError):
    """Another orderhub runs in this folder."""


@dataclass(frozen=True)
class Home:
    """One embedded installation: its folder, ports and environment. Only one process at a time may have it open."""

    path: Path
    ports: Ports
    variables: dict[str, str]

    @property
    def gateway_url(self) -> str:
        """Where the gateway is."""
        return f"http://127.0.0.1:{self.ports.gateway}"

    @property
    def sandbox_url(self) -> str:
        """Where the sandbox is."""
        return f"http://127.0.0.1:{self.ports.sandbox}"

    @property
    def ui_url(self) -> str:
        """Where the Temporal UI is."""
        return f"http://127.0.0.1:{self.ports.temporal_ui}"

    def environ(self) -> dict[str, str]:
        """The environment for a child process: what is set outside wins over our defaults."""
        return {**self.variables, **os.environ}


def open_home(path: Path, ports: Ports | None = None) -> Home:
    """The installation in `path`, made if it is not there; its ports are free ones, kept with it. Raises HomeInUse."""
    path = path.resolve()
    path.mkdir(parents=True, exist_ok=True)
    _lock(path)
    file = path / _FILE
    kept = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    ports = Ports(**kept["ports"]) if kept else ports or Ports(*free_ports(5))
    secrets_ = new_secrets(kept.get("secrets"))
    if secrets_ != kept.get("secrets"):
        _write(file, json.dumps({"ports": asdict(ports), "secrets": secrets_}, indent=1))
    variables = _flatten("ORDERHUB", settings_tree(path, ports, secrets_))
    _write(path / SHELL_FILE, "".join(f"{name}={shlex.quote(value)}\n" for name, value in variables.items()))
    return Home(path, ports, variables)


def _write(file: Path, content: str) -> None:
    """Write a file that only its owner may read."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(content)


def _lock(path: Path) -> None:
    """Hold the folder for the life of this process."""
    held = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        raise HomeInUse(f"another orderhub runs in {path}: stop it, or give another folder with --home") from None


def free_ports(count: int) -> list[int]:
    """So many ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for candidate in sockets:
            candidate.bind(("127.0.0.1", 0))
        return [candidate.getsockname()[1] for candidate in sockets]
    finally:
        for candidate in sockets:
            candidate.close()


def _flatten(prefix: str, value: Any) -> dict[str, str]:
    """A tree of settings as environment variables. Lists, and dicts whose keys are data, travel as JSON."""
    variables: dict[str, str] = {}
    for name, part in value.items():
        variable = f"{prefix}__{name.upper()}" if prefix != "ORDERHUB" else f"ORDERHUB_{name.upper()}"
        if isinstance(part, dict) and name not in _DATA:
            variables.update(_flatten(variable, part))
        elif isinstance(part, str):
            variables[variable] = part
        else:
            variables[variable] = json.dumps(part, ensure_ascii=False)
    return variables
