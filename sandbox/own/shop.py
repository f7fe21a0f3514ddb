"""A shop that speaks orderhub's REST protocol: its orders and refunds, what it sent of them, and the shipments told."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from domain.clock import utc_now
from domain.shipping import Carrier
from sandbox.drafts import Draft, DraftReceiver
from sandbox.listings import Listings, tell
from sandbox.own.answers import Rejections, all_answered
from sandbox.own.document import Document, cancelled, changed, document, paid
from sandbox.own.orders import Parcel, Shipment, ShopOrder, modified_between
from sandbox.own.refunds import ShopRefunds
from sandbox.own.signing import objection, signed_headers
from sandbox.refunds import Verdict
from sandbox.settings import RestShopSettings
from sandbox.world import Book, PushRequest, World

_BATCH = 50
_PAGE = 50
_ORDERS_PATH, _REFUNDS_PATH = "/api/v1/orders", "/api/v1/refunds"

RestChannel = Literal["own", "pos", "b2b"]
_NUMBER_HEADS: dict[RestChannel, str] = {"own": "SO", "pos": "POS", "b2b": "BO"}


class _Ask(BaseModel):
    """Which page of which changes orderhub asks for."""

    modified_from: AwareDatetime
    modified_to: AwareDatetime
    page: int = Field(ge=1)


class _Figure(BaseModel):
    """How many pieces of a listing may be sold."""

    sku: str
    sku_id: str
    quantity: int = Field(ge=0)
    n: int


@dataclass
class _Counts:
    duplicates_sent: int = 0
    stale_sent: int = 0
    rejected: Rejections = field(default_factory=dict)


class RestShop:
    """One shop. It holds the truth about its orders, re-sends each until orderhub took it, and can be asked for them.

    With an API key its pushes carry that in place of a signature; what it is told must be signed all the same.
    """

    def __init__(self, world: World, name: RestChannel, settings: RestShopSettings) -> None:
        self.name: str = name
        self._world = world
        self._settings = settings
        self._orders: dict[str, ShopOrder] = {}
        self._parcels: dict[str, Parcel] = {}
        self._counts = _Counts()
        self.listings = Listings()
        self._stock_n: dict[str, int] = {}
        # the moment of the start keeps numbers apart from those of an earlier run against the same hub
        self._number_head = f"{_NUMBER_HEADS[name]}{utc_now():%y%m%d%H%M%S}"
        self._numbered = 0
        self._refunds = ShopRefunds(name, settings.shop, lambda: f"RF{self.new_order_no()}")

    @property
    def shop(self) -> str:
        """The shop's name."""
        return self._settings.shop

    def new_order_no(self) -> str:
        """A number for the next order."""
        self._numbered += 1
        return f"{self._number_head}{self._numbered:06d}"

    def has(self, order_no: str) -> bool:
        """Whether there is an order of that number."""
        return order_no in self._orders

    def place(self, drafts: Sequence[Draft]) -> None:
        """Take orders and send them, up to 50 at a time. Every draft has its number, and none is taken yet."""
        documents = []
        for draft in drafts:
            assert draft.order_no is not None
            first = {"channel": self.name, **document(draft, self.shop, draft.order_no)}
            self._orders[draft.order_no] = ShopOrder(draft, [first], status=first["status"])
            documents.append(first)
        for start in range(0, len(documents), _BATCH):
            self._send(documents[start : start + _BATCH])

    def change(
        self, order_no: str, buyer_note: str | None, receiver: DraftReceiver | None, seller_note: str | None = None
    ) -> int:
        """Change an order and send its new version, whose number it returns. Raises KeyError."""
        order = self._orders[order_no]
        order.versions.append(changed(order.latest, buyer_note, receiver, seller_note))
        order.modified.append(utc_now())
        self._send([order.latest])
        return len(order.versions)

    def pay(self, order_no: str) -> None:
        """The money for an order comes. Raises KeyError, and ValueError for one that does not wait for it."""
        order = self._orders[order_no]
        if order.status != "unpaid":
            raise ValueError(f"too late: the order is {order.status}")
        order.status = "paid"
        order.versions.append(paid(order.latest, utc_now()))
        order.modified.append(utc_now())
        self._send([order.latest])

    def change_address(self, order_no: str, receiver: DraftReceiver) -> None:
        """The buyer changes the receiver. Raises KeyError."""
        self.change(order_no, None, receiver)

    def remark(self, order_no: str, words: str) -> None:
        """The shop's staff write a remark. Raises KeyError."""
        self.change(order_no, None, None, words)

    def touch(self, order_no: str) -> None:
        """Mark an order as modified without changing it, and send it again. Raises KeyError."""
        order = self._orders[order_no]
        order.modified.append(utc_now())
        self.resend(order_no, len(order.versions))

    def resend(self, order_no: str, version: int) -> None:
        """Send a version again that was sent before, the current one or an older. Raises KeyError."""
        order = self._orders[order_no]
        if not 1 <= version <= len(order.versions):
            raise KeyError(version)
        if version == len(order.versions):
            self._counts.duplicates_sent += 1
        else:
            self._counts.stale_sent += 1
        self._send([order.versions[version - 1]])

    def cancel(self, order_no: str, reason: str = "不想要了") -> None:
        """Ask orderhub to cancel an order. What comes of it stands in orderhub only. Raises KeyError."""
        self._orders[order_no].cancel_asked = True
        body = _json({"shop": self.shop, "reason": reason})
        build = self._request(f"{_ORDERS_PATH}/{order_no}/cancel", body)
        self._world.push(self.name, "cancel", build, lambda response: response.status_code == 202)

    def refund(self, order_no: str, line: int | None, amount_fen: int | None) -> str:
        """The buyer applies for a refund; its id. Raises KeyError, and ValueError for what cannot be refunded."""
        asked = self._refunds.apply(self._orders[order_no], line, amount_fen)
        self._send_refund(asked)
        return str(asked["refund_id"])

    def settle(self, refund_id: str, verdict: Verdict) -> None:
        """What becomes of a refund. An order of which nothing has left and nothing is left is cancelled with it.

        Raises KeyError, and ValueError for one that was decided before.
        """
        order = self._orders[self._refunds.order_no(refund_id)]
        self._send_refund(self._refunds.settle(refund_id, verdict))
        if verdict is Verdict.APPROVE and self._refunds.undoes(order):
            order.status = "cancelled"
            order.versions.append(cancelled(order.latest))
            order.modified.append(utc_now())
            self._send([order.latest])

    def router(self) -> APIRouter:
        """`POST /orderhub/shipments`, `POST /orderhub/stock` and `GET /orderhub/orders`."""
        router = APIRouter()

        @router.post("/orderhub/shipments")
        async def shipments(request: Request) -> Response:
            """Take one parcel's number."""
            body = await request.body()
            return await self._answer("shipments", lambda: self._shipment(request, body))

        @router.get("/orderhub/orders")
        async def orders(request: Request) -> Response:
            """List what was changed."""
            return await self._answer("pull", lambda: self._list(request))

        @router.post("/orderhub/stock")
        async def stock(request: Request) -> Response:
            """Take how many pieces of an article may be sold."""
            body = await request.body()
            return await self._answer("stock", lambda: self._stock(request, body))

        return router

    def book(self) -> Book:
        """The orders, the refunds, the shipments told, and what orderhub did not want."""
        return {
            "orders": [order.book(self.shop) for order in self._orders.values()],
            "refunds": self._refunds.book(),
            "shipments": [parcel.book() for parcel in self._parcels.values()],
            "stock": self.listings.book(),
            "rejected": list(self._counts.rejected.values()),
            "duplicates_sent": self._counts.duplicates_sent,
            "stale_sent": self._counts.stale_sent,
        }

    def _send(self, documents: Sequence[Document]) -> None:
        body = _json(documents[0] if len(documents) == 1 else {"orders": documents})
        versions = {str(entry["order_no"]): int(entry["version"]) for entry in documents}
        request = self._request(_ORDERS_PATH, body)

        def build() -> PushRequest:
            for order_no in versions:
                self._orders[order_no].sent += 1
            return request()

        rejected = self._counts.rejected
        self._world.push(self.name, "orders", build, lambda response: all_answered(response, versions, rejected))

    def _send_refund(self, entry: Document) -> None:
        versions = {str(entry["refund_id"]): int(entry["version"])}
        rejected = self._counts.rejected
        self._world.push(
            self.name,
            "refunds",
            self._request(_REFUNDS_PATH, _json(entry)),
            lambda response: all_answered(response, versions, rejected, "refund_id"),
        )

    def _request(self, path: str, body: bytes) -> Callable[[], PushRequest]:
        """How each try of one push is made: proved anew, under the one idempotency key of all tries."""
        settings = self._settings
        again = {"Idempotency-Key": uuid.uuid4().hex} if settings.idempotency_keys else {}

        def build() -> PushRequest:
            if api_key := settings.api_key.get_secret_value():
                bearer = f"Bearer {api_key}"
                proof = {"Content-Type": "application/json", "Authorization": bearer}
            else:
                proof = signed_headers(settings.key_id, settings.secret.get_secret_value(), "POST", path, body)
            return PushRequest(path, body, proof | again)

        return build

    async def _answer(self, operation: str, handle: Callable[[], Response]) -> Response:
        return await self._world.answer(
            self.name,
            operation,
            handle,
            system_error=lambda: _reply(500, code="INTERNAL", message="internal error"),
            throttled=lambda: Response(status_code=429, headers={"Retry-After": "1"}),
        )

    def _objection(self, request: Request, body: bytes) -> Response | None:
        secret = self._settings.secret.get_secret_value()
        path = request.url.path
        refused = objection(request.headers, self._settings.key_id, secret, request.method, path, body)
        return _reply(401, code="UNAUTHORIZED", message=refused) if refused else None

    def _list(self, request: Request) -> Response:
        refused = self._objection(request, b"")
        if refused is not None:
            return refused
        try:
            ask = _Ask.model_validate(dict(request.query_params))
        except ValidationError as error:
            return _invalid(error)
        page = slice((ask.page - 1) * _PAGE, ask.page * _PAGE)
        orders = modified_between(self._orders.values(), ask.modified_from, ask.modified_to)
        refunds = self._refunds.changed_between(ask.modified_from, ask.modified_to)
        listed = {"orders": [order.latest for order in orders[page]], "refunds": refunds[page]}
        return JSONResponse({**listed, "has_more": max(len(orders), len(refunds)) > page.stop})

    def _shipment(self, request: Request, body: bytes) -> Response:
        refused = self._objection(request, body)
        if refused is not None:
            return refused
        try:
            shipment = Shipment.model_validate_json(body)
        except ValidationError as error:
            return _invalid(error)
        order = self._orders.get(shipment.order_no)
        if order is None:
            return _reply(404, code="ORDER_NOT_FOUND")
        if shipment.carrier not in set(Carrier):
            return _reply(422, code="INVALID", message="unknown carrier")
        if not set(shipment.line_nos) <= order.line_nos:
            return _reply(422, code="INVALID", message="the order has no such line")
        return self._told(order, shipment)

    def _stock(self, request: Request, body: bytes) -> Response:
        refused = self._objection(request, body)
        if refused is not None:
            return refused
        try:
            figure = _Figure.model_validate_json(body)
        except ValidationError as error:
            return _invalid(error)
        listing = self.listings.find(figure.sku_id)
        if listing is None:
            return _reply(404, code="SKU_NOT_FOUND")
        # one that was overtaken on its way changes nothing
        if figure.n >= self._stock_n.get(figure.sku_id, 0):
            self._stock_n[figure.sku_id] = figure.n
            tell(listing, figure.quantity)
        return _reply(200, code=0)

    def _told(self, order: ShopOrder, shipment: Shipment) -> Response:
        parcel = self._parcels.get(shipment.parcel_no)
        if parcel is None:
            self._parcels[shipment.parcel_no] = Parcel(shipment)
            order.lines_told.update(shipment.line_nos)
            everything = shipment.whole_order or order.lines_told >= order.line_nos
            if everything and order.status != "cancelled":
                order.status = "shipped"
            self._world.hand_over(shipment.carrier, shipment.number)
            return _reply(200, code=0)
        told = parcel.shipment
        if (told.order_no, told.carrier, told.number) != (shipment.order_no, shipment.carrier, shipment.number):
            return _reply(409, code="PARCEL_HAS_OTHER_NUMBER", number=told.number)
        parcel.times += 1
        return _reply(200, code=0)


def _json(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _invalid(error: ValidationError) -> Response:
    place = error.errors(include_input=False, include_context=False)[0]["loc"]
    return _reply(422, code="INVALID", message=f"not as documented: {'.'.join(map(str, place)) or 'body'}")


def _reply(status: int, **content: object) -> Response:
    return JSONResponse(content, status_code=status)
