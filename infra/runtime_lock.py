"""Print the part of the lock that the product needs at run time, hashes and all, for this Python and platform.

    python infra/runtime_lock.py pyproject.toml requirements.lock

The lock holds the development tools too and names no edges between its pins, so the edges are read from the metadata of
the packages as installed: run it in an environment into which the whole lock was installed.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name


def closure(dependencies: Iterable[str]) -> set[NormalizedName]:
    """The names of all packages that the given requirements need, themselves included."""
    needed: set[NormalizedName] = set()
    seen: set[tuple[NormalizedName, str]] = set()
    todo = [(Requirement(dependency), "") for dependency in dependencies]
    while todo:
        requirement, wanted_by_extra = todo.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": wanted_by_extra}):
            continue
        name = canonicalize_name(requirement.name)
        needed.add(name)
        for extra in ("", *requirement.extras):
            if (name, extra) not in seen:
                seen.add((name, extra))
                todo += [(Requirement(text), extra) for text in metadata.requires(name) or ()]
    return needed


def select(lock: str, names: set[NormalizedName]) -> str:
    """The entries of a lock (a pin and its indented hashes) under the given names. Raises KeyError for one without."""
    entries = [entry for entry in re.split(r"\n(?=\S)", lock.strip("\n")) if entry]
    kept = [entry for entry in entries if _name(entry) in names]
    missing = names - {_name(entry) for entry in kept}
    if missing:
        raise KeyError(f"not in the lock: {', '.join(sorted(missing))}")
    return "\n".join(kept) + "\n"


def _name(entry: str) -> NormalizedName:
    return canonicalize_name(entry.partition("==")[0])


def main(pyproject: str, lock: str) -> None:
    """Write the selected entries to stdout."""
    project = tomllib.loads(Path(pyproject).read_text(encoding="utf-8"))["project"]
    sys.stdout.write(select(Path(lock).read_text(encoding="utf-8"), closure(project["dependencies"])))


if __name__ == "__main__":
    main(*sys.argv[1:])
