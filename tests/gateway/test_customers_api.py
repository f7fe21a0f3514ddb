"""Customers' credit over the staff API."""

from __future__ import annotations

import httpx

from gateway.deps import Gateway
from store import credit_limits
from store.database import Database
from tests.gateway.house import STAFF
from tests.store.test_credit_limits import _leaves, _reserve, on_account

API = "/api/v1/staff/customers"
LAN, WEI = ({"Authorization": f"Bearer {token}"} for token in STAFF.values())


async def test_limits_are_set_by_finance_and_payments_booked_once(
    client: httpx.AsyncClient, gateway: Gateway, database: Database
) -> None:
    wish = {"limit_fen": 20_000, "why": "年度额度", "name": "示例公司"}
    assert (await client.put(f"{API}/b2b/C9/limit", json=wish, headers=WEI)).status_code == 403
    answer = await client.put(f"{API}/b2b/C9/limit", json=wish, headers=LAN)
    assert answer.json() == {"result": "done", "reviewed_again": []}
    one = on_account("SO1")
    await _reserve(database, one)
    await _leaves(database, one, 1)
    listed = (await client.get(API, headers=WEI)).json()["customers"]
    assert [(row["customer_id"], row["used_fen"], row["free_fen"]) for row in listed] == [("C9", 10_000, 10_000)]
    payment = {"amount_fen": 10_000, "key": "BANK-1"}
    for booked in (True, False):
        answer = await client.post(f"{API}/b2b/C9/payments", json=payment, headers=LAN)
        assert answer.json()["booked"] is booked
    more = await client.post(f"{API}/b2b/C9/payments", json={**payment, "key": "BANK-2"}, headers=LAN)
    assert more.status_code == 409
    assert (await client.post(f"{API}/b2b/C8/payments", json=payment, headers=LAN)).status_code == 404
    assert (await client.put(f"{API}/b2b/C9/limit", json={**wish, "limit_fen": -1}, headers=LAN)).status_code == 422
    entries = (await client.get(f"{API}/b2b/C9", headers=WEI)).json()["entries"]
    assert [row["kind"] for row in entries] == ["paid", "use", "reserve", "limit"]
    shown = (await client.get(f"/api/v1/staff/orders/{one.order_id}", headers=WEI)).json()["invoice_moments"]
    assert [(moment["amount_fen"], moment["terms"]) for moment in shown] == [(10_000, "NET30")]
    async with database.reading() as tx:
        assert [row.used_fen for row in await credit_limits.all_limits(tx)] == [0]
