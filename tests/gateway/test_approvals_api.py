"""Approvals over the staff API."""

from __future__ import annotations

import httpx
import pytest

from activities import contracts as c
from activities.review import ReviewSteps
from gateway.deps import Gateway
from runtime.phones import Phones
from store import approvals, approvers
from store.approvers import Changes
from store.database import Database
from store.orders import take
from store.tables import ApproverRow
from tests.activities.test_approvals import LARGE, costs
from tests.gateway.house import STAFF, Orders, new_ring
from tests.store.samples import order
from workflows.contracts import Decide

ORDER = "own:main:SO1"
API = "/api/v1/staff"
LAN, WEI = ({"Authorization": f"Bearer {token}"} for token in STAFF.values())


@pytest.fixture
async def asked(database: Database) -> None:
    """An order that asks lan and somebody who is not there."""
    async with database.transaction() as tx:
        await approvers.put(tx, "lan", Changes(roles=("sales_director",)), "test")
        await take(tx, order("SO1", **costs(LARGE)))
    await ReviewSteps(database, 0).accept_order(c.OrderAt(ORDER, 1))


@pytest.mark.usefixtures("asked")
async def test_what_waits_and_the_trail(client: httpx.AsyncClient) -> None:
    listed = (await client.get(f"{API}/approvals", headers=LAN)).json()["approvals"]
    assert [(one["order_id"], one["n"], one["role"], one["asked"]) for one in listed] == [
        (ORDER, 1, "sales_director", ["lan"]),
        (ORDER, 2, "technical_director", []),
    ]
    shown = (await client.get(f"{API}/orders/{ORDER}", headers=LAN)).json()["approvals"]
    assert [one["status_text"] for one in shown] == ["待审批", "待审批"]
    assert shown == (await client.get(f"{API}/orders/{ORDER}/approvals", headers=LAN)).json()["approvals"]
    assert (await client.get(f"{API}/approvals")).status_code == 401


async def test_a_decision_is_made_under_the_name_of_the_token(client: httpx.AsyncClient, orders: Orders) -> None:
    wish = {"verdict": "approve", "amount_fen": LARGE, "why": "可以"}
    answer = await client.post(f"{API}/orders/{ORDER}/approvals/1", json=wish, headers=LAN)
    assert answer.status_code == 200
    assert orders.asked == [(ORDER, "approve", Decide(1, "approve", "lan", "api", "可以", LARGE))]
    bad = await client.post(f"{API}/orders/{ORDER}/approvals/1", json={**wish, "verdict": "yes"}, headers=LAN)
    assert bad.status_code == 422


@pytest.mark.usefixtures("asked")
async def test_a_link_for_oneself(client: httpx.AsyncClient, database: Database) -> None:
    assert (await client.post(f"{API}/orders/{ORDER}/approvals/2/link", headers=LAN)).status_code == 409
    assert (await client.post(f"{API}/orders/{ORDER}/approvals/9/link", headers=LAN)).status_code == 404
    assert (await client.post(f"{API}/orders/own:main:NONE/approvals/1/link", headers=LAN)).status_code == 404
    made = (await client.post(f"{API}/orders/{ORDER}/approvals/1/link", headers=LAN)).json()
    async with database.reading() as tx:
        link = await approvals.link_by_code(tx, made["path"].removeprefix("/a/"))
        assert link is not None
        assert (link.approver, link.way, link.request) == ("lan", "console", 1)
        assert await approvals.untold_links(tx, ORDER) == [], "nobody is sent an SMS for it"


async def test_approvers_are_kept_by_others_and_their_phones_sealed(
    client: httpx.AsyncClient, gateway: Gateway, database: Database
) -> None:
    phones = Phones(new_ring())
    client._transport.app.state.gateway = gateway.__class__(**{**vars(gateway), "phones": phones})  # type: ignore[attr-defined]
    person = {"name": "魏", "roles": ["technical_director"], "phone": "13800000013"}
    assert (await client.put(f"{API}/approvers/lan", json=person, headers=LAN)).status_code == 409
    assert (await client.put(f"{API}/approvers/lan", json=person, headers=WEI)).status_code == 403
    assert (await client.put(f"{API}/approvers/wei", json=person, headers=LAN)).json()["changed"] is True
    assert (await client.put(f"{API}/approvers/lan", json={"deputy": "wei"}, headers=LAN)).status_code == 200
    assert (await client.put(f"{API}/approvers/lan", json={"deputy": "nobody"}, headers=LAN)).status_code == 409
    assert (await client.put(f"{API}/approvers/x", json={"phone": "12"}, headers=LAN)).status_code == 422
    until = "2030-01-01T09:00:00+08:00"
    assert (await client.post(f"{API}/approvers/wei/absence", json={"until": until}, headers=WEI)).status_code == 200
    assert (await client.post(f"{API}/approvers/no/absence", json={"until": until}, headers=LAN)).status_code == 404
    assert (await client.post(f"{API}/approvers/lan/absence", json={"until": until}, headers=WEI)).status_code == 403
    listed = (await client.get(f"{API}/approvers", headers=LAN)).json()["approvers"]
    assert listed[1] == {
        "id": "wei",
        "name": "魏",
        "roles": ["technical_director"],
        "deputy": "",
        "absent_until": until,
        "phone": True,
        "removed": False,
    }
    assert (await client.delete(f"{API}/approvers/wei", headers=LAN)).status_code == 200
    async with database.reading() as tx:
        row = await tx.get_one(ApproverRow, "wei")
        assert "13800000013" not in row.phone
        assert phones.open(row.phone, "wei") == "13800000013"
        assert [(one.by, one.facts["removed"]) for one in await approvers.changes_of(tx, "wei")] == [
            ("lan", False),
            ("wei", False),
            ("lan", True),
        ]
