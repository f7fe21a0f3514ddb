"""The folder of the FTP server: exports come in, the client moves them to `archive/` and puts rejects into `error/`.

A file that is complete has an empty `.ok` beside it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from domain.clock import BEIJING, utc_now

_MARKER = ".ok"
_FOLDERS = ("archive", "error")


@dataclass(frozen=True)
class Export:
    """A file as it is when it is complete, and which orders it tells of."""

    name: str
    content: bytes
    order_nos: tuple[str, ...]


class Files:
    """The folder, in a temporary place of its own; and what was ever put into it."""

    def __init__(self, vender_id: int) -> None:
        self._vender_id = vender_id
        self._place = TemporaryDirectory(prefix="orderhub-jd-", ignore_cleanup_errors=True)
        self.root = Path(self._place.name)
        for folder in _FOLDERS:
            (self.root / folder).mkdir()
        self._exports: dict[str, Export] = {}
        self._unfinished: set[str] = set()

    def close(self) -> None:
        """Throw all of it away."""
        self._place.cleanup()

    def new_name(self) -> str:
        """A name for the next export."""
        return f"JD_{self._vender_id}_{utc_now().astimezone(BEIJING):%Y%m%d%H%M%S}_{len(self._exports) + 1:03d}.csv"

    def write(self, export: Export, *, partly: bool) -> None:
        """Upload a file: all of it with its marker, or the first half without. Raises ValueError for a known name."""
        if export.name in self._exports:
            raise ValueError(f"there is a file {export.name} already")
        self._exports[export.name] = export
        if partly:
            # a torn upload ends anywhere: in the middle of a row, and of a character
            self._unfinished.add(export.name)
            (self.root / export.name).write_bytes(export.content[: len(export.content) // 2])
        else:
            self._finish(export)

    def complete(self, name: str) -> None:
        """Go on with an upload that was torn. Raises KeyError, and ValueError for a file that is complete."""
        export = self._exports[name]
        if name not in self._unfinished:
            raise ValueError(f"{name} is complete")
        self._unfinished.discard(name)
        self._finish(export)

    def again(self, name: str) -> str:
        """Upload the same content under another name, which is returned. Raises KeyError."""
        copy = Export(self.new_name(), self._exports[name].content, self._exports[name].order_nos)
        self.write(copy, partly=False)
        return copy.name

    def book(self) -> list[dict[str, Any]]:
        """Every file that was uploaded, and where it is now: `inbox`, a folder of the client's, or nowhere ("gone").

        The rejects that the client uploaded are listed by their path.
        """
        found = {path.name: path for path in sorted(self.root.rglob("*.csv"))}
        rows = [self._row(export, found.get(export.name)) for export in self._exports.values()]
        others = [path for name, path in found.items() if name not in self._exports]
        return rows + [
            {"name": str(path.relative_to(self.root)), "where": "client", "sha256": _sha256(path.read_bytes())}
            for path in others
        ]

    def _finish(self, export: Export) -> None:
        (self.root / export.name).write_bytes(export.content)
        (self.root / f"{export.name}{_MARKER}").touch()

    def _row(self, export: Export, path: Path | None) -> dict[str, Any]:
        where = "gone"
        if path is not None:
            parts = path.relative_to(self.root).parts
            where = "inbox" if len(parts) == 1 else parts[0]
        return {
            "name": export.name,
            "where": where,
            "complete": export.name not in self._unfinished,
            "sha256": _sha256(export.content),
            "order_nos": list(export.order_nos),
        }


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
