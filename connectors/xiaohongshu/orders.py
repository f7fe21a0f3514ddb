"""Xiaohongshu's order model (order.getOrderDetail, section 5 of the protocol file) → the canonical Order. Pure.

Amounts are fen, times milliseconds. What only describes may be missing; an order without what it is made of is refused
with a ValueError that names the field. No message holds a value that could be personal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from connectors.fields import as_int, as_list, as_mapping, optional_int, text_of
from connectors.shown import by_code, moment
from connectors.xiaohongshu.settings import CourierTerms
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
from domain.shipping import Carrier
from domain.words import About, Glossary

_STATUS = Glossary(
    "xiaohongshu",
    About.ORDER,
    ChannelStatus,
    {
        "1": ChannelStatus.UNPAID,
        "2": ChannelStatus.LOCKED,  # 已支付处理中: paid, but in the platform's risk control
        "3": ChannelStatus.LOCKED,  # 清关中: paid, but the customs have not let it go
        "4": ChannelStatus.PAID,
        "5": ChannelStatus.PAID,  # 部分发货: goods are still owed
        "6": ChannelStatus.SHIPPED,
        "7": ChannelStatus.FINISHED,
        "8": ChannelStatus.CANCELLED,
        "9": ChannelStatus.CANCELLED,
        "10": ChannelStatus.SHIPPED,  # 换货申请中: the goods are with the buyer
    },
    field="orderStatus",
)
_NUMBER = re.compile(r"[0-9A-Za-z_-]{1,64}")
_CANCEL_ASKED = 1  # of cancelStatus
_AFTER_SALE_OPEN = frozenset({2, 6})  # of orderAfterSalesStatus: in progress, with the platform
_GIFT = 1  # of skuTag


def status_of(detail: Mapping[str, Any]) -> ChannelStatus:
    """What the platform says of the order. Raises ValueError for a status that we do not know: it is never guessed.

    LOCKED is what is paid and must not ship: risk control, customs, and a cancellation that is being handled
    (cancelStatus 1). When the platform lets go of it, it is PAID or CANCELLED.
    """
    status = _STATUS.mean(optional_int(detail, "orderStatus"))
    if status is ChannelStatus.PAID and optional_int(detail, "cancelStatus") == _CANCEL_ASKED:
        return ChannelStatus.LOCKED
    return status


def is_number(text: str) -> bool:
    """Whether this can be the number of an order or an after-sale. Anything else could break what it is a key in."""
    return _NUMBER.fullmatch(text) is not None


def under_after_sale(detail: Mapping[str, Any]) -> bool:
    """Whether a cancellation or an after-sale is open: shipping now would refuse the buyer's refund."""
    return (
        optional_int(detail, "cancelStatus") == _CANCEL_ASKED
        or optional_int(detail, "orderAfterSalesStatus") in _AFTER_SALE_OPEN
    )


def version_of(source: Mapping[str, Any]) -> int:
    """`updateTime`, in milliseconds, of an order or a row of the list. Raises ValueError."""
    version = as_int(source.get("updateTime"), "updateTime")
    if version < 0:
        raise ValueError("updateTime is no time")
    return version


def to_order(detail: Mapping[str, Any], shop: str, order_no: str) -> Order:
    """The canonical order. Raises ValueError."""
    if text_of(detail, "orderId") != order_no:
        raise ValueError("the answer is about another order")
    status = status_of(detail)
    placed_at, paid_at = _time(detail, "createdTime"), _time(detail, "paidTime")
    placed_at = placed_at or paid_at
    if placed_at is None:
        raise ValueError("no createdTime")
    if status is ChannelStatus.UNPAID:
        paid_at = None
    elif paid_at is None and status is not ChannelStatus.CANCELLED:
        paid_at = placed_at
    lines, amounts = _lines_and_amounts(detail)
    buyer, seller = text_of(detail, "customerRemark"), text_of(detail, "sellerRemark")
    return Order(
        channel=Channel.XIAOHONGSHU,
        shop=shop,
        channel_order_no=order_no,
        version=version_of(detail),
        status=status,
        placed_at=placed_at,
        paid_at=paid_at,
        lines=lines,
        amounts=amounts,
        receiver=_receiver(detail),
        # Without the buyer's id the order is a customer of its own: an id shared by strangers would link them.
        customer=Customer(external_id=text_of(detail, "userId") or f"order-{order_no}"),
        notes=Notes(buyer=buyer, seller=seller, requirements=requirements_in(buyer, seller)),
    )


def parcels(detail: Mapping[str, Any], couriers: Mapping[Carrier, CourierTerms]) -> list[ShownParcel]:
    """The parcels that the platform shows, by whoever told it of them."""
    parts = [part for part in as_list(detail.get("simpleDeliveryOrderList")) if isinstance(part, dict)]
    codes = {carrier: terms.code for carrier, terms in couriers.items()}
    at = moment(partial(_time, detail, "deliveryTime"))
    return [
        ShownParcel(
            text_of(source, "expressTrackingNo"),
            by_code(codes, text_of(source, "expressCompanyCode")),
            text_of(source, "expressCompanyCode"),
            at,
        )
        for source in (*parts, detail)
    ]


def sku_id_of(line_no: str) -> str:
    """The platform's SKU of a line: see `numbered_line_nos`."""
    return line_no.partition("-")[0]


def numbered_line_nos(sku_ids: Sequence[str]) -> list[str]:
    """Line numbers: the SKU, and of one that comes again (a gift of what was bought) the SKU with a number behind."""
    seen: dict[str, int] = {}
    numbered = []
    for sku_id in sku_ids:
        seen[sku_id] = count = seen.get(sku_id, 0) + 1
        numbered.append(sku_id if count == 1 else f"{sku_id}-{count}")
    return numbered


def _time(source: Mapping[str, Any], name: str) -> datetime | None:
    milliseconds = optional_int(source, name)
    if milliseconds is None or milliseconds <= 0:  # 0 is "not yet"
        return None
    try:
        return from_epoch_seconds(milliseconds // 1000)
    except (OverflowError, OSError, ValueError):
        raise ValueError(f"{name} is no time") from None


def _lines_and_amounts(detail: Mapping[str, Any]) -> tuple[tuple[OrderLine, ...], Amounts]:
    """Goods are what the lines cost before the discounts that stand at them; the order's own discount fields are not
    added up, for they overlap."""
    items = [as_mapping(item, "skuList[]") for item in as_list(detail.get("skuList"))]
    if not items:
        raise ValueError("no skuList")
    paid = as_int(detail.get("totalPayAmount"), "totalPayAmount")
    freight = optional_int(detail, "totalShippingFree") or 0
    amounts = _paid_parts(items, paid, freight)
    full = [
        amount + (optional_int(item, "totalMerchantDiscount") or 0) + (optional_int(item, "totalRedDiscount") or 0)
        for item, amount in zip(items, amounts, strict=True)
    ]
    if min(*amounts, *full, freight) < 0:
        raise ValueError("a negative amount")
    lines = [_line(item, *money) for item, *money in zip(items, amounts, full, strict=True)]
    goods = sum(full)
    return _bound(_numbered(lines), items), Amounts(
        goods_fen=goods, freight_fen=freight, discount_fen=goods + freight - paid, paid_fen=paid
    )


def _paid_parts(items: Sequence[Mapping[str, Any]], paid: int, freight: int) -> list[int]:
    """Fen paid for each SKU, freight left out, so that they and the freight add up to `paid` exactly.

    The documents do not say whether a SKU's `totalPaidAmount` holds the freight. The sums tell: either it is left over,
    or the only paid SKU holds it. Nothing is spread by guess: amounts that add up neither way raise ValueError.
    """
    parts = [as_int(item.get("totalPaidAmount"), "totalPaidAmount") for item in items]
    if sum(parts) + freight == paid:
        return parts
    if sum(parts) == paid and sum(1 for part in parts if part) == 1:
        return [part - freight if part else 0 for part in parts]
    raise ValueError(f"SKUs add up to {sum(parts)} fen, the order to {paid} fen with {freight} fen freight")


def _line(item: Mapping[str, Any], amount: int, full: int) -> OrderLine:
    sku_id = text_of(item, "skuId")
    quantity = as_int(item.get("skuQuantity"), "skuQuantity")
    if not sku_id or "-" in sku_id or not 0 < quantity < 1_000_000:
        raise ValueError("a SKU without skuId or skuQuantity")
    return OrderLine(
        line_no=sku_id,
        sku=text_of(item, "erpcode") or _only_part(item) or sku_id,
        title=text_of(item, "skuName") or text_of(item, "itemName"),
        quantity=quantity,
        # Of a line whose discounts do not divide by its pieces, the fen that are left over stand in no piece.
        unit_price_fen=full // quantity,
        amount_fen=amount,
    )


def _only_part(item: Mapping[str, Any]) -> str:
    """The code of the only physical SKU behind a sold one; a combo without a code of its own has none."""
    parts = [part for part in as_list(item.get("skuDetailList")) if isinstance(part, dict)]
    return text_of(parts[0], "erpCode") or text_of(parts[0], "barcode") if len(parts) == 1 else ""


def _numbered(lines: Sequence[OrderLine]) -> list[OrderLine]:
    numbers = numbered_line_nos([line.line_no for line in lines])
    return [line.model_copy(update={"line_no": number}) for line, number in zip(lines, numbers, strict=True)]


def _bound(lines: Sequence[OrderLine], items: Sequence[Mapping[str, Any]]) -> tuple[OrderLine, ...]:
    """Gifts with the line that they belong to: the platform names none, so only an only one is it."""
    gifts = [
        optional_int(item, "skuTag") == _GIFT and line.amount_fen == 0 for line, item in zip(lines, items, strict=True)
    ]
    mains = [line.line_no for line, gift in zip(lines, gifts, strict=True) if not gift]
    main = mains[0] if len(mains) == 1 else None
    return tuple(
        line.model_copy(update={"gift_of": main}) if gift else line for line, gift in zip(lines, gifts, strict=True)
    )


def _receiver(detail: Mapping[str, Any]) -> CipherReceiver:
    """`openAddressId` is the platform's handle of a receiver, and all that its e-waybill needs."""
    handle = text_of(detail, "openAddressId")
    return CipherReceiver(
        platform=Channel.XIAOHONGSHU,
        name_cipher=handle,
        phone_cipher=handle,
        detail_cipher=handle,
        region=Region(
            province=text_of(detail, "receiverProvinceName"),
            city=text_of(detail, "receiverCityName"),
            district=text_of(detail, "receiverDistrictName"),
        ),
    )
