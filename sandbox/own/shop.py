"""The own shop: its orders, what it sent of them, and the shipments that it was told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import httpx
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from domain.clock import utc_now
from domain.shipping import Carrier
from sandbox.digest import receiver_digest
from sandbox.drafts import Draft, DraftReceiver
from sandbox.own.document import Document, changed, document
from sandbox.own.signing import objection, signed_headers
from sandbox.world import Book, PushRequest, World

_BATCH = 50
_ORDERS_PATH = "/api/v1/orders"


class _Shipment(BaseModel):
    """What orderhub tells of one parcel."""

    model_config = ConfigDict(strict=True)

    order_no: str
    parcel_no: str = Field(min_length=1)
    carrier: str
    number: str = Field(min_length=1)
    line_nos: list[str] = Field(min_length=1)
    whole_order: bool


class _Fault(BaseModel):
    field: str = ""


class _Result(BaseModel):
    order_no: str
    result: Literal["accepted", "duplicate", "conflict", "invalid"]
    error: _Fault | None = None


class _Results(BaseModel):
    """orderhub's answer to a batch."""

    results: list[_Result]


@dataclass
class _Order:
    versions: list[Document]
    status: str = "paid"
    sent: int = 0
    cancel_asked: bool = False
    lines_told: set[str] = field(default_factory=set)

    @property
    def latest(self) -> Document:
        return self.versions[-1]


@dataclass
class _Parcel:
    shipment: _Shipment
    times: int = 1


@dataclass
class _Counts:
    duplicates_sent: int = 0
    stale_sent: int = 0
    rejected: dict[tuple[str, int], dict[str, str]] = field(default_factory=dict)


class OwnShop:
    """The merchant's own shop. It holds the truth about its orders and re-sends each until orderhub took it."""

    name = "own"

    def __init__(self, world: World) -> None:
        self._world = world
        self._settings = world.settings.own
        self._orders: dict[str, _Order] = {}
        self._parcels: dict[str, _Parcel] = {}
        self._counts = _Counts()
        # the moment of the start keeps numbers apart from those of an earlier run against the same hub
        self._number_head = f"SO{utc_now():%y%m%d%H%M%S}"
        self._numbered = 0

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
            first = document(draft, self.shop, draft.order_no)
            self._orders[draft.order_no] = _Order([first])
            documents.append(first)
        for start in range(0, len(documents), _BATCH):
            self._send(documents[start : start + _BATCH])

    def change(self, order_no: str, buyer_note: str | None, receiver: DraftReceiver | None) -> int:
        """Change an order and send its new version, whose number it returns. Raises KeyError."""
        order = self._orders[order_no]
        order.versions.append(changed(order.latest, buyer_note, receiver))
        self._send([order.latest])
        return len(order.versions)

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

    def cancel(self, order_no: str, reason: str) -> None:
        """Ask orderhub to cancel an order. What comes of it stands in orderhub only. Raises KeyError."""
        self._orders[order_no].cancel_asked = True
        path = f"{_ORDERS_PATH}/{order_no}/cancel"
        body = _json({"shop": self.shop, "reason": reason})
        self._world.push(
            self.name, "cancel", lambda: self._signed(path, body), lambda response: response.status_code == 202
        )

    def router(self) -> APIRouter:
        """`POST /orderhub/shipments`."""
        router = APIRouter()

        @router.post("/orderhub/shipments")
        async def shipments(request: Request) -> Response:
            """Take one parcel's number."""
            body = await request.body()
            return await self._world.answer(
                self.name,
                "shipments",
                lambda: self._shipment(request, body),
                system_error=lambda: _answer(500, code="INTERNAL", message="internal error"),
                throttled=lambda: Response(status_code=429, headers={"Retry-After": "1"}),
            )

        return router

    def book(self) -> Book:
        """The orders, the shipments told, and what orderhub did not want."""
        return {
            "orders": [
                {
                    "order_no": order_no,
                    "shop": self.shop,
                    "version": order.latest["version"],
                    "status": order.status,
                    "paid_fen": order.latest["amounts"]["paid_fen"],
                    "encrypted": False,
                    "requirements": order.latest["requirements"],
                    "receiver_digest": _digest(order.latest["receiver"]),
                    "sent": order.sent,
                    "cancel_asked": order.cancel_asked,
                }
                for order_no, order in self._orders.items()
            ],
            "shipments": [
                {
                    "order_no": parcel.shipment.order_no,
                    "parcel_no": parcel.shipment.parcel_no,
                    "carrier": parcel.shipment.carrier,
                    "number": parcel.shipment.number,
                    "times": parcel.times,
                }
                for parcel in self._parcels.values()
            ],
            "rejected": list(self._counts.rejected.values()),
            "duplicates_sent": self._counts.duplicates_sent,
            "stale_sent": self._counts.stale_sent,
        }

    def _send(self, documents: Sequence[Document]) -> None:
        body = _json(documents[0] if len(documents) == 1 else {"orders": documents})
        versions = {str(entry["order_no"]): int(entry["version"]) for entry in documents}

        def build() -> PushRequest:
            for order_no in versions:
                self._orders[order_no].sent += 1
            return self._signed(_ORDERS_PATH, body)

        self._world.push(self.name, "orders", build, lambda response: self._all_answered(response, versions))

    def _signed(self, path: str, body: bytes) -> PushRequest:
        secret = self._settings.secret.get_secret_value()
        return PushRequest(path, body, signed_headers(self._settings.key_id, secret, "POST", path, body))

    def _all_answered(self, response: httpx.Response, versions: dict[str, int]) -> bool:
        """Whether the hub said of every order what became of it; a refused one is noted and not sent again."""
        if response.status_code != 200:
            return False
        results = {result.order_no: result for result in _Results.model_validate_json(response.content).results}
        for order_no, result in results.items():
            if order_no in versions and result.result in {"conflict", "invalid"}:
                fault = result.error.field if result.error else ""
                rejection = {"order_no": order_no, "result": result.result, "field": fault}
                self._counts.rejected[order_no, versions[order_no]] = rejection
        return results.keys() >= versions.keys()

    def _shipment(self, request: Request, body: bytes) -> Response:
        secret = self._settings.secret.get_secret_value()
        refused = objection(request.headers, self._settings.key_id, secret, "POST", request.url.path, body)
        if refused:
            return _answer(401, code="UNAUTHORIZED", message=refused)
        try:
            shipment = _Shipment.model_validate_json(body)
        except ValidationError as error:
            place = error.errors(include_input=False, include_context=False)[0]["loc"]
            return _answer(422, code="INVALID", message=f"not as documented: {'.'.join(map(str, place)) or 'body'}")
        order = self._orders.get(shipment.order_no)
        if order is None:
            return _answer(404, code="ORDER_NOT_FOUND")
        if shipment.carrier not in set(Carrier):
            return _answer(422, code="INVALID", message="unknown carrier")
        if not set(shipment.line_nos) <= _line_nos(order):
            return _answer(422, code="INVALID", message="the order has no such line")
        return self._told(order, shipment)

    def _told(self, order: _Order, shipment: _Shipment) -> Response:
        parcel = self._parcels.get(shipment.parcel_no)
        if parcel is None:
            self._parcels[shipment.parcel_no] = _Parcel(shipment)
            order.lines_told.update(shipment.line_nos)
            if shipment.whole_order or order.lines_told >= _line_nos(order):
                order.status = "shipped"
            self._world.hand_over(shipment.carrier, shipment.number)
            return _answer(200, code=0)
        told = parcel.shipment
        if (told.order_no, told.carrier, told.number) != (shipment.order_no, shipment.carrier, shipment.number):
            return _answer(409, code="PARCEL_HAS_OTHER_NUMBER", number=told.number)
        parcel.times += 1
        return _answer(200, code=0)


def _line_nos(order: _Order) -> set[str]:
    return {line["line_no"] for line in order.latest["lines"]}


def _digest(receiver: dict[str, str]) -> str:
    return receiver_digest(
        receiver["name"],
        receiver["phone"],
        receiver["province"],
        receiver["city"],
        receiver["district"],
        receiver["detail"],
    )


def _json(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _answer(status: int, **content: object) -> Response:
    return JSONResponse(content, status_code=status)
