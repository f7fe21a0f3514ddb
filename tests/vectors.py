"""The published and computed signature vectors of all partners (`tests/vectors.json`), by system and name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("vectors.json")


def vector(system: str, name: str) -> dict[str, Any]:
    """One vector: `inputs`, `expected`, `source`. Raises KeyError when there is none of that name."""
    for entry in json.loads(_FILE.read_text(encoding="utf-8")):
        if (entry["system"], entry["name"]) == (system, name):
            return dict(entry)
    raise KeyError((system, name))
