"""Douyin's order model (order.orderDetail, section 5 of the protocol file) → the canonical Order. Pure.

Any documented field may be missing, since permissions go down to single fields. What only describes (titles, notes,
masks) is then left empty; an order without what it is made of (lines, quantities, amounts that add up) is refused with
a ValueError that names the field. No message holds a value that could be personal.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from connectors.douyin.carriers import carrier_of
from connectors.douyin.money import line_amounts
from connectors.fields import as_int, as_list, as_mapping, as_text, optional_int, text_of
from connectors.shown import moment
from domain.clock import from_epoch_seconds
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
from domain.words import About, Glossary

_STATUS = Glossary(
    "douyin",
    About.ORDER,
    ChannelStatus,
    {
        "1": ChannelStatus.UNPAID,
        "103": ChannelStatus.UNPAID,  # 部分支付: the deposit of a presale
        "105": ChannelStatus.LOCKED,  # 已支付, and the platform still looks into it (审核中): not to be shipped
        "2": ChannelStatus.PAID,
        "101": ChannelStatus.PAID,  # 部分发货: goods are still owed
        "3": ChannelStatus.SHIPPED,
        "5": ChannelStatus.FINISHED,
        "4": ChannelStatus.CANCELLED,
        "21": ChannelStatus.CANCELLED,  # 发货前退款完结
        "22": ChannelStatus.FINISHED,  # 发货后退款完结
        "39": ChannelStatus.FINISHED,  # 收货后退款完结
    },
    field="order status",
)
_ONLY_IN_MAIN_STATUS = frozenset({103, 21, 22, 39})

_VERSIONS_PER_SECOND = 1000


def status_of(detail: Mapping[str, Any]) -> ChannelStatus:
    """What the platform says of the order. Raises ValueError for a status that we do not know: it is never guessed."""
    main = optional_int(detail, "main_status")
    own = optional_int(detail, "order_status")
    return _STATUS.mean(main if main in _ONLY_IN_MAIN_STATUS or own is None else own)


def to_order(detail: Mapping[str, Any], shop: str, order_no: str) -> Order:
    """The canonical order out of `shop_order_detail`. Raises ValueError.

    `version` is the update time in seconds times 1000. The platform moves that time with the main status only, so a
    changed remark or receiver comes under the version that is already there.
    """
    if text_of(detail, "order_id") not in ("", order_no):
        raise ValueError("the answer is about another order")
    status = status_of(detail)
    times = {name: _time(detail, name) for name in ("create_time", "pay_time", "update_time", "ship_time")}
    known = [moment for moment in times.values() if moment is not None]
    if not known:
        raise ValueError("no create_time")
    placed_at = times["create_time"] or min(known)
    changed_at = times["update_time"] or max(known)
    # A status of "paid" without the moment (a field outside our permissions): the order's own moment is the nearest
    # that is surely not later, and deadlines that run from it are kept.
    paid_at = None if status is ChannelStatus.UNPAID else times["pay_time"]
    if paid_at is None and status not in (ChannelStatus.UNPAID, ChannelStatus.CANCELLED):
        paid_at = placed_at
    lines, amounts = _lines_and_amounts(detail)
    buyer, seller = text_of(detail, "buyer_words"), text_of(detail, "seller_words")
    return Order(
        channel=Channel.DOUYIN,
        shop=shop,
        channel_order_no=order_no,
        version=int(changed_at.timestamp()) * _VERSIONS_PER_SECOND,
        status=status,
        placed_at=placed_at,
        paid_at=paid_at,
        lines=lines,
        amounts=amounts,
        receiver=_receiver(detail),
        # Without the buyer's id the order is a customer of its own: an id shared by strangers would link them.
        customer=Customer(
            external_id=text_of(detail, "open_id") or text_of(detail, "doudian_open_id") or f"order-{order_no}"
        ),
        notes=Notes(buyer=buyer, seller=seller, requirements=requirements_in(buyer, seller)),
    )


def parcels(detail: Mapping[str, Any]) -> list[ShownParcel]:
    """The parcels that the platform shows, by whoever told it of them."""
    entries = [entry for entry in as_list(detail.get("logistics_info")) if isinstance(entry, dict)]
    return [
        ShownParcel(
            text_of(entry, "tracking_no"),
            carrier_of(text_of(entry, "company")),
            text_of(entry, "company"),
            moment(partial(_time, entry, "ship_time")),
        )
        for entry in entries
    ]


def quantities(detail: Mapping[str, Any]) -> dict[str, int]:
    """Pieces by sub order id. Raises ValueError."""
    return {line.line_no: line.quantity for line in _lines_and_amounts(detail)[0]}


def _time(source: Mapping[str, Any], name: str) -> datetime | None:
    seconds = optional_int(source, name)
    if seconds is None or seconds <= 0:  # 0 is the platform's "not yet"
        return None
    try:
        return from_epoch_seconds(seconds)
    except (OverflowError, OSError, ValueError):
        raise ValueError(f"{name} is no time") from None


def _lines_and_amounts(detail: Mapping[str, Any]) -> tuple[tuple[OrderLine, ...], Amounts]:
    items = [as_mapping(item, "sku_order_list[]") for item in as_list(detail.get("sku_order_list"))]
    if not items:
        raise ValueError("no sku_order_list")
    paid = as_int(detail.get("pay_amount"), "pay_amount")
    freight = optional_int(detail, "post_amount") or 0
    amounts = line_amounts(items, paid, freight)
    line_nos = frozenset(text_of(item, "order_id") for item in items)
    lines = tuple(_line(item, amount, line_nos) for item, amount in zip(items, amounts, strict=True))
    goods = sum(line.quantity * line.unit_price_fen for line in lines)
    return lines, Amounts(goods_fen=goods, freight_fen=freight, discount_fen=goods + freight - paid, paid_fen=paid)


def _line(item: Mapping[str, Any], amount: int, line_nos: frozenset[str]) -> OrderLine:
    line_no = text_of(item, "order_id")
    sku = text_of(item, "code") or text_of(item, "out_sku_id") or text_of(item, "sku_id")
    quantity = as_int(item.get("item_num"), "item_num")
    if not line_no or not sku or not 0 < quantity < 1_000_000:
        raise ValueError("a sub order without order_id, sku or item_num")
    return OrderLine(
        line_no=line_no,
        sku=sku,
        title=text_of(item, "product_name"),
        quantity=quantity,
        unit_price_fen=_unit_price(item, quantity),
        amount_fen=amount,
        gift_of=_main_line(item, line_no, line_nos) if amount == 0 else None,
    )


def _unit_price(item: Mapping[str, Any], quantity: int) -> int:
    """`origin_amount` is the piece's current price; `sum_amount` the same times the quantity."""
    price = optional_int(item, "origin_amount")
    if price is not None:
        return price
    total = optional_int(item, "sum_amount")
    if total is None or total % quantity:
        raise ValueError("no origin_amount")
    return total // quantity


def _main_line(item: Mapping[str, Any], line_no: str, line_nos: frozenset[str]) -> str | None:
    if text_of(item, "given_product_type") != "FREE":
        return None
    main = next(iter(map(as_text, as_list(item.get("master_sku_order_id_list")))), "")
    return main if main in line_nos and main != line_no else None


def _receiver(detail: Mapping[str, Any]) -> CipherReceiver:
    address, mask = detail.get("post_addr"), detail.get("mask_post_addr")
    address = address if isinstance(address, dict) else {}
    mask = mask if isinstance(mask, dict) else {}

    def place(level: str) -> str:
        return _place(address.get(level)) or _place(mask.get(level))

    return CipherReceiver(
        platform=Channel.DOUYIN,
        name_cipher=text_of(detail, "encrypt_post_receiver"),
        phone_cipher=text_of(detail, "encrypt_post_tel"),
        detail_cipher=text_of(address, "encrypt_detail"),
        name_mask=text_of(detail, "mask_post_receiver"),
        phone_mask=text_of(detail, "mask_post_tel"),
        detail_mask=text_of(mask, "detail"),
        # The platform's "town" is 区县 and its "street" is 街道.
        region=Region(province=place("province"), city=place("city"), district=place("town"), town=place("street")),
    )


def _place(value: object) -> str:
    """A level of an address: {"name", "id"}, or the name alone."""
    return as_text(value.get("name") if isinstance(value, dict) else value)
