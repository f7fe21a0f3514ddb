"""A third party's package: a till of its own make, as an implementation of the channel `pos`.

It stands here as it would stand in its own repository, importing nothing of these tests: its connector, its factory for
the entry point, and its case for the contract suite.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from connectors.contract import Call, Case, Pull, Pushes
from connectors.errors import DocumentUnreadable, Misconfigured, PushRefused, Rejected
from connectors.fields import as_int, as_mapping, dump_json, load_json, text_of
from connectors.plugins import Brought
from connectors.ports import Document, PulledPage, Push, Reply, TokenStore, Window
from connectors.transport import Limits, Line
from domain.clock import from_epoch_seconds
from domain.ids import order_id
from domain.news import News, OrderNews
from domain.order import Amounts, Channel, ChannelStatus, ClearReceiver, Customer, Order, OrderLine, Region
from domain.shipping import Carrier, Shipment

SECRET, SHOP, URL, PHONE = "made-up-secret-of-the-till", "corner", "https://till.test", "13800000000"
START = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(hours=1))
SHIPMENT = Shipment("pos:corner:T1#1", "T1", SHOP, Carrier.SF, "SF1000000000001", ("1",), whole_order=True)
LIMITS = Limits(timeout_s=5, per_second=1000, breaker_failures=1000)


class Till:
    """Ports `SalesChannel` and `PullSource`."""

    source = "pos"
    feed = "pos"
    channel = Channel.POS
    longest_window = timedelta(hours=1)
    overlap = timedelta(minutes=1)

    def __init__(self, url: str = URL, secret: str = SECRET) -> None:
        self.line = Line("pos", url, LIMITS)
        self.secret = secret

    @property
    def shops(self) -> Sequence[str]:
        return (SHOP,)

    def unpack(self, push: Push) -> Sequence[Document]:
        expected = hmac.new(self.secret.encode(), push.body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), push.headers.get("x-sign", "").encode("utf-8", "replace")):
            raise PushRefused(self.source, "x-sign does not match")
        try:
            return [self.document(load_json(push.body))]
        except ValueError:
            raise DocumentUnreadable(self.source, "no JSON") from None

    def document(self, value: Any) -> Document:
        text = dump_json(value)
        try:
            name, version = text_of(as_mapping(value, "order"), "order_no"), as_int(value.get("version"), "version")
            known: str | None = order_id(self.channel, SHOP, name)
        except ValueError:
            # It goes to quarantine alone, and its neighbours are taken.
            name, version, known = hashlib.sha256(text.encode()).hexdigest(), 0, None
        return Document(self.source, "order", name, version, text, known)

    def accepted(self, push: Push) -> Reply:
        return Reply(200, "text/plain", b"ok")

    def refused(self, push: Push, reason: str) -> Reply:
        return Reply(401, "text/plain", b"no")

    async def interpret(self, document: Document) -> Sequence[News]:
        try:
            sold = as_mapping(load_json(document.body), "order")
            fen, pieces = as_int(sold.get("fen"), "fen"), as_int(sold.get("pieces"), "pieces")
            order = Order(
                channel=self.channel,
                shop=SHOP,
                channel_order_no=text_of(sold, "order_no"),
                version=as_int(sold.get("version"), "version"),
                status=ChannelStatus.PAID,
                placed_at=from_epoch_seconds(as_int(sold.get("at"), "at")),
                paid_at=from_epoch_seconds(as_int(sold.get("at"), "at")),
                lines=(
                    OrderLine(
                        line_no="1",
                        sku="MUG-01",
                        title="马克杯",
                        quantity=pieces,
                        unit_price_fen=fen // pieces,
                        amount_fen=fen,
                    ),
                ),
                amounts=Amounts(goods_fen=fen, paid_fen=fen),
                receiver=ClearReceiver(name="测试", phone=PHONE, region=Region(province="浙江省"), detail="示例路1号"),
                customer=Customer(external_id="walk-in"),
            )
        except (ArithmeticError, ValueError, OSError):
            raise DocumentUnreadable(self.source, "no order of the till's") from None
        return [OrderNews(order)]

    async def write_back(self, shipment: Shipment) -> None:
        sent = {"key": self.key(shipment), "number": shipment.number, "phone": PHONE}
        await self.line.exchange(
            "write_back", "POST", "/shipments", self.told, writes=True, content=json.dumps(sent).encode()
        )

    def key(self, shipment: Shipment) -> str:
        return shipment.parcel_id

    def told(self, response: httpx.Response) -> None:
        answer = as_mapping(load_json(response.content), "answer")
        if code := as_int(answer.get("code"), "code"):
            raise Rejected("pos", "write_back", text_of(answer, "why"), str(code))

    async def pull(self, shop: str, window: Window, page: str | None) -> PulledPage:
        if shop not in self.shops:
            raise Misconfigured("pos", "pull", f"no shop {shop}")
        number = int(page or 1)
        span = {"from": str(int(window.start.timestamp())), "to": str(int(window.end.timestamp())), "page": str(number)}
        return await self.line.exchange(
            "pull", "GET", "/orders", lambda answer: self.page(answer, number), writes=False, params=span
        )

    def page(self, response: httpx.Response, number: int) -> PulledPage:
        answer = as_mapping(load_json(response.content), "answer")
        documents = tuple(self.document(row) for row in answer["rows"])
        return PulledPage(documents, str(number + 1) if answer["more"] else None)


def bring(given: Mapping[str, Any], tokens: TokenStore) -> Brought:
    """The factory that the entry point names."""
    till = Till(given["url"], given["secret"])
    return Brought(channels=[till], pulls=[till], close=till.line.close)


def sale(number: str) -> dict[str, Any]:
    """What the till tells of one sale."""
    return {"order_no": number, "version": 1, "fen": 9900, "pieces": 2, "at": int(START.timestamp())}


def peer(request: httpx.Request) -> httpx.Response:
    """The till's own server."""
    if request.method == "POST":
        return httpx.Response(200, json={"code": 0})
    number = int(request.url.params["page"])
    return httpx.Response(200, json={"rows": [sale(f"T{number}")], "more": number < 3})


def asked(request: httpx.Request) -> tuple[datetime, datetime] | None:
    if request.method != "GET":
        return None
    return tuple(from_epoch_seconds(int(request.url.params[name])) for name in ("from", "to"))  # type: ignore[return-value]


SALE = json.dumps(sale("T1")).encode()


def push(raw: bytes, secret: str = SECRET) -> Push:
    signature = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    return Push("POST", "/hooks/pos", "", {}, {"x-sign": signature}, raw, START)


def built(kind: type[Till]) -> Callable[..., AbstractAsyncContextManager[Till]]:
    @asynccontextmanager
    async def build(url: str = URL) -> AsyncIterator[Till]:
        made = kind(url)
        yield made
        await made.line.close()

    return build


def case(kind: type[Till] = Till, *, served: bool = False) -> Case[Till]:
    """The till's case, within the process or served at an address; `kind` may be a broken one."""
    return Case(
        name="corner-till",
        port="channel",
        build=built(kind),
        peer=peer,
        private=(SECRET, PHONE),
        calls=[
            Call(
                "write_back",
                lambda till: till.write_back(SHIPMENT),
                acts=lambda request: request.method == "POST",
                key=lambda request: json.loads(request.content)["key"],
                refusal=httpx.Response(200, text=f'{{"code": 7, "why": "call {PHONE}"}}'),
            )
        ],
        pushes=Pushes(genuine=[push(SALE)], forged=[push(SALE, "another")], sealed=push),
        served=served,
        pulls=[Pull(lambda till: till, SHOP, WINDOW, asked, peer)],
    )
