"""Approvals: no order passed the review without everybody whom the table in force demanded."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlmodel import col

from audit.evidence import Evidence, stream
from audit.report import Outcome
from store.tables import ApprovalRequestRow, ApprovalRow, OrderEventRow, RuleVersionRow

_RULE = re.compile(r"approvals@([0-9a-f]{8})/(.+)")


async def approvals_given(evidence: Evidence) -> Outcome:
    """For each row of the table that the last review before RISK_PASSED came to: one decision that agrees, or one of
    each role, to at least what the order cost."""
    seen = Outcome()
    async with evidence.snapshot() as tx:
        rows = await _contents(tx)
        agreed = await _agreed(tx)
        for oid, (fen, rules) in (await _reviewed(tx)).items():
            for rule in rules:
                seen.looked_at += 1
                if fault := _fault(rule, rows, agreed[oid], fen):
                    seen.find(oid, fault)
    return seen


async def _reviewed(tx: Any) -> dict[str, tuple[int, list[str]]]:
    """What each order cost that passed, and the rows that its last review before that came to."""
    event = OrderEventRow
    wanted = or_(col(event.step).like("accept/%"), col(event.step) == "pass_review")
    query = select(col(event.order_id), col(event.step), col(event.result), col(event.rules)).where(wanted)
    last: dict[str, tuple[int, list[str]]] = {}
    passed: dict[str, tuple[int, list[str]]] = {}
    async for oid, step, result, rules in stream(tx, query.order_by(col(event.seq))):
        if step != "pass_review":
            named = [rule for rule in rules or () if _RULE.fullmatch(rule)]
            last.pop(oid, None)
            if named:
                last[oid] = (int(result["amount_fen"]), named)
        elif oid in last:
            passed[oid] = last[oid]
    return passed


async def _agreed(tx: Any) -> Mapping[str, dict[tuple[str, str], int]]:
    """Up to which amount each role has agreed, by order, row and role: by the last decision about each question."""
    asked, said = ApprovalRequestRow, ApprovalRow
    columns: list[Any] = [asked.order_id, asked.n, asked.row, asked.role, said.verdict, said.amount_fen]
    query = select(*columns).join(said, (col(said.order_id) == col(asked.order_id)) & (col(said.n) == col(asked.n)))
    last: dict[tuple[str, int], tuple[str, str, str, int]] = {}
    async for oid, n, row, role, verdict, fen in stream(tx, query.order_by(col(said.seq))):
        last[oid, n] = (row, role, verdict, fen)
    found: defaultdict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    for (oid, _), (row, role, verdict, fen) in last.items():
        if verdict == "approve":
            found[oid][row, role] = max(found[oid].get((row, role), 0), fen)
    return found


async def _contents(tx: Any) -> dict[str, tuple[list[str], str]]:
    """The roles and the mode of every row of every version that there was, by the name under which it decides."""
    table = RuleVersionRow
    found: dict[str, tuple[list[str], str]] = {}
    query = select(col(table.version), col(table.content)).where(col(table.name) == "approvals")
    async for version, content in stream(tx, query):
        for node in content.get("nodes", ()):
            for row in node.get("content", {}).get("rules", ()) if node.get("type") == "decisionTableNode" else ():
                name = f"approvals@{version}/{row['_id']}"
                found[name] = (str(json.loads(row["who"])).split(), str(json.loads(row["mode"])))
    return found


def _fault(
    rule: str, rows: Mapping[str, tuple[Sequence[str], str]], agreed: Mapping[tuple[str, str], int], fen: int
) -> str:
    name = rule.rpartition("/")[2]
    roles, mode = rows.get(rule, (None, "any"))
    enough = {role for (row, role), upto in agreed.items() if row == name and upto >= fen}
    if roles is None:
        return "" if enough else f"passed, though nobody approved what {rule} demands"
    lacking = sorted(set(roles) - enough)
    if (mode == "any" and len(lacking) < len(set(roles))) or not lacking:
        return ""
    return f"passed, though {rule} demands the approval of {', '.join(lacking)}"
