"""The order API, docs/rest-api.md: orders and cancellations from shops, answered when they are safe; and what became of
an order."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from connectors.errors import DocumentUnreadable, PushRefused
from connectors.rest import Refused
from connectors.rest.documents import order_document
from connectors.transport import compact_json
from domain.order import Order
from gateway.deps import Gateway, Hub
from gateway.keeping import Answer
from gateway.once import once, slot_of
from gateway.pushes import incoming, push_of, response_of
from gateway.rest_door import became, conflict_of, rest_door
from store import inbox
from store.inbox import Put
from store.tables import OrderRow
from views.shop import shop_view

router = APIRouter(prefix="/api/v1/orders", tags=["orders"])

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Result:
    """What became of one order."""

    order_no: str
    order_id: str | None
    result: str
    error: dict[str, str] | None = None


@router.post("")
async def take_orders(request: Request, hub: Hub) -> Response:
    """One order or a batch; 200 with a result for each, in the order sent."""
    door = rest_door(hub)
    push = await push_of(request)
    try:
        caller = door.caller(push)
        slot = slot_of(push, caller)
        read = door.read_orders(push, caller)
    except (PushRefused, DocumentUnreadable) as error:
        _log.warning("orders refused", extra={"source": error.source, "reason": error.reason})
        return response_of(door.refused(error))

    orders = [await _here(hub, order) if isinstance(order, Refused) else order for order in read]
    good = [order for order in orders if isinstance(order, Order)]
    results: list[_Result] = []

    def say(puts: Sequence[Put]) -> Answer:
        became = iter(puts)
        results[:] = (_invalid(order) if isinstance(order, Refused) else _kept(order, next(became)) for order in orders)
        return Answer(200, compact_json({"results": [vars(result) for result in results]}))

    response = await once(hub.keeper, slot, [incoming(order_document(order)) for order in good], say)
    counts = Counter(result.result for result in results)
    _log.info("orders taken", extra={"channel": caller.channel, "shop": caller.shop, "results": counts})
    return response


@router.get("/{order_no}")
async def show_order(order_no: str, request: Request, hub: Hub) -> Response:
    """How far an order of the caller's own is, and what is promised of it. 404 when it is not here (yet)."""
    door = rest_door(hub)
    push = await push_of(request)
    try:
        order_id = door.asked_order(push, door.caller(push))
    except (PushRefused, DocumentUnreadable) as error:
        _log.warning("a question after an order refused", extra={"source": error.source, "reason": error.reason})
        return response_of(door.refused(error))
    async with hub.db.reading() as tx:
        view = await shop_view(tx, order_id)
    if view is None:
        return Response(compact_json({"code": "ORDER_NOT_FOUND"}), 404, media_type="application/json")
    return Response(compact_json(view), 200, media_type="application/json")


@router.post("/{order_no}/cancel")
async def take_cancellation(order_no: str, request: Request, hub: Hub) -> Response:
    """A cancellation; what comes of it shows in the order's state. `order_no` is read out of the signed path."""
    door = rest_door(hub)
    push = await push_of(request)
    try:
        caller = door.caller(push)
        slot = slot_of(push, caller)
        document = door.read_cancellation(push, caller)
    except (PushRefused, DocumentUnreadable) as error:
        _log.warning("cancellation refused", extra={"source": error.source, "reason": error.reason})
        return response_of(door.refused(error))

    accepted = Answer(202, compact_json({"result": "accepted"}))
    return await once(hub.keeper, slot, [incoming(document)], lambda _: accepted)


async def _here(hub: Gateway, refused: Refused) -> Order | Refused:
    """The order, when it is here in this version already: rules that came after it do not refuse it."""
    order = refused.order
    if order is None:
        return refused
    async with hub.db.reading() as tx:
        row = await tx.get(OrderRow, order.order_id)
        kept = await inbox.body_of(tx, incoming(order_document(order)))
    return order if kept is not None or (row is not None and row.version >= order.version) else refused


def _kept(order: Order, put: Put) -> _Result:
    error = conflict_of(order.version) if put is Put.OTHER else None
    return _Result(order.channel_order_no, order.order_id, became(put), error)


def _invalid(order: Refused) -> _Result:
    return _Result(order.order_no, None, "invalid", {"field": order.field, "message": order.message})
