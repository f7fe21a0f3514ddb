"""The API of refunds, docs/rest-api.md: refunds from shops, answered when they are safe."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.errors import DocumentUnreadable, PushRefused
from connectors.rest import Refused
from connectors.rest.documents import refund_document
from domain.refund import Refund
from gateway.deps import Hub
from gateway.once import Answer, once, slot_of
from gateway.pushes import push_of, response_of
from gateway.rest_door import CONFLICT, conflict_of, keep_document, rest_door

router = APIRouter(prefix="/api/v1/refunds", tags=["refunds"])

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Result:
    """What became of one refund."""

    refund_id: str
    order_no: str
    order_id: str | None
    result: str
    error: dict[str, str] | None = None


@router.post("")
async def take_refunds(request: Request, hub: Hub) -> Response:
    """One refund or a batch; 200 with a result for each, in the order sent."""
    door = rest_door(hub)
    push = await push_of(request)
    try:
        caller = door.caller(push)
        slot = slot_of(push, caller)
        refunds = door.read_refunds(push, caller)
    except (PushRefused, DocumentUnreadable) as error:
        _log.warning("refunds refused", extra={"source": error.source, "reason": error.reason})
        return response_of(door.refused(error))

    async def keep(tx: AsyncSession) -> Answer:
        results = await _keep_all(tx, refunds)
        counts = {name: sum(result.result == name for result in results) for name in {r.result for r in results}}
        _log.info("refunds taken", extra={"channel": caller.channel, "shop": caller.shop, "results": counts})
        return Answer(200, {"results": [vars(result) for result in results]})

    return await once(hub.db, slot, keep)


async def _keep_all(tx: AsyncSession, refunds: Sequence[Refund | Refused]) -> list[_Result]:
    results = [_invalid(refund) if isinstance(refund, Refused) else None for refund in refunds]
    good = [(i, refund) for i, refund in enumerate(refunds) if isinstance(refund, Refund)]
    # In key order, so that two batches with the same refunds never wait for each other in a circle.
    for i, refund in sorted(good, key=lambda item: (item[1].refund_id, item[1].version)):
        results[i] = await _keep(tx, refund)
    return [result for result in results if result is not None]


async def _keep(tx: AsyncSession, refund: Refund) -> _Result:
    result = await keep_document(tx, refund_document(refund))
    error = conflict_of(refund.version) if result == CONFLICT else None
    return _Result(refund.refund_id, refund.channel_order_no, refund.order_id, result, error)


def _invalid(refund: Refused) -> _Result:
    error = {"field": refund.field, "message": refund.message}
    return _Result(refund.refund_id, refund.order_no, None, "invalid", error)
