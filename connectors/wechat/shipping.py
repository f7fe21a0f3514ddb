"""Shipping information as the mini-program takes it (section 3 of the protocol file). Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from connectors.errors import Rejected
from connectors.wechat.settings import WechatShop
from domain.clock import BEIJING
from domain.order import ClearReceiver, Order
from domain.shipping import Carrier, SentParcel, Shipment

UPLOAD = "upload_shipping_info"
GET_ORDER = "get_order"
MOST_PARCELS = 15

_COMPANIES: dict[Carrier, str] = {
    Carrier.SF: "SF",
    Carrier.ZTO: "ZTO",
    Carrier.YTO: "YTO",
    Carrier.STO: "STO",
    Carrier.YUNDA: "YUNDA",
    Carrier.EMS: "EMS",
    Carrier.JD: "JD",
    Carrier.DEPPON: "DBL",
    Carrier.JTSD: "JTSD",
}
_LONGEST_ITEM = 120
_BY_MERCHANT_NUMBER = 1
_EXPRESS, _IN_ONE, _SPLIT = 1, 1, 2


def express_company(carrier: Carrier) -> str:
    """WeChat's delivery id of a carrier. Raises Rejected for one that it has none for (`Carrier.OTHER`)."""
    company = _COMPANIES.get(carrier)
    if company is None:
        raise Rejected("wechat", UPLOAD, f"no delivery id for carrier {carrier}")
    return company


def order_query(shop: WechatShop, out_trade_no: str) -> dict[str, Any]:
    """get_order. Its names differ from those of the upload."""
    return {"merchant_id": shop.mchid, "merchant_trade_no": out_trade_no}


def shipping_info(shop: WechatShop, shipment: Shipment, order: Order, openid: str, now: datetime) -> dict[str, Any]:
    """upload_shipping_info for an order with all its parcels that have a number. An upload after one that says that all
    has been sent would be a correction, of which WeChat allows one; before that, each may add to the last.
    Raises Rejected where WeChat would ask for what we lack.
    """
    parcels = (SentParcel(shipment.carrier, shipment.number, shipment.line_nos), *shipment.others)
    if len(parcels) > MOST_PARCELS:
        raise Rejected("wechat", UPLOAD, f"{len(parcels)} parcels, WeChat takes {MOST_PARCELS}")
    alone = len(parcels) == 1 and not shipment.to_come
    return {
        "order_key": {
            "order_number_type": _BY_MERCHANT_NUMBER,
            "mchid": shop.mchid,
            "out_trade_no": shipment.channel_order_no,
        },
        "logistics_type": _EXPRESS,
        "delivery_mode": _IN_ONE if alone else _SPLIT,
        "is_all_delivered": not shipment.to_come,
        "shipping_list": [_parcel(parcel, order, alone=alone) for parcel in parcels],
        "upload_time": now.astimezone(BEIJING).isoformat(timespec="milliseconds"),
        "payer": {"openid": openid},
    }


def _parcel(parcel: SentParcel, order: Order, *, alone: bool) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "tracking_no": parcel.number,
        "express_company": express_company(parcel.carrier),
        "item_desc": item_desc(order, None if alone else parcel.line_nos),
    }
    if parcel.carrier is Carrier.SF:
        entry["contact"] = {"receiver_contact": contact(order)}
    return entry


def item_desc(order: Order, line_nos: Sequence[str] | None = None) -> str:
    """What is in a parcel, as the buyer reads it, at most 120 characters: the whole order, or some of its lines, of
    which the pieces may be in several parcels and are not counted."""
    if line_nos is None:
        words = "、".join(f"{line.title or line.sku}*{line.quantity}" for line in order.lines)
    else:
        words = "、".join(line.title or line.sku for line in order.lines if line.line_no in line_nos)
    return words if len(words) <= _LONGEST_ITEM else words[: _LONGEST_ITEM - 1] + "…"


def contact(order: Order) -> str:
    """The receiver's phone with nothing but its last four digits. SF's parcels need it. Raises Rejected."""
    receiver = order.receiver
    # A virtual number's extension is no part of the number.
    number = re.split(r"(?<=\d{11})[-,转]", receiver.phone)[0] if isinstance(receiver, ClearReceiver) else ""
    digits = re.sub(r"\D", "", number)
    if len(digits) < 7:
        raise Rejected("wechat", UPLOAD, "the order has no phone number in clear text")
    return f"{digits[:3]}****{digits[-4:]}" if len(digits) == 11 else f"****{digits[-4:]}"
