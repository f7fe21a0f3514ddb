"""Rules: every step says by which rows it was decided, and none by two versions of a rule set."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import col

from audit.evidence import Evidence, stream
from audit.report import Outcome
from store.tables import OrderEventRow

_RULE = re.compile(r"(\w+)@([0-9a-f]{8})/(.+)")


async def rules_unmixed(evidence: Evidence) -> Outcome:
    """Each rule set decided in one version within a step, and the row is named."""
    seen = Outcome()
    event = OrderEventRow
    statement = select(col(event.order_id), col(event.step), col(event.rules)).where(col(event.rules).is_not(None))
    async with evidence.snapshot() as tx:
        async for oid, step, rules in stream(tx, statement.order_by(col(event.seq))):
            seen.looked_at += 1
            if fault := _fault(rules):
                seen.find(oid, f"step {step} {fault}")
    return seen


def _fault(rules: Sequence[str]) -> str:
    versions: dict[str, str] = {}
    for rule in rules:
        named = _RULE.fullmatch(rule)
        if named is None:
            return f"was decided by {rule!r}, which names no version and row"
        name, version, _ = named.groups()
        if versions.setdefault(name, version) != version:
            return f"was decided by two versions of {name}: {versions[name]} and {version}"
    return ""
