"""Shipping information as the mini-program takes it (section 3 of the protocol file). Pure."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from connectors.errors import Rejected
from connectors.wechat.settings import WechatSettings
from domain.clock import BEIJING
from domain.order import ClearReceiver, Order
from domain.shipping import Carrier, Shipment

UPLOAD = "upload_shipping_info"
GET_ORDER = "get_order"

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
_EXPRESS, _IN_ONE = 1, 1


def express_company(carrier: Carrier) -> str:
    """WeChat's delivery id of a carrier. Raises Rejected for one that it has none for (`Carrier.OTHER`)."""
    company = _COMPANIES.get(carrier)
    if company is None:
        raise Rejected("wechat", UPLOAD, f"no delivery id for carrier {carrier}")
    return company


def order_query(settings: WechatSettings, out_trade_no: str) -> dict[str, Any]:
    """get_order. Its names differ from those of the upload."""
    return {"merchant_id": settings.mchid, "merchant_trade_no": out_trade_no}


def shipping_info(
    settings: WechatSettings, shipment: Shipment, order: Order, openid: str, now: datetime
) -> dict[str, Any]:
    """upload_shipping_info for an order in one parcel. Raises Rejected where WeChat would ask for what we lack."""
    company = express_company(shipment.carrier)
    parcel: dict[str, Any] = {
        "tracking_no": shipment.number,
        "express_company": company,
        "item_desc": item_desc(order),
    }
    if shipment.carrier is Carrier.SF:
        parcel["contact"] = {"receiver_contact": contact(order)}
    return {
        "order_key": {
            "order_number_type": _BY_MERCHANT_NUMBER,
            "mchid": settings.mchid,
            "out_trade_no": shipment.channel_order_no,
        },
        "logistics_type": _EXPRESS,
        "delivery_mode": _IN_ONE,
        "is_all_delivered": True,
        "shipping_list": [parcel],
        "upload_time": now.astimezone(BEIJING).isoformat(timespec="milliseconds"),
        "payer": {"openid": openid},
    }


def item_desc(order: Order) -> str:
    """What is in the parcel, as the buyer reads it: at most 120 characters."""
    words = "、".join(f"{line.title or line.sku}*{line.quantity}" for line in order.lines)
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
