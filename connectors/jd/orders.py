"""JD's order model (section 5 of the protocol file) → the canonical Order. Pure.

`paid_fen` is what the order is worth to the merchant: the goods less the merchant's own discount (`orderSellerPrice`)
plus freight. What the buyer paid (`actualPay`) may be less by coupons that JD settles with the merchant, and lags.
No message holds a value that could be personal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from connectors.fields import as_int, as_list, as_mapping, text_of
from connectors.jd.fields import amount_of, time_of
from connectors.shown import by_code
from domain.money import split
from domain.order import (
    Amounts,
    Channel,
    ChannelStatus,
    CipherReceiver,
    ClearReceiver,
    Customer,
    Notes,
    Order,
    OrderLine,
    Receiver,
    Region,
)
from domain.requirements import requirements_in
from domain.shadow import ShownParcel
from domain.shipping import Carrier
from domain.words import About, Glossary


class State(StrEnum):
    """JD's words for where an order stands."""

    NOT_PAY = "NOT_PAY"
    WAIT_SELLER_STOCK_OUT = "WAIT_SELLER_STOCK_OUT"
    WAIT_SELLER_DELIVERY = "WAIT_SELLER_DELIVERY"
    WAIT_GOODS_RECEIVE_CONFIRM = "WAIT_GOODS_RECEIVE_CONFIRM"
    RECEIPT_CONFIRM = "RECEIPT_CONFIRM"
    FINISHED_L = "FINISHED_L"
    TRADE_CANCELED = "TRADE_CANCELED"
    LOCKED = "LOCKED"
    PAUSE = "PAUSE"
    POP_ORDER_PAUSE = "POP_ORDER_PAUSE"


STATUS = Glossary(
    "jd",
    About.ORDER,
    ChannelStatus,
    {
        "NOT_PAY": ChannelStatus.UNPAID,
        "WAIT_SELLER_STOCK_OUT": ChannelStatus.PAID,
        "WAIT_SELLER_DELIVERY": ChannelStatus.PAID,
        "WAIT_GOODS_RECEIVE_CONFIRM": ChannelStatus.SHIPPED,
        "RECEIPT_CONFIRM": ChannelStatus.FINISHED,
        "FINISHED_L": ChannelStatus.FINISHED,
        "TRADE_CANCELED": ChannelStatus.CANCELLED,
        # A refund was applied for, or JD stopped the order: it must not ship, and may come back.
        "LOCKED": ChannelStatus.LOCKED,
        "PAUSE": ChannelStatus.LOCKED,
        "POP_ORDER_PAUSE": ChannelStatus.LOCKED,
    },
    field="order state",
)

ORDER_NO = re.compile(r"[0-9]{1,20}")
"""JD's numbers, of orders and refunds."""
_MOST_PIECES = 1_000_000


def order_no_of(info: Mapping[str, Any]) -> str:
    """The order's number. Raises ValueError."""
    number = text_of(info, "orderId")
    if not ORDER_NO.fullmatch(number):
        raise ValueError("no orderId")
    return number


def version_of(info: Mapping[str, Any]) -> int:
    """The moment of the last change, in ms. Raises ValueError."""
    modified = time_of(info, "modified")
    if modified is None:
        raise ValueError("no modified")
    return int(modified.timestamp()) * 1000


def status_of(info: Mapping[str, Any]) -> ChannelStatus:
    """What JD says of the order. Raises ValueError for a state that we do not know: it is never guessed."""
    return STATUS.mean(text_of(info, "orderState"))


def parents_of(info: Mapping[str, Any]) -> list[str]:
    """The orders that this one was split from, the purchase first: they are no more. [] for an order that is whole."""
    named = [text_of(info, name) for name in ("parentOrderId", "directParentOrderId")]
    own = text_of(info, "orderId")
    return [no for no in dict.fromkeys(named) if ORDER_NO.fullmatch(no) and no.strip("0") and no != own]


def to_order(info: Mapping[str, Any], shop: str, *, encrypted: bool, version: int | None = None) -> Order:
    """The canonical order. `encrypted` says that the receiver is ciphertext; `version` stands in for the time of change
    where there is none. Raises ValueError."""
    order_no = order_no_of(info)
    if text_of(info, "venderId") not in ("", shop):
        raise ValueError("the order is another vender's: its token stands under this shop")
    status = status_of(info)
    placed_at = time_of(info, "orderStartTime")
    if placed_at is None:
        raise ValueError("no orderStartTime")
    paid_at = time_of(info, "paymentConfirmTime")
    if paid_at is None and status not in (ChannelStatus.UNPAID, ChannelStatus.CANCELLED):
        paid_at = placed_at  # cash on delivery is never confirmed, and ships all the same
    if text_of(info, "orderState") == "NOT_PAY":
        paid_at = None
    lines, amounts = _lines_and_amounts(info, order_no)
    buyer, seller = text_of(info, "orderRemark"), text_of(info, "venderRemark")
    parents = parents_of(info)
    return Order(
        channel=Channel.JD,
        shop=shop,
        channel_order_no=order_no,
        version=version_of(info) if version is None else version,
        status=status,
        placed_at=placed_at,
        paid_at=paid_at,
        lines=lines,
        amounts=amounts,
        receiver=_receiver(info, encrypted),
        # Without the buyer's id the order is a customer of its own: an id shared by strangers would link them.
        customer=Customer(external_id=text_of(info, "open_id_seller") or text_of(info, "pin") or f"order-{order_no}"),
        notes=Notes(buyer=buyer, seller=seller, requirements=requirements_in(buyer, seller)),
        parent_no=parents[0] if parents else "",
    )


def parcels(info: Mapping[str, Any], carrier_ids: Mapping[Carrier, str]) -> list[ShownParcel]:
    """The parcels that JD shows, by whoever told it of them: numbers and carriers in the same order; no moment."""
    numbers, words = (_listed(text_of(info, name)) for name in ("waybill", "logisticsId"))
    return [
        ShownParcel(number, by_code(carrier_ids, word), word)
        for number, word in zip(numbers, words + [""] * len(numbers), strict=False)
    ]


def _listed(joined: str) -> list[str]:
    return [one for one in re.split(r"[|,;\s]+", joined) if one]


def _lines_and_amounts(info: Mapping[str, Any], order_no: str) -> tuple[tuple[OrderLine, ...], Amounts]:
    items = [as_mapping(item, "itemInfoList[]") for item in as_list(info.get("itemInfoList"))]
    if not items:
        raise ValueError("no itemInfoList")
    bare = [_bare_line(item) for item in items]
    gross = [quantity * price for _, _, quantity, price in bare]
    goods, freight, discount = _sums(info, sum(gross))
    shares = _shares(info, [sku_id for sku_id, _, _, _ in bare], gross, discount)
    seen: dict[str, int] = {}
    lines = []
    for item, (sku_id, sku, quantity, price), whole, share in zip(items, bare, gross, shares, strict=True):
        seen[sku_id] = seen.get(sku_id, 0) + 1
        lines.append(
            OrderLine(
                line_no=f"{order_no}:{sku_id}:{seen[sku_id]}",
                sku=sku,
                title=text_of(item, "skuName"),
                quantity=quantity,
                unit_price_fen=price,
                amount_fen=whole - share,
            )
        )
    paid = goods + freight - discount
    return tuple(lines), Amounts(goods_fen=goods, freight_fen=freight, discount_fen=discount, paid_fen=paid)


def _bare_line(item: Mapping[str, Any]) -> tuple[str, str, int, int]:
    """The line's SKU id at JD, our SKU, the pieces, and the price of one in fen."""
    sku_id = text_of(item, "skuId")
    sku = text_of(item, "outerSkuId") or text_of(item, "productNo") or sku_id
    quantity, price = as_int(item.get("itemTotal"), "itemTotal"), amount_of(item, "jdPrice")
    if not sku or not 0 < quantity < _MOST_PIECES:
        raise ValueError("an item without skuId or itemTotal")
    if price is None or price < 0:
        raise ValueError("an item without jdPrice")
    return sku_id or sku, sku, quantity, price


def _sums(info: Mapping[str, Any], of_lines: int) -> tuple[int, int, int]:
    """Goods, freight and discount in fen. Raises ValueError where JD's own numbers do not add up."""
    total, worth = amount_of(info, "orderTotalPrice"), amount_of(info, "orderSellerPrice")
    discount, freight = amount_of(info, "sellerDiscount"), amount_of(info, "freightPrice") or 0
    if total is None:
        raise ValueError("no orderTotalPrice")
    if total != of_lines:
        raise ValueError(f"orderTotalPrice is {total} fen, the items add up to {of_lines} fen")
    if discount is None:
        if worth is None:
            raise ValueError("neither orderSellerPrice nor sellerDiscount")
        discount = total - worth
    if worth is not None and total - discount != worth:
        raise ValueError(f"orderSellerPrice is {worth} fen, {total} fen less {discount} fen discount is another sum")
    if not 0 <= discount <= total or freight < 0:
        raise ValueError(f"goods of {total} fen with {discount} fen discount and {freight} fen freight")
    return total, freight, discount


def _shares(info: Mapping[str, Any], sku_ids: Sequence[str], gross: Sequence[int], discount: int) -> Sequence[int]:
    """Each line's part of the merchant's discount.

    `couponDetailList` tells where it names SKUs and comes to exactly the discount, every SKU stands in one line, and no
    part exceeds its line; it also holds JD's own coupons, and then the discount is spread in proportion.
    """
    by_sku: dict[str, int] = {}
    for raw in as_list(info.get("couponDetailList")):
        coupon = as_mapping(raw, "couponDetailList[]")
        sku_id = text_of(coupon, "skuId")
        by_sku[sku_id] = by_sku.get(sku_id, 0) + (amount_of(coupon, "couponPrice") or 0)
    if len(set(sku_ids)) == len(sku_ids) and set(by_sku) <= set(sku_ids) and sum(by_sku.values()) == discount:
        named = [by_sku.get(sku_id, 0) for sku_id in sku_ids]
        if all(0 <= part <= whole for part, whole in zip(named, gross, strict=True)):
            return named
    return split(discount, gross)


def _receiver(info: Mapping[str, Any], encrypted: bool) -> Receiver:
    consignee = info.get("consigneeInfo")
    who: Mapping[str, Any] = consignee if isinstance(consignee, dict) else {}
    region = Region(
        province=text_of(who, "province"),
        city=text_of(who, "city"),
        district=text_of(who, "county"),
        town=text_of(who, "town"),
    )
    name, address = text_of(who, "fullname"), text_of(who, "fullAddress")
    phone = text_of(who, "mobile") or text_of(who, "telephone")
    if encrypted:
        return CipherReceiver(
            platform=Channel.JD,
            name_cipher=name,
            phone_cipher=phone,
            detail_cipher=address,
            region=region,
            handle=text_of(who, "oaid"),
        )
    return ClearReceiver(name=name, phone=phone, region=region, detail=_detail(address, region))


def _detail(address: str, region: Region) -> str:
    """`fullAddress` begins with the region, which labels print by themselves."""
    rest = address
    for part in (region.province, region.city, region.district, region.town):
        rest = rest.removeprefix(part)
    return rest.strip() or address
