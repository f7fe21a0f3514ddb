"""Refunds of the REST protocol → refunds as we know them, or the field that is wrong, in words. Pure."""

from __future__ import annotations

from typing import Any

from connectors.errors import DocumentUnreadable
from connectors.rest.intake import FieldError, Refused, batch, check_caller, echoed, load, validated
from connectors.rest.keys import Caller
from connectors.rest.signing import PROTOCOL
from connectors.rest.wire import WireRefund
from domain.order import Channel
from domain.refund import Refund, RefundKind, RefundLine, RefundStatus

MAX_REFUNDS = 500


class TooManyRefunds(DocumentUnreadable):
    """More than 500 refunds in one request."""


def read_refunds(body: bytes, caller: Caller) -> list[Refund | Refused]:
    """One result per refund, in the order sent. `caller` is the shop that sent them: it may speak for itself only.

    Raises DocumentUnreadable when the body is not JSON or of another shape, TooManyRefunds above 500.
    """
    refunds = batch(load(body), "refunds")
    if len(refunds) > MAX_REFUNDS:
        raise TooManyRefunds(PROTOCOL, f"more than {MAX_REFUNDS} refunds")
    return [read_refund(item, caller) for item in refunds]


def read_refund(item: Any, caller: Caller) -> Refund | Refused:
    """One refund out of JSON that may be anything."""
    try:
        wire = validated(WireRefund, item)
        check_caller(wire, caller)
        return _refund(wire, caller)
    except FieldError as error:
        return Refused(echoed(item, "order_no"), error.field, error.message, echoed(item, "refund_id"))


def _refund(wire: WireRefund, caller: Caller) -> Refund:
    # Known by another number there, the same refund would be taken off the order twice.
    if caller.channel is Channel.WECHAT:
        raise FieldError("channel", "is wechat, whose refunds WeChat Pay itself tells")
    seen: set[str] = set()
    for i, line in enumerate(wire.lines):
        if line.line_no in seen:
            raise FieldError(f"lines[{i}].line_no", "is used by an earlier line")
        seen.add(line.line_no)
    return Refund(
        channel=caller.channel,
        shop=wire.shop,
        channel_order_no=wire.order_no,
        refund_id=wire.refund_id,
        version=wire.version,
        status=RefundStatus(wire.status.upper()),
        kind=RefundKind(wire.kind.upper()),
        amount_fen=wire.amount_fen,
        lines=tuple(RefundLine(line_no=line.line_no, quantity=line.quantity) for line in wire.lines),
        asked_at=wire.asked_at,
    )
