"""Trades as TOP writes them (protocol file, section 5): numbers as JSON numbers, money as yuan text, lists nested.

What is empty is left out. The fields of `DETAIL_ONLY` are told by `taobao.trade.fullinfo.get` alone.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from domain.clock import format_beijing, from_epoch_seconds
from domain.money import format_yuan
from sandbox.refunds import RefundStatus
from sandbox.taobao.companies import COMPANIES
from sandbox.taobao.trades import Order, Trade, TradeStatus

DETAIL_ONLY = frozenset(
    {"buyer_message", "seller_memo", "promotion_details", "modify_address", "is_free_gift", "gift_mids"}
)
"""Fields of trades and of orders that lists never give."""

REFUND_STATUSES = {
    RefundStatus.REQUESTED: "WAIT_SELLER_AGREE",
    RefundStatus.REFUNDED: "SUCCESS",
    RefundStatus.REFUSED: "SELLER_REFUSE_BUYER",
    RefundStatus.WITHDRAWN: "CLOSED",
}
"""`status` of a refund, and `refund_status` of the order that it is about."""

_ORDERS = "orders"
_NUM_IID = 600_000_000_000
_SKU_ID = 5_000_000_000_000


def trade_fields(trade: Trade, shop: str, fields: Collection[str], hidden: Collection[str]) -> dict[str, Any]:
    """The wanted fields of a trade; `orders` stands for all of an order's fields, `orders.x` for one of them."""
    told = {name: value for name, value in _trade(trade, shop).items() if name in fields}
    single = len(trade.orders) == 1
    orders = [
        {
            name: value
            for name, value in _order(trade, order, index, single=single).items()
            if _ORDERS in fields or f"{_ORDERS}.{name}" in fields
        }
        for index, order in enumerate(trade.orders)
    ]
    if any(orders):
        told[_ORDERS] = {"order": [_shown(order, hidden) for order in orders]}
    return _shown(told, hidden)


def _shown(content: dict[str, Any], hidden: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name not in hidden and value != ""}


def _trade(trade: Trade, shop: str) -> dict[str, Any]:
    draft, receiver = trade.draft, trade.receiver
    item = _item(trade.orders[0], 0) if len(trade.orders) == 1 else {}
    return {
        **item,
        "tid": int(trade.tid),
        "tid_str": trade.tid,
        "type": "guarantee_trade",
        "status": trade.status.value,
        "title": shop,
        "seller_nick": shop,
        "buyer_open_uid": draft.customer.id,
        "buyer_nick": f"{draft.customer.id[:1]}**",
        "seller_flag": 0,
        "has_buyer_message": bool(draft.buyer_note),
        "buyer_message": draft.buyer_note,
        "seller_memo": trade.seller_memo,
        "created": moment(trade.created),
        "pay_time": moment(trade.paid),
        "modified": moment(trade.modified),
        "consign_time": moment(trade.consigned),
        "end_time": moment(trade.closed),
        "payment": format_yuan(draft.paid_fen),
        "post_fee": format_yuan(draft.freight_fen),
        "total_fee": format_yuan(draft.goods_fen),
        "discount_fee": format_yuan(draft.discount_fen),
        "adjust_fee": "0.00",
        "received_payment": "0.00",
        "promotion_details": _promotions(trade),
        "shipping_type": "express",
        "receiver_name": receiver.name,
        "receiver_mobile": receiver.mobile,
        "receiver_state": receiver.state,
        "receiver_city": receiver.city,
        "receiver_district": receiver.district,
        "receiver_town": receiver.town,
        "receiver_address": receiver.address,
        "oaid": "" if trade.flawed else receiver.oaid,
        "modify_address": "1" if trade.address_changed else "",
    }


def _order(trade: Trade, order: Order, index: int, *, single: bool) -> dict[str, Any]:
    """One order. In a trade of this one alone, `payment` is the trade's: postage added, discount taken off.

    Else it has neither; `divide_order_fee` is what is left of it after `part_mjz_discount`, the order's share of the
    trade's discount. A trade of one order has nothing to divide.
    """
    line, parcel = order.line, order.parcel
    status, refund = TradeStatus.SHIPPED if parcel is not None else TradeStatus.PAID, order.refund
    gifts = [other.oid for other in trade.orders if other.line.gift_of == str(index + 1)]
    main = trade.orders[int(line.gift_of) - 1].oid if line.gift_of else ""
    return {
        **_item(order, index),
        "oid": int(order.oid),
        "oid_str": order.oid,
        "status": (TradeStatus.CLOSED if trade.closed is not None or order.closed else status).value,
        "title": line.title,
        "sku_id": str(_SKU_ID + index),
        "outer_iid": line.sku.partition("-")[0],
        "outer_sku_id": line.sku,
        "total_fee": format_yuan(order.goods_fen),
        "payment": format_yuan(trade.draft.paid_fen if single else order.goods_fen),
        "discount_fee": "0.00",
        "adjust_fee": "0.00",
        "divide_order_fee": "" if single else format_yuan(order.goods_fen - order.discount_fen),
        "part_mjz_discount": format_yuan(order.discount_fen) if order.discount_fen and not single else "",
        "refund_status": REFUND_STATUSES[refund.status] if refund else "NO_REFUND",
        "refund_id": int(refund.refund_id) if refund else "",
        "logistics_company": COMPANIES[parcel.company_code].title if parcel else "",
        "invoice_no": parcel.number if parcel else "",
        "bind_oid": int(main) if main else "",
        "is_free_gift": bool(main),
        "gift_mids": main or ",".join(gifts),
    }


def _item(order: Order, index: int) -> dict[str, Any]:
    """What was bought; a trade of one order says it too."""
    return {
        "num_iid": _NUM_IID + index,
        "num": order.line.quantity,
        "price": format_yuan(order.line.unit_price_fen),
    }


def _promotions(trade: Trade) -> dict[str, Any] | str:
    discount = trade.draft.discount_fen
    if not discount:
        return ""
    promotion = {"id": int(trade.tid), "promotion_name": "满减优惠", "discount_fee": format_yuan(discount)}
    return {"promotion_detail": [promotion]}


def moment(seconds: int | None) -> str:
    """A moment as Beijing time; "" for none."""
    return "" if seconds is None else format_beijing(from_epoch_seconds(seconds))
