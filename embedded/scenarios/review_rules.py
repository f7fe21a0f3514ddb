"""The rules that a review's demo publishes, as the people who own them would."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from embedded.scenarios.review_cast import METER
from rules import engine
from runtime.rule_desk import RuleDesk
from store.database import Database

_FIELDS, _PRICING = "extension_fields", "pricing"


async def open_rules(db: Database) -> None:
    """Prices are compared at the tills, and rangefinders must have their serial numbers."""
    await _publish(db, _PRICING, _prices_compared(), "门店核对实付")
    await _publish(db, _FIELDS, _serials_wanted(strict=False), "测距仪须有序列号")


async def stricter_rules(db: Database) -> None:
    """Cost centres are written in capitals from now on."""
    await _publish(db, _FIELDS, _serials_wanted(strict=True), "成本中心一律大写")


async def _publish(db: Database, name: str, document: dict[str, Any], why: str) -> None:
    desk = RuleDesk(db, "WH01")
    version, _ = await desk.draft(name, document, "demo", why, "demo")
    await desk.test(name, version, "demo")
    await desk.publish(name, version, "demo", why, None, None)


def _prices_compared() -> dict[str, Any]:
    document, rows = _table(_PRICING)
    off = next(row for row in rows if row["_id"] == "off")
    tills = {"_id": "tills", "_description": "门店", "channel": '"pos"', "row": '"tills"', "check": "true"}
    rows.insert(0, {**off, **tills})
    return document


def _serials_wanted(*, strict: bool) -> dict[str, Any]:
    document, rows = _table(_FIELDS)
    serials = next(row for row in rows if row["_id"] == "serials")
    wanted = {"_id": "meters", "sku": f'"{METER.sku}"', "row": '"meters"', "required": "true"}
    rows.insert(0, {**serials, **wanted})
    if strict:
        next(row for row in rows if row["_id"] == "cost_centre")["pattern"] = '"[0-9A-Z-]{1,20}"'
    return document


def _table(name: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A table as it was delivered, and its rows to be changed."""
    document = deepcopy(engine.default(name))
    [rows] = [node["content"]["rules"] for node in document["nodes"] if "content" in node]
    return document, rows
