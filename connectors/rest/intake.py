"""Bodies of the REST protocol → canonical orders, or the field that is wrong, in words. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import datetime
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from connectors.errors import DocumentUnreadable
from connectors.rest.keys import Caller
from connectors.rest.signing import PROTOCOL
from connectors.rest.wire import Wire, WireCancel, WireOrder, WireRefund
from domain.extensions import Scope, wrong_at_intake
from domain.money import split
from domain.order import (
    Amounts,
    Channel,
    ChannelStatus,
    ClearReceiver,
    Customer,
    Declaration,
    Notes,
    Order,
    OrderLine,
    PaymentTerms,
    Region,
)

MAX_ORDERS = 500

_OUT_TRADE_NO = re.compile(r"[0-9A-Za-z_\-|*]{1,32}")

W = TypeVar("W", bound=Wire)


@dataclass(frozen=True)
class Refused:
    """An order or a refund that is not taken: the field ("lines[0].quantity") and what is wrong with it.

    Shows no values of it but the numbers it is known by; `refund_id` is "" for an order.
    """

    order_no: str
    field: str
    message: str
    refund_id: str = ""
    order: Order | None = attribute(default=None, repr=False)
    """The order when nothing is wrong with it but fields of the merchant's own: it may be here from before the rules
    changed that it is refused by."""


class TooManyOrders(DocumentUnreadable):
    """More than 500 orders in one request."""


class FieldError(Exception):
    """A field that is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field} {message}")
        self.field = field
        self.message = message


def read_orders(body: bytes, caller: Caller) -> list[Order | Refused]:
    """One result per order, in the order sent. `caller` is the shop that sent them: it may speak for itself only.

    Raises DocumentUnreadable when the body is not JSON or of another shape, TooManyOrders above 500.
    """
    orders = batch(load(body), "orders")
    if len(orders) > MAX_ORDERS:
        raise TooManyOrders(PROTOCOL, f"more than {MAX_ORDERS} orders")
    return [read_order(item, caller) for item in orders]


def read_order(item: Any, caller: Caller) -> Order | Refused:
    """One order out of JSON that may be anything."""
    try:
        wire = validated(WireOrder, item)
        check_caller(wire, caller)
        order = _order(wire, caller)
    except FieldError as error:
        return Refused(echoed(item, "order_no"), error.field, error.message)
    try:
        _check_fields(order)
    except FieldError as error:
        return Refused(order.channel_order_no, error.field, error.message, order=order)
    return order


def _check_fields(order: Order) -> None:
    """Raise FieldError for a field of the merchant's own that there is not, or that cannot be what it is."""
    wrong = wrong_at_intake(order)
    if wrong is None:
        return
    places = {Scope.ORDER: "ext", Scope.CUSTOMER: "customer.ext"}
    numbers = [line.line_no for line in order.lines]
    place = places.get(wrong.place.scope) or f"lines[{numbers.index(wrong.place.line_no)}].ext"
    raise FieldError(f"{place}.{wrong.key}", wrong.sentence)


def read_cancel(body: bytes, caller: Caller) -> str:
    """The reason in a cancellation. Raises DocumentUnreadable."""
    try:
        cancel = validated(WireCancel, load(body))
        check_caller(cancel, caller)
    except FieldError as error:
        raise DocumentUnreadable(PROTOCOL, str(error)) from None
    return cancel.reason


def echoed(item: Any, name: str) -> str:
    """The number that a refused item is answered under, cut to what such a number can be at most; "" without one."""
    number = item.get(name) if isinstance(item, dict) else None
    return number[:64].encode("utf-8", "replace").decode() if isinstance(number, str) else ""


def load(body: bytes) -> Any:
    """The value of a body. Raises DocumentUnreadable."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise DocumentUnreadable(PROTOCOL, "the body is not JSON") from None


def batch(value: Any, name: str) -> list[Any]:
    """The items of a body: those in the list `name`, or the body itself as the only one. Raises DocumentUnreadable."""
    if not isinstance(value, dict):
        raise DocumentUnreadable(PROTOCOL, f"the body is neither one of {name} nor a batch of them")
    if name not in value:
        return [value]
    items = value[name]
    if not isinstance(items, list) or len(value) > 1:
        raise DocumentUnreadable(PROTOCOL, f"a batch is an object with a list of {name}, and nothing else")
    return items


def check_caller(wire: WireOrder | WireCancel | WireRefund, caller: Caller) -> None:
    """Raise FieldError unless a shop speaks for itself."""
    if wire.shop != caller.shop:
        raise FieldError("shop", "is not the shop whose key was used")
    if wire.channel not in (None, caller.channel):
        raise FieldError("channel", f"is not the channel of the key that was used, {caller.channel}")


def validated(model: type[W], item: Any) -> W:
    """JSON that may be anything, in a documented shape. Raises FieldError, with the first field that is wrong."""
    try:
        return model.model_validate(item)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise FieldError(_path(first), _words(first)) from None
    except RecursionError:
        raise FieldError("", "is nested too deeply") from None


def _path(problem: ErrorDetails) -> str:
    path = ""
    for part in problem["loc"]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def _words(problem: ErrorDetails) -> str:
    known = {
        "missing": "is missing",
        "extra_forbidden": "is not a field of this API",
        "model_type": "should be an object",
        "tuple_type": "should be a valid array",
    }
    return known.get(problem["type"]) or problem["msg"].removeprefix("Value error, ").replace("Input should", "should")


def _order(wire: WireOrder, caller: Caller) -> Order:
    lines = _lines(wire)
    amounts, receiver, customer = wire.amounts, wire.receiver, wire.customer
    status, paid_at = _standing(wire, caller.channel)
    return Order(
        channel=caller.channel,
        shop=wire.shop,
        channel_order_no=wire.order_no,
        version=wire.version,
        status=status,
        placed_at=wire.placed_at,
        paid_at=paid_at,
        lines=lines,
        amounts=Amounts.model_validate(amounts.model_dump()),
        receiver=ClearReceiver(
            name=receiver.name,
            phone=receiver.phone,
            region=Region(
                province=receiver.province,
                city=receiver.city,
                district=receiver.district,
                town=receiver.town,
                country=receiver.country,
            ),
            detail=receiver.detail,
        ),
        customer=Customer(
            external_id=customer.id or customer.member_code,
            name=customer.name,
            tax_no=customer.tax_no,
            terms=customer.terms,
            member_code=customer.member_code,
            member_level=customer.member_level,
            ext=customer.ext,
        ),
        tags=wire.tags,
        coupons=wire.coupons,
        ext=wire.ext,
        notes=Notes(
            buyer=wire.buyer_note, seller=wire.seller_note, requirements=tuple(dict.fromkeys(wire.requirements))
        ),
        declaration=_declaration(wire),
    )


def _declaration(wire: WireOrder) -> Declaration | None:
    if wire.declaration is None:
        return None
    known = {line.line_no for line in wire.lines}
    for line_no in wire.declaration.lines:
        if line_no not in known:
            raise FieldError("declaration.lines", "names a line that the order does not have")
    said = wire.declaration
    return Declaration(destination=said.destination or "", fields=said.fields, lines=said.lines)


def _standing(wire: WireOrder, channel: Channel) -> tuple[ChannelStatus, datetime | None]:
    """The order's status, and when it was paid."""
    status = _status(wire)
    if channel is not Channel.WECHAT:
        return status, wire.paid_at
    # That money came is WeChat Pay's word alone: whoever holds the shop's key could else have goods sent for nothing.
    if not _OUT_TRADE_NO.fullmatch(wire.order_no):
        raise FieldError("order_no", "should be an out_trade_no of WeChat Pay: 1 to 32 letters, digits and _ - | *")
    if wire.customer.terms is not PaymentTerms.PREPAID:
        raise FieldError("customer.terms", "should be PREPAID, for WeChat Pay pays before shipping")
    return (status if status is ChannelStatus.CANCELLED else ChannelStatus.UNPAID), None


def _status(wire: WireOrder) -> ChannelStatus:
    status = ChannelStatus(wire.status.upper())
    if status is ChannelStatus.UNPAID and wire.paid_at is not None:
        if wire.customer.terms is PaymentTerms.PREPAID:
            raise FieldError("paid_at", "stands in an order that is unpaid")
        return ChannelStatus.PAID  # on account: confirmed counts as paid
    if wire.paid_at is None and status not in (ChannelStatus.UNPAID, ChannelStatus.CANCELLED):
        raise FieldError("paid_at", f"is missing in an order that is {wire.status}")
    return status


def _lines(wire: WireOrder) -> tuple[OrderLine, ...]:
    _check_lines(wire)
    return tuple(
        OrderLine(
            line_no=line.line_no,
            sku=line.sku,
            title=line.title,
            quantity=line.quantity,
            unit_price_fen=line.unit_price_fen,
            amount_fen=amount,
            gift_of=line.gift_of,
            warranty_months=line.warranty_months,
            ext=line.ext,
        )
        for line, amount in zip(wire.lines, _line_amounts(wire), strict=True)
    )


def _check_lines(wire: WireOrder) -> None:
    ordinary = {line.line_no for line in wire.lines if line.gift_of is None}
    seen: set[str] = set()
    for i, line in enumerate(wire.lines):
        if line.line_no in seen:
            raise FieldError(f"lines[{i}].line_no", "is used by an earlier line")
        seen.add(line.line_no)
        if line.gift_of is not None and line.gift_of not in ordinary:
            raise FieldError(f"lines[{i}].gift_of", "does not name an ordinary line of this order")
        if line.gift_of is not None and line.amount_fen:
            raise FieldError(f"lines[{i}].amount_fen", "should be 0, for the line is a gift")


def _line_amounts(wire: WireOrder) -> Sequence[int]:
    """Fen paid for each line; they and the freight add up to `paid_fen` exactly."""
    amounts = wire.amounts
    gross = [line.quantity * line.unit_price_fen for line in wire.lines]
    if amounts.goods_fen != sum(gross):
        raise FieldError("amounts.goods_fen", f"is {amounts.goods_fen}, the lines add up to {sum(gross)}")
    due = amounts.goods_fen + amounts.freight_fen - amounts.discount_fen
    if amounts.paid_fen != due:
        raise FieldError("amounts.paid_fen", f"is {amounts.paid_fen}, goods + freight - discount is {due}")
    result = [0 if line.gift_of is not None else line.amount_fen for line in wire.lines]
    rest = amounts.paid_fen - amounts.freight_fen - sum(amount or 0 for amount in result)
    open_lines = [i for i, amount in enumerate(result) if amount is None]
    discount = sum(gross[i] for i in open_lines) - rest
    if rest < 0 or discount < 0 or (rest and not open_lines):
        goods = amounts.paid_fen - amounts.freight_fen
        raise FieldError("lines", f"their amount_fen do not add up to paid - freight = {goods}")
    if open_lines:
        shares = split(discount, [gross[i] for i in open_lines])
        for i, share in zip(open_lines, shares, strict=True):
            result[i] = gross[i] - share
    return [amount or 0 for amount in result]
