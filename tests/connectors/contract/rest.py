"""Shops of the REST protocol under the contract: one case for each of the channels that speak it.

What they push comes by a door of its own (`RestDoor`), so that nothing comes by the hooks.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
from pydantic import SecretStr

from connectors.contract import Call, Case, Pull
from connectors.ports import Document, Window
from connectors.rest import RestChannel, RestSettings, ShopAccount
from connectors.rest.documents import SOURCES
from domain.order import Channel
from tests.connectors.contract.peers import PHONE, figure
from tests.connectors.contract.peers import body as sent_body
from tests.connectors.rest.conftest import LIMITS, order_json, shipment

START = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(hours=24))
SECRET = "made-up-secret-of-a-shop"
SHOP = "main"


def built(channel: Channel) -> Callable[[], AbstractAsyncContextManager[RestChannel]]:
    @asynccontextmanager
    async def build() -> AsyncIterator[RestChannel]:
        secret, url = SecretStr(SECRET), "https://shop.test/app"
        account = ShopAccount(key_id="k", secret=secret, base_url=url, pull=True, stock=True)
        limits = LIMITS.model_copy(update={"per_second": 1000.0})
        made = RestChannel(channel, RestSettings(shops={SHOP: account}, limits=limits))
        yield made
        await made.close()

    return build


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def asked(request: httpx.Request) -> tuple[datetime, datetime] | None:
    if request.method != "GET":
        return None
    return moment(request.url.params["modified_from"]), moment(request.url.params["modified_to"])


def case(channel: Channel) -> Case[RestChannel]:
    def peer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(200, json={"code": 0})
        number = int(request.url.params["page"])
        order = order_json(shop=SHOP, channel=channel.value, order_no=f"SO{number}")
        return httpx.Response(200, json={"orders": [order], "has_more": number < 3})

    source = SOURCES[channel]
    return Case(
        name=f"rest-{source}",
        port="channel",
        build=built(channel),
        peer=peer,
        private=(SECRET, PHONE, "示例路1号"),
        calls=[
            Call(
                "write_back",
                lambda shop: shop.write_back(replace(shipment(), shop=SHOP)),
                acts=lambda request: request.method == "POST",
                key=lambda request: sent_body(request)["parcel_no"],
                refusal=httpx.Response(409, json={"code": "PARCEL_HAS_OTHER_NUMBER", "message": f"电话{PHONE}"}),
            ),
            Call(
                "tell_stock",
                lambda shop: shop.tell_stock(figure(channel, SHOP, "", "MUG-01")),
                key=lambda request: (sent_body(request)["sku_id"], sent_body(request)["n"]),
                refusal=httpx.Response(404, json={"code": "SKU_NOT_FOUND", "message": f"电话{PHONE}"}),
            ),
        ],
        pulls=[Pull(lambda shop: shop, SHOP, WINDOW, asked, peer)],
        spoilt=[
            Document(source, kind, "x", 1, body) for kind in ("order", "cancel", "refund") for body in ("{}", "[]", "1")
        ],
    )


CASES = tuple(case(channel) for channel in (Channel.OWN, Channel.POS, Channel.B2B))
