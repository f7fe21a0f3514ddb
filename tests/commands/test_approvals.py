"""`orderhub approvers` and `orderhub approvals` as a person calls them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from activities import contracts as c
from activities.approvals import ApprovalSteps
from activities.partners import HubConfig
from activities.review import ReviewSteps
from commands.approvals import open_ones, show
from commands.approvers import Given, away, keep, people, remove
from domain.clock import utc_now
from runtime.client import key_ring
from runtime.phones import Phones
from settings import Settings
from store.database import Database
from store.orders import take
from store.tables import ApproverRow
from tests.activities.test_approvals import LARGE, costs
from tests.commands.test_warehouses import _chinese_again, settings
from tests.store.samples import order

__all__ = ["_chinese_again", "settings"]

ORDER = "own:main:SO1"


def _said(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


async def test_who_may_approve(settings: Settings, database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    await people(settings, as_json=True)
    assert _said(capsys)["unfilled"] == ["general_manager", "sales_director", "technical_director"]
    given = Given("李", ["sales_director"], "13800000011")
    assert await keep(settings, "li", given, "root", as_json=True) == 0
    assert _said(capsys)["changed"] is True
    assert await keep(settings, "li", Given(deputy="wu"), "root", as_json=True) == 2
    assert await keep(settings, "wu", Given(roles=["general_manager"]), "root", as_json=True) == 0
    assert await keep(settings, "li", Given(deputy="wu"), "root", as_json=True) == 0
    assert await away(settings, "li", "2030-01-01 09:00", "root", as_json=True) == 0
    assert await away(settings, "li", "tomorrow", "root", as_json=True) == 2
    assert await remove(settings, "nobody", "root", as_json=True) == 2
    capsys.readouterr()
    await people(settings, as_json=True)
    listed = _said(capsys)
    assert listed["unfilled"] == ["technical_director"]
    assert listed["approvers"][0] == {
        "id": "li",
        "name": "李",
        "roles": ["sales_director"],
        "deputy": "wu",
        "absent_until": "2030-01-01T09:00:00+08:00",
        "phone": True,
        "removed": False,
    }
    assert await people(settings, as_json=False) == 0
    shown = capsys.readouterr()
    assert "销售总监" in shown.out
    assert "orderhub approvers add" in shown.err
    async with database.reading() as tx:
        row = await tx.get_one(ApproverRow, "li")
    assert Phones(key_ring(settings.encryption)).open(row.phone, "li") == "13800000011"


async def test_what_waits_and_what_was_decided(
    settings: Settings, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    await keep(settings, "li", Given(roles=["sales_director"]), "root", as_json=True)
    async with database.transaction() as tx:
        await take(tx, order("SO1", **costs(LARGE)))
    await ReviewSteps(database, 0).accept_order(c.OrderAt(ORDER, 1))
    steps = ApprovalSteps(database, HubConfig())
    await steps.chase_approvers(c.Chase(ORDER, utc_now()))
    await steps.decide_approval(c.Decision(ORDER, 1, "approve", "li", "sms", "可以", LARGE))
    capsys.readouterr()
    await open_ones(settings, as_json=True)
    assert [one["role"] for one in _said(capsys)["approvals"]] == ["technical_director"]
    await show(settings, ORDER, as_json=True)
    trail = _said(capsys)["approvals"]
    assert [(one["status"], [said["who"] for said in one["decisions"]]) for one in trail] == [
        ("approved", ["li"]),
        ("open", []),
    ]
    assert await open_ones(settings, as_json=False) == 0
    assert await show(settings, ORDER, as_json=False) == 0
    assert "68000.00" in capsys.readouterr().out
    assert await show(settings, "own:main:NONE", as_json=True) == 2
