"""The API of refunds, docs/rest-api.md: refunds from shops, answered when they are safe."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from connectors.errors import DocumentUnreadable, PushRefused
from connectors.rest import Refused
from connectors.rest.documents import refund_document
from connectors.transport import compact_json
from domain.refund import Refund
from gateway.deps import Hub
from gateway.keeping import Answer
from gateway.once import once, slot_of
from gateway.pushes import incoming, push_of, response_of
from gateway.rest_door import became, conflict_of, rest_door
from store.inbox import Put

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

    good = [refund for refund in refunds if isinstance(refund, Refund)]
    results: list[_Result] = []

    def say(puts: Sequence[Put]) -> Answer:
        put = iter(puts)
        results[:] = (_invalid(each) if isinstance(each, Refused) else _kept(each, next(put)) for each in refunds)
        return Answer(200, compact_json({"results": [vars(result) for result in results]}))

    response = await once(hub.keeper, slot, [incoming(refund_document(refund)) for refund in good], say)
    counts = Counter(result.result for result in results)
    _log.info("refunds taken", extra={"channel": caller.channel, "shop": caller.shop, "results": counts})
    return response


def _kept(refund: Refund, put: Put) -> _Result:
    error = conflict_of(refund.version) if put is Put.OTHER else None
    return _Result(refund.refund_id, refund.channel_order_no, refund.order_id, became(put), error)


def _invalid(refund: Refused) -> _Result:
    error = {"field": refund.field, "message": refund.message}
    return _Result(refund.refund_id, refund.order_no, None, "invalid", error)
