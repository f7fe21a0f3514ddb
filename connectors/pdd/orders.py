"""Pinduoduo's order model (section 5 of the protocol file) → the canonical Order. Pure.

Amounts are yuan, decimal numbers or texts; times are Beijing texts. What only describes may be missing; an order
without what it is made of is refused with a ValueError that names the field. No message holds a value that could be
personal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any, TypeVar

from connectors.fields import (
    as_int,
    as_list,
    as_mapping,
    optional_beijing,
    optional_int,
    optional_yuan,
    text_of,
    yuan_of,
)
from connectors.pdd.settings import CourierTerms
from connectors.shown import by_code, moment
from domain.ids import order_id
from domain.money import split
from domain.order import (
    Amounts,
    Channel,
    ChannelStatus,
    CipherReceiver,
    Customer,
    Notes,
    Order,
    OrderLine,
    Region,
)
from domain.requirements import requirements_in
from domain.shadow import ShownParcel
from domain.shipping import Carrier
from domain.words import About, Glossary

_SHIPPING = Glossary(
    "pdd",
    About.ORDER,
    ChannelStatus,
    {
        "1": ChannelStatus.PAID,  # 待发货
        "2": ChannelStatus.SHIPPED,  # 已发货待签收
        "3": ChannelStatus.FINISHED,  # 已签收
    },
    field="order_status",
)


class _Deal(StrEnum):
    """Where the deal is that an order hangs on."""

    NOT_YET = "NOT_YET"
    DONE = "DONE"
    CANCELLED = "CANCELLED"


class _Risk(StrEnum):
    CLEAR = "CLEAR"
    UNDER_REVIEW = "UNDER_REVIEW"


class _Refunds(StrEnum):
    NONE = "NONE"
    OPEN = "OPEN"
    REFUNDED = "REFUNDED"


_DEALS = {"0": _Deal.NOT_YET, "1": _Deal.DONE, "2": _Deal.CANCELLED}
_CONFIRM = Glossary("pdd", About.ORDER_CONFIRM, _Deal, _DEALS, field="confirm_status")
_GROUP = Glossary("pdd", About.ORDER_GROUP, _Deal, _DEALS, field="group_status")
_RISK = Glossary(
    "pdd", About.ORDER_RISK, _Risk, {"0": _Risk.CLEAR, "1": _Risk.UNDER_REVIEW}, field="risk_control_status"
)
_REFUND = Glossary(
    "pdd",
    About.ORDER_REFUND,
    _Refunds,
    {"1": _Refunds.NONE, "2": _Refunds.OPEN, "3": _Refunds.OPEN, "4": _Refunds.REFUNDED},
    field="refund_status",
)
_ORDINARY = 0  # of trade_type
_LONGEST_NUMBER = 64
M = TypeVar("M", bound=StrEnum)
_YEAR_OF_NOTHING = 2000
"""Times before it stand for none: 1970-01-01, 0001-01-01."""

_NEEDED = ("order_status", "item_list", "goods_amount", "pay_amount", "updated_at")


def complete(document: Mapping[str, Any]) -> bool:
    """Whether a row of the list is a whole order, as the documents promise, so that nobody need be asked."""
    return all(document.get(name) is not None for name in _NEEDED)


def status_of(detail: Mapping[str, Any]) -> ChannelStatus:
    """What the platform says of the order. Raises ValueError for a status that we do not know: it is never guessed.

    An order that is paid and may not be shipped yet is LOCKED: a group that is not full (confirm_status 0,
    group_status 0), and the platform's risk control (risk_control_status 1). The platform moves `updated_at` when it
    lets go of it, and then it is PAID. A refund before shipping cancels; a later one is an after-sale.
    """
    status = _SHIPPING.mean(optional_int(detail, "order_status"))
    confirmed = _meant(detail, "confirm_status", _CONFIRM, _Deal.DONE)
    group = _meant(detail, "group_status", _GROUP, _Deal.DONE)
    refund = _meant(detail, "refund_status", _REFUND, _Refunds.NONE)
    risk = _meant(detail, "risk_control_status", _RISK, _Risk.CLEAR)
    if _Deal.CANCELLED in (confirmed, group):
        return ChannelStatus.CANCELLED
    if status is not ChannelStatus.PAID:
        return status
    if refund is _Refunds.REFUNDED:
        return ChannelStatus.CANCELLED
    if _Deal.NOT_YET in (confirmed, group) or risk is _Risk.UNDER_REVIEW:
        told = optional_int(detail, "confirm_status") is not None
        paid = (told and confirmed is _Deal.DONE) or _paid_at(detail) is not None
        return ChannelStatus.LOCKED if paid else ChannelStatus.UNPAID
    return ChannelStatus.PAID


def version_of(detail: Mapping[str, Any]) -> int:
    """`updated_at` in milliseconds. Raises ValueError."""
    updated_at = optional_beijing(detail, "updated_at")
    if updated_at is None or updated_at.year < _YEAR_OF_NOTHING:
        raise ValueError("no updated_at")
    return int(updated_at.timestamp()) * 1000


def key_of(shop: str, order_sn: str) -> str:
    """The order's id with us. Raises ValueError for a number that no order can have."""
    if len(order_sn) > _LONGEST_NUMBER:
        raise ValueError("order_sn is too long")
    return order_id(Channel.PDD, shop, order_sn)


def to_order(detail: Mapping[str, Any], shop: str, order_sn: str) -> Order:
    """The canonical order. Raises ValueError."""
    if text_of(detail, "order_sn") != order_sn:
        raise ValueError("the document is about another order")
    if optional_int(detail, "trade_type") not in (None, _ORDINARY):
        raise ValueError("deposit orders (trade_type) are not carried")
    status = status_of(detail)
    placed_at = optional_beijing(detail, "created_time")
    paid_at = _paid_at(detail)
    placed_at = placed_at or paid_at
    if placed_at is None:
        raise ValueError("no created_time")
    if status is ChannelStatus.UNPAID:
        paid_at = None
    elif paid_at is None and status is not ChannelStatus.CANCELLED:
        paid_at = placed_at
    lines, amounts = _lines_and_amounts(detail)
    buyer, seller = text_of(detail, "buyer_memo"), text_of(detail, "remark")
    return Order(
        channel=Channel.PDD,
        shop=shop,
        channel_order_no=order_sn,
        version=version_of(detail),
        status=status,
        placed_at=placed_at,
        paid_at=paid_at,
        lines=lines,
        amounts=amounts,
        receiver=_receiver(detail),
        # The platform names no buyer: every order is a customer of its own.
        customer=Customer(external_id=f"order-{order_sn}"),
        notes=Notes(buyer=buyer, seller=seller, requirements=requirements_in(buyer, seller)),
    )


def parcels(detail: Mapping[str, Any], couriers: Mapping[Carrier, CourierTerms]) -> list[ShownParcel]:
    """The parcels that the platform shows, by whoever told it of them; further ones come without a moment."""
    extra = [entry for entry in as_list(detail.get("extra_delivery_list")) if isinstance(entry, dict)]
    ids = {carrier: str(terms.logistics_id) for carrier, terms in couriers.items()}
    sent_at = moment(partial(optional_beijing, detail, "shipping_time"))
    at = sent_at if sent_at is not None and sent_at.year >= _YEAR_OF_NOTHING else None
    found = []
    for entry in (detail, *extra):
        word = str(entry.get("logistics_id") or "")
        number = text_of(entry, "tracking_number")
        found.append(ShownParcel(number, by_code(ids, word), word, at if entry is detail else None))
    return found


def _paid_at(detail: Mapping[str, Any]) -> datetime | None:
    """When the buyer paid, as far as the platform says; a year of nothing is its "not yet"."""
    known = (optional_beijing(detail, name) for name in ("pay_time", "confirm_time"))
    return next((moment for moment in known if moment is not None and moment.year >= _YEAR_OF_NOTHING), None)


def _meant(source: Mapping[str, Any], name: str, glossary: Glossary[M], missing: M) -> M:
    value = optional_int(source, name)
    return missing if value is None else glossary.mean(value)


def _lines_and_amounts(detail: Mapping[str, Any]) -> tuple[tuple[OrderLine, ...], Amounts]:
    """pay_amount = goods_amount - discount_amount + postage + service fees, or the order is refused.

    Service fees have no place of their own in an order: they are taken off the discount. The platform's discounts are
    of the order as a whole and are spread over its lines by value.
    """
    items = [as_mapping(item, "item_list[]") for item in as_list(detail.get("item_list"))]
    if not items:
        raise ValueError("no item_list")
    gifts = [as_mapping(item, "gift_list[]") for item in as_list(detail.get("gift_list"))]
    lines = _numbered(
        [*(_line(item, "item_list[]") for item in items), *(_line(item, "gift_list[]", gift=True) for item in gifts)]
    )
    bought, given = lines[: len(items)], lines[len(items) :]
    goods, paid = yuan_of(detail, "goods_amount"), yuan_of(detail, "pay_amount")
    freight, discount = optional_yuan(detail, "postage"), optional_yuan(detail, "discount_amount")
    fees = sum(
        yuan_of(as_mapping(fee, "service_fee_detail[]"), "service_fee")
        for fee in as_list(detail.get("service_fee_detail"))
    )
    values = [line.quantity * line.unit_price_fen for line in bought]
    if sum(values) != goods:
        raise ValueError(f"items add up to {sum(values)} fen, goods_amount is {goods} fen")
    if goods - discount + freight + fees != paid:
        raise ValueError(
            f"goods {goods} - discount {discount} + postage {freight} + fees {fees} fen is not pay_amount {paid} fen"
        )
    if paid < freight:
        raise ValueError(f"pay_amount {paid} fen is less than postage {freight} fen")
    parts = split(paid - freight, values)
    priced = [line.model_copy(update={"amount_fen": part}) for line, part in zip(bought, parts, strict=True)]
    presents = [line.model_copy(update={"gift_of": bought[0].line_no}) for line in given]
    amounts = Amounts(goods_fen=goods, freight_fen=freight, discount_fen=discount - fees, paid_fen=paid)
    return (*priced, *presents), amounts


def _line(item: Mapping[str, Any], name: str, *, gift: bool = False) -> OrderLine:
    sku_id = text_of(item, "sku_id") or text_of(item, "goods_id")
    quantity = as_int(item.get("goods_count"), "goods_count")
    if not sku_id or not 0 < quantity < 1_000_000:
        raise ValueError(f"{name} without sku_id or goods_count")
    return OrderLine(
        line_no=sku_id,
        sku=text_of(item, "outer_id") or text_of(item, "outer_goods_id") or sku_id,
        title=text_of(item, "goods_name"),
        quantity=quantity,
        unit_price_fen=0 if gift else yuan_of(item, "goods_price"),
        amount_fen=0,
    )


def _numbered(lines: Sequence[OrderLine]) -> tuple[OrderLine, ...]:
    """Lines by their SKU; one that comes again (a gift of what was bought) gets a number behind it."""
    seen: dict[str, int] = {}
    numbered = []
    for line in lines:
        seen[line.line_no] = count = seen.get(line.line_no, 0) + 1
        numbered.append(line if count == 1 else line.model_copy(update={"line_no": f"{line.line_no}-{count}"}))
    return tuple(numbered)


def _receiver(detail: Mapping[str, Any]) -> CipherReceiver:
    """The ciphertexts are there only while the order waits for shipping and is not under review."""
    return CipherReceiver(
        platform=Channel.PDD,
        name_cipher=text_of(detail, "receiver_name"),
        # Some kinds of orders carry the number in contact_mobile only.
        phone_cipher=text_of(detail, "receiver_phone") or text_of(detail, "contact_mobile"),
        detail_cipher=text_of(detail, "receiver_address"),
        name_mask=text_of(detail, "receiver_name_mask"),
        phone_mask=text_of(detail, "receiver_phone_mask"),
        detail_mask=text_of(detail, "receiver_address_mask"),
        # The platform's "town" is 区县.
        region=Region(
            province=text_of(detail, "province"), city=text_of(detail, "city"), district=text_of(detail, "town")
        ),
    )
