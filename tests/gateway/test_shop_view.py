"""A shop asks what became of an order of its own."""

from __future__ import annotations

import time
from datetime import timedelta

import httpx
import pytest

from activities.promises import Due, keep_promises
from connectors.rest.signing import sign
from domain.order import Channel
from domain.tax import LineTax, Rate
from domain.warehouses import Warehouse
from store import taxes
from store.database import Database
from store.orders import take
from store.tables import OrderRow, ParcelRow, WaybillRow
from tests.connectors.rest import conftest as rest
from tests.store.samples import NOON, index_row, order, taken

PATH = "/api/v1/orders/SO1"


async def _ask(client: httpx.AsyncClient, path: str = PATH, shop: str = "main") -> httpx.Response:
    timestamp, nonce = str(int(time.time())), "0123456789abcdef"
    headers = {
        "x-orderhub-key": f"key-{shop}",
        "x-orderhub-timestamp": timestamp,
        "x-orderhub-nonce": nonce,
        "x-orderhub-signature": sign(rest.SECRETS[shop], "GET", path, timestamp, nonce, b""),
    }
    return await client.get(path, headers=headers)


async def test_its_state_its_parcels_and_what_is_promised(client: httpx.AsyncClient, database: Database) -> None:
    order_id = await taken(database)
    home = [Warehouse("HZ", province="浙江省", city="杭州市")]
    comes = NOON + timedelta(days=3)
    async with database.transaction() as tx:
        await keep_promises(tx, order(), [Due(1, "HZ", comes, "PO-7")], home, NOON)
    async with database.transaction() as tx:
        await keep_promises(tx, order(), [Due(1, "HZ")], home, NOON.replace(hour=17))
        (await index_row(tx, order_id)).state = "WAYBILL_RETURNED"
        await taxes.keep(tx, order_id, 1, [LineTax("1", Rate(130, "tax_rates@1/standard"), 4950, 0, 569)])
        items = [{"sku": "MUG", "quantity": 1, "line_no": "1"}]
        tx.add(
            ParcelRow(
                parcel_id=f"{order_id}#1", order_id=order_id, n=1, package_code="B1", items=items, status="numbered"
            )
        )
        tx.add(
            WaybillRow(
                key="k", order_id=order_id, parcel_id=f"{order_id}#1", provider="sf", carrier="SF", number="SF1",
                attempt=1, status="live", asked_at=NOON, updated_at=NOON,
            )
        )  # fmt: skip
    answer = await _ask(client)
    assert answer.status_code == 200
    assert answer.json() == {
        "order_no": "SO1",
        "order_id": "own:main:SO1",
        "version": 1,
        "status": "paid",
        "state": "WAYBILL_RETURNED",
        "state_text": "物流单号回传",
        "tax": {
            "tax_fen": 569,
            "net_fen": 4381,
            "revision": 1,
            "lines": [
                {"line_no": "1", "rate_permille": 130, "gross_fen": 4950, "freight_fen": 0, "tax_fen": 569},
            ],
        },
        "parcels": [
            {
                "parcel_no": "own:main:SO1#1",
                "consignment": 0,
                "status": "numbered",
                "carrier": "SF",
                "number": "SF1",
                "items": [{"sku": "MUG", "quantity": 1}],
            }
        ],
        "promises": [
            {
                "consignment": 1,
                "ship_by": "2026-03-02T23:59:00+08:00",
                "deliver_by": "2026-03-03T23:59:00+08:00",
                "why": ["现货", "过了截单时间 16:00，从 2026-03-02 起算", "同城，在途 1 天"],
                "promised_at": "2026-03-01T17:00:00+08:00",
                "before": [
                    {
                        "ship_by": "2026-03-04T23:59:00+08:00",
                        "deliver_by": "2026-03-05T23:59:00+08:00",
                        "why": ["等待到货，2026-03-04 到仓", "同城，在途 1 天"],
                        "promised_at": "2026-03-01T12:00:00+08:00",
                    }
                ],
            }
        ],
    }
    assert "PO-7" not in answer.text


async def test_what_was_called_off_is_promised_no_more(client: httpx.AsyncClient, database: Database) -> None:
    order_id = await taken(database)
    async with database.transaction() as tx:
        await keep_promises(tx, order(), [Due(1, "HZ")], [Warehouse("HZ")], NOON)
        row = await tx.get_one(OrderRow, order_id)
        row.exit = "CANCELLED"
        tx.add(row)
    answer = (await _ask(client)).json()
    assert (answer["state"], answer["promises"], answer["tax"]) == ("CANCELLED", [], None)


async def test_only_the_shop_itself_may_ask(client: httpx.AsyncClient, database: Database) -> None:
    await taken(database)
    assert (await client.get(PATH)).status_code == 401
    other = await _ask(client, shop="outlet")
    assert (other.status_code, other.json()) == (404, {"code": "ORDER_NOT_FOUND"})
    by_key = {"authorization": f"Bearer {rest.API_KEY}"}
    assert (await client.get(PATH, headers=by_key)).status_code == 404, "another channel's order of the same number"
    async with database.transaction() as tx:
        await take(tx, order("SO1", channel=Channel.B2B, shop="direct"))
    assert (await client.get(PATH, headers=by_key)).json()["order_id"] == "b2b:direct:SO1"


@pytest.mark.parametrize("path", ["/api/v1/orders/SO2", "/api/v1/orders/%E5%8D%951"])
async def test_an_order_that_is_not_here(client: httpx.AsyncClient, path: str) -> None:
    assert (await _ask(client, path)).status_code == 404


async def test_what_is_no_order_number(client: httpx.AsyncClient) -> None:
    assert (await _ask(client, "/api/v1/orders/a%20b")).status_code == 400
