"""What runs beside an old system, over the staff API."""

from __future__ import annotations

import httpx

from domain.clock import utc_now
from store import orders, shadow_reports
from store.database import Database
from tests.gateway.house import STAFF
from tests.store.samples import order

PATH = "/api/v1/staff/shadows"
NAME, TOKEN = next(iter(STAFF.items()))
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


async def test_a_slice_is_switched_and_its_orders_are_nobodys_to_act_on(
    client: httpx.AsyncClient, database: Database
) -> None:
    wish = {"slice": "own/main", "why": "试运行"}
    for changed in (True, False):
        answer = await client.post(f"{PATH}/on", json=wish, headers=HEADERS)
        assert (answer.status_code, answer.json()["changed"]) == (200, changed)
    async with database.transaction() as tx:
        await orders.take(tx, order("SO1", placed_at=utc_now()))
    await shadow_reports.make(database, 1, utc_now())
    staff = "/api/v1/staff/orders/own:main:SO1"
    refused = await client.post(f"{staff}/cancel", json={"reason": "x"}, headers=HEADERS)
    assert (refused.status_code, "旧系统" in refused.json()["text"]) == (409, True)
    seen = (await client.get(staff, headers=HEADERS)).json()["shadow"]
    assert (seen["kinds"], seen["decision"], seen["did"]["status"]) == (["open"], None, "PAID")
    report = (await client.get(f"{PATH}/report", headers=HEADERS)).json()["reports"]
    assert [(one["slice"], one["counts"]["open"]) for one in report] == [("own/main", 1)]
    page = (await client.get(f"{PATH}/orders", params={"kind": "open", "of": "own"}, headers=HEADERS)).json()
    assert ([one["order_id"] for one in page["orders"]], page["after"]) == (["own:main:SO1"], "")
    answer = await client.post(f"{PATH}/off", json=wish, headers=HEADERS)
    assert answer.json()["old_systems_not_shipped"] == 1
    [listed] = (await client.get(PATH, headers=HEADERS)).json()["slices"]
    assert (listed["slice"], listed["shadow"], listed["by"]) == ("own/main", False, NAME)


async def test_what_is_no_slice_is_refused(client: httpx.AsyncClient) -> None:
    assert (await client.get(PATH)).status_code == 401
    for slice_, status in (("tiktok", 422), ("warehouse/NOWHERE", 404)):
        answer = await client.post(f"{PATH}/on", json={"slice": slice_, "why": "x"}, headers=HEADERS)
        assert answer.status_code == status
    answer = await client.get(f"{PATH}/orders", params={"kind": "open", "after": "x"}, headers=HEADERS)
    assert answer.status_code == 422
