"""The audit reads the real sandbox's books, and knows a receiver again behind the real wire."""

from __future__ import annotations

import httpx
import pytest

from audit.books import Books
from audit.facts import body_fact
from connectors.douyin.orders import to_order
from connectors.qimen.requests import create_body
from connectors.rest import Caller
from connectors.rest.intake import read_orders
from domain.clock import utc_now
from domain.order import Channel, ClearReceiver, Order, Requirement
from domain.shipping import Carrier, DeliveryOrder, WarehouseLine
from sandbox.app import create_app
from sandbox.douyin.orders import detail
from sandbox.qimen.deliveries import read_delivery
from sandbox.qimen.xml import read
from tests.audit.clean import CIPHER, CLEAR, COLD, DOUYIN
from tests.connectors.qimen.conftest import SETTINGS as QIMEN
from tests.sandbox.stage import make_settings
from tests.sandbox.town import draft, town


async def test_the_sandboxs_books_are_as_documented() -> None:
    app = create_app(make_settings())
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox.test") as http:
            books = Books.model_validate((await http.get("/books")).json())
    assert books.own.orders == []


async def test_an_order_of_the_own_shop_is_known_again() -> None:
    async with town() as place:
        await place.control("/orders", [draft()])
        [book] = place.own.book()["orders"]
        document = place.own._orders[book["order_no"]].latest
    [taken] = read_orders(httpx.Request("POST", "http://hub.test", json=document).content, Caller(Channel.OWN, "main"))
    assert isinstance(taken, Order)
    body = body_fact(taken, 1, "channel")
    assert (body.channel_digest, body.paid_fen) == (book["receiver_digest"], book["paid_fen"])
    assert {*body.requirements} == {*book["requirements"]} == {Requirement.COLD_CHAIN}


async def test_an_order_of_douyin_is_known_again() -> None:
    async with town() as place:
        await place.control("/orders", [draft(channel="douyin")])
        [book] = place.douyin.book()["orders"]
        shown = detail(place.douyin._orders[book["order_no"]], place.douyin.shop)
    body = body_fact(to_order(shown, book["shop"], book["order_no"]), 1, "channel")
    assert (body.channel_digest, body.paid_fen) == (book["receiver_digest"], book["paid_fen"])
    assert {*body.requirements} == {*book["requirements"]} == {Requirement.COLD_CHAIN}


@pytest.mark.parametrize(
    "told",
    [
        CLEAR,
        COLD,
        DOUYIN,
        DOUYIN.model_copy(update={"receiver": CIPHER.model_copy(update={"detail_mask": "某路*号"})}),
        CLEAR.model_copy(
            update={"receiver": ClearReceiver(name=" 甲 ", phone="1 ", region=CIPHER.region, detail="3#楼\n")}
        ),
    ],
)
def test_the_warehouse_is_told_the_receiver_that_the_audit_expects(told: Order) -> None:
    instruction = DeliveryOrder(
        code="D1",
        order_id=told.order_id,
        channel=Channel(told.channel),
        shop=told.shop,
        channel_order_no=told.channel_order_no,
        placed_at=told.placed_at,
        paid_at=told.paid_at,
        carrier=Carrier.SF,
        receiver=told.receiver,
        lines=tuple(WarehouseLine(line.line_no, line.sku, line.title, line.quantity) for line in told.lines),
        requirements=told.notes.requirements,
    )
    xml = read(create_body(QIMEN, instruction, utc_now()))
    delivery = read_delivery(xml, (QIMEN.warehouse_code,), QIMEN.owner_code, "WMS1")
    assert delivery.receiver_digest == body_fact(told, 1, "channel").warehouse_digest
