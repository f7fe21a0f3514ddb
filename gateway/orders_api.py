"""The order API, docs/rest-api.md: orders and cancellations from shops, answered when they are safe."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.errors import DocumentUnreadable, PushRefused
from connectors.rest import Refused
from connectors.rest.documents import order_document
from domain.order import Order
from gateway.deps import Hub
from gateway.once import Answer, once, slot_of
from gateway.pushes import incoming, push_of, response_of
from gateway.rest_door import CONFLICT, conflict_of, keep_document, rest_door
from store import inbox

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
        orders = door.read_orders(push, caller)
    except (PushRefused, DocumentUnreadable) as error:
        _log.warning("orders refused", extra={"source": error.source, "reason": error.reason})
        return response_of(door.refused(error))

    async def keep(tx: AsyncSession) -> Answer:
        results = await _keep_all(tx, orders)
        counts = {name: sum(result.result == name for result in results) for name in {r.result for r in results}}
        _log.info("orders taken", extra={"channel": caller.channel, "shop": caller.shop, "results": counts})
        return Answer(200, {"results": [vars(result) for result in results]})

    return await once(hub.db, slot, keep)


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

    async def keep(tx: AsyncSession) -> Answer:
        await inbox.put(tx, incoming(document))
        return Answer(202, {"result": "accepted"})

    return await once(hub.db, slot, keep)


async def _keep_all(tx: AsyncSession, orders: Sequence[Order | Refused]) -> list[_Result]:
    results = [_invalid(order) if isinstance(order, Refused) else None for order in orders]
    good = [(i, order) for i, order in enumerate(orders) if isinstance(order, Order)]
    # In key order, so that two batches with the same orders never wait for each other in a circle.
    for i, order in sorted(good, key=lambda item: (item[1].order_id, item[1].version)):
        results[i] = await _keep(tx, order)
    return [result for result in results if result is not None]


async def _keep(tx: AsyncSession, order: Order) -> _Result:
    result = await keep_document(tx, order_document(order))
    error = conflict_of(order.version) if result == CONFLICT else None
    return _Result(order.channel_order_no, order.order_id, result, error)


def _invalid(order: Refused) -> _Result:
    return _Result(order.order_no, None, "invalid", {"field": order.field, "message": order.message})
