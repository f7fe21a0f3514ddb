"""A courier, and a channel, of a third party: kept to the contract, and small enough to be broken in many ways."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from connectors.contract import Call, Case, Pull, Pushes
from connectors.errors import DocumentUnreadable, Misconfigured, PushRefused, Rejected
from connectors.fields import as_int, as_mapping, dump_json, load_json, text_of
from connectors.ports import Document, PulledPage, Push, Reply, Window
from connectors.transport import Limits, Line
from domain.clock import from_epoch_seconds
from domain.ids import order_id
from domain.news import CancelNews, News
from domain.order import Channel
from domain.shipping import Carrier, Shipment
from tests.connectors.contract.peers import PHONE, body

SECRET, SHOP, URL = "made-up-secret-of-the-till", "corner", "https://till.test"
START = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(hours=1))
SHIPMENT = Shipment("pos:corner:T1#1", "T1", SHOP, Carrier.SF, "SF1000000000001", ("1",), whole_order=True)
LIMITS = Limits(timeout_s=5, per_second=1000, breaker_failures=1000)


class Till:
    """A till that only ever cancels: ports `SalesChannel` and `PullSource`."""

    source = "pos"
    feed = "pos"
    channel = Channel.POS
    longest_window = timedelta(hours=1)
    overlap = timedelta(minutes=1)

    def __init__(self, url: str = URL) -> None:
        self.line = Line("pos", url, LIMITS)

    @property
    def shops(self) -> Sequence[str]:
        return (SHOP,)

    def unpack(self, push: Push) -> Sequence[Document]:
        expected = hmac.new(SECRET.encode(), push.body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), push.headers.get("x-sign", "").encode("utf-8", "replace")):
            raise PushRefused(self.source, "x-sign does not match")
        try:
            return [self.document(load_json(push.body))]
        except ValueError:
            raise DocumentUnreadable(self.source, "no JSON") from None

    def document(self, value: Any) -> Document:
        text = dump_json(value)
        return Document(self.source, "cancel", hashlib.sha256(text.encode()).hexdigest(), 0, text)

    def accepted(self, push: Push) -> Reply:
        return Reply(200, "text/plain", b"ok")

    def refused(self, push: Push, reason: str) -> Reply:
        return Reply(401, "text/plain", b"no")

    async def interpret(self, document: Document) -> Sequence[News]:
        try:
            number = text_of(as_mapping(load_json(document.body), "body"), "order_no")
            order_id(self.channel, SHOP, number)
        except ValueError as error:
            raise DocumentUnreadable(self.source, str(error)) from None
        return [CancelNews(self.channel, SHOP, number, "cancelled at the till")]

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


def peer(request: httpx.Request) -> httpx.Response:
    if request.method == "POST":
        return httpx.Response(200, json={"code": 0})
    number = int(request.url.params["page"])
    return httpx.Response(200, json={"rows": [{"order_no": f"T{number}"}], "more": number < 3})


def asked(request: httpx.Request) -> tuple[datetime, datetime] | None:
    if request.method != "GET":
        return None
    return tuple(from_epoch_seconds(int(request.url.params[name])) for name in ("from", "to"))  # type: ignore[return-value]


def push(raw: bytes, secret: str = SECRET) -> Push:
    signature = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    return Push("POST", "/hooks/pos", "", {}, {"x-sign": signature}, raw, START)


def built(kind: type[Till]) -> Callable[[], AbstractAsyncContextManager[Till]]:
    @asynccontextmanager
    async def build() -> AsyncIterator[Till]:
        made = kind()
        yield made
        await made.line.close()

    return build


def case(kind: type[Till] = Till) -> Case[Till]:
    """The till's case; `kind` may be a broken one."""
    return Case(
        name="toy",
        port="channel",
        build=built(kind),
        peer=peer,
        private=(SECRET, PHONE),
        calls=[
            Call(
                "write_back",
                lambda till: till.write_back(SHIPMENT),
                acts=lambda request: request.method == "POST",
                key=lambda request: body(request)["key"],
                refusal=httpx.Response(200, text=f'{{"code": 7, "why": "call {PHONE}"}}'),
            )
        ],
        pushes=Pushes(
            genuine=[push(b'{"order_no": "T1"}')], forged=[push(b'{"order_no": "T1"}', "another")], sealed=push
        ),
        pulls=[Pull(lambda till: till, SHOP, WINDOW, asked, peer)],
    )
