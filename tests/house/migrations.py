"""The check that migrations are one chain: `python -m tests.house.migrations store/migrations/versions`.

Two branches that each add a migration merge without a conflict, and the database then has two newest schemas.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

_REVISION = re.compile(r"^revision = \"(.+)\"$", re.MULTILINE)
_BEFORE = re.compile(r"^down_revision = (?:\"(.+)\"|None)$", re.MULTILINE)


def check_folder(folder: Path) -> list[str]:
    """What is wrong with the revisions of a folder; empty when each but the last has one successor."""
    revisions, before = Counter[str](), Counter[str]()
    after: dict[str, str] = {}
    for path in folder.glob("r*.py"):
        source = path.read_text(encoding="utf-8")
        name, parent = _REVISION.search(source), _BEFORE.search(source)
        if name is None or parent is None:
            return [f"{path}: names no revision, or none before it"]
        revisions[name[1]] += 1
        before[parent[1] or "nothing"] += 1
        after[parent[1] or "nothing"] = name[1]
    findings = [f"{count} revisions are {name}" for name, count in revisions.items() if count > 1]
    findings += [
        f"{count} revisions come after {name}: let one come after the other"
        for name, count in before.items()
        if count > 1
    ]
    here, reached = "nothing", set[str]()
    while here in after and after[here] not in reached:
        here = after[here]
        reached.add(here)
    if not findings and (lost := sorted(set(revisions) - reached)):
        findings.append(f"no way leads from the first revision to {', '.join(lost)}")
    return findings


def main(folder: str) -> int:
    """Print the findings; 0 when there are none."""
    findings = check_folder(Path(folder))
    sys.stdout.writelines(f"{finding}\n" for finding in findings)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
