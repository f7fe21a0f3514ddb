"""The staff API of declarations."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from domain.clock import utc_now
from domain.declaring import Judged, Missing, Standing
from domain.order import Declaration
from gateway.app import create_app
from gateway.deps import Gateway
from store import declarations
from store.database import Database
from store.orders import origin, take
from tests.gateway.house import Orders, client_of
from tests.store.samples import index_row, order
from workflows.contracts import DeclarationSupply, Outcome

ORDER = "own:main:SO1"
PATH = f"/api/v1/staff/orders/{ORDER}"


@pytest.fixture
async def staff(gateway: Gateway, database: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with database.transaction() as tx:
        await take(tx, order(declaration=Declaration(destination="US")))
        await declarations.keep(tx, ORDER, Judged("US", Standing.INCOMPLETE, (Missing("invoice_no"),)))
    async with client_of(create_app(gateway), headers={"authorization": "Bearer token-of-wei"}) as http:
        yield http


async def test_the_queue_names_what_is_missing(staff: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/v1/staff/declarations")).status_code == 401
    (one,) = (await staff.get("/api/v1/staff/declarations")).json()["declarations"]
    assert (one["order_id"], one["destination"], one["status_text"]) == (ORDER, "US", "待补全")
    assert one["missing"] == [
        {"field": "invoice_no", "name": "商业发票号", "line_no": "", "why": "missing", "text": "缺商业发票号"}
    ]
    assert (await staff.get("/api/v1/staff/declarations?blocked=true")).json() == {"declarations": []}


async def test_what_is_supplied_goes_to_the_order_by_its_number(
    staff: httpx.AsyncClient, orders: Orders, database: Database
) -> None:
    orders.answer = Outcome(True, "申报资料已补全")
    for _ in range(2):
        answer = await staff.post(f"{PATH}/declaration", json={"fields": {"invoice_no": " I1 "}})
        assert (answer.status_code, answer.json()["text"]) == (200, "申报资料已补全")
    assert orders.asked == [(ORDER, "supply_declaration", DeclarationSupply(1, "wei"))] * 2
    async with database.transaction() as tx:
        await declarations.take(tx, ORDER, 1)
        assert (await declarations.supplied(tx, ORDER)).fields == {"invoice_no": "I1"}


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({}, 409, "没有给出"),
        ({"fields": {"ioss_no": "1"}}, 409, "IOSS 号格式不对"),
        ({"fields": {"secret": "1"}}, 409, "没有这个申报字段"),
        ({"lines": {"9": {"hs_code": "691110"}}}, 409, "没有第 9 行"),
        ({"fields": {"X Y": "1"}}, 422, ""),
        ({"more": 1}, 422, ""),
    ],
)
async def test_what_cannot_be_right_is_refused_in_words(
    staff: httpx.AsyncClient, orders: Orders, body: dict[str, object], status: int, words: str
) -> None:
    answer = await staff.post(f"{PATH}/declaration", json=body)
    assert answer.status_code == status
    assert words in answer.text
    assert orders.asked == []


async def test_an_order_that_something_stops_is_reviewed_again(staff: httpx.AsyncClient, database: Database) -> None:
    assert (await staff.post(f"{PATH}/review")).status_code == 409
    async with database.transaction() as tx:
        row = await index_row(tx, ORDER)
        row.started_at, row.holds = utc_now(), ["RISK"]
    assert (await staff.post(f"{PATH}/review")).status_code == 200
    async with database.transaction() as tx:
        row = await index_row(tx, ORDER)
        assert (row.revision, row.signalled_revision, await origin(tx, ORDER, 2)) == (2, 0, "review")
    for path in ("declaration", "review"):
        answer = await staff.post(f"/api/v1/staff/orders/own:main:NONE/{path}", json={"fields": {"way": "x"}})
        assert answer.status_code == 404
