"""The business parameters of Pinduoduo's calls (section 5 of the protocol file). Pure."""

from __future__ import annotations

from typing import Any

from connectors.ewaybills import Sender
from connectors.pdd.responses import PARTNER
from connectors.pdd.settings import CourierTerms
from connectors.ports import Window
from connectors.stock import number_of
from connectors.wording import requirement_words
from domain.listing import StockFigure
from domain.order import CipherReceiver
from domain.shipping import Shipment, WaybillRequest

CREATE_TOKEN = "pdd.pop.auth.token.create"  # noqa: S105 - the name of a call
REFRESH_TOKEN = "pdd.pop.auth.token.refresh"  # noqa: S105
LIST_ORDERS = "pdd.order.number.list.increment.get"
ORDER_DETAIL = "pdd.order.information.get"
LIST_REFUNDS = "pdd.refund.list.increment.get"
CHECK_REFUND = "pdd.refund.status.check"
SHIP_ORDER = "pdd.logistics.online.send"
ADD_PARCEL = "pdd.order.upload.extra.logistics"
SET_STOCK = "pdd.goods.quantity.update"
CREATE_WAYBILL = "pdd.waybill.get"
CANCEL_WAYBILL = "pdd.waybill.cancel"

PAGE_SIZE = 100

_ALL, _EVERY_KIND, _ORDINARY = 5, 0, 0
_ALL_REFUNDS = 1
"""after_sales_status and after_sales_type: 1全部. That the status has it too is our reading (medium confidence)."""
_WHOLE_FIGURE = 1  # update_type: 1 全量更新
_SPLIT = 1  # extra_track_type: 分包发货

Business = dict[str, Any]


def list_orders(window: Window, page: int) -> Business:
    """pdd.order.number.list.increment.get. Deposit orders (trade_type 1) are not asked for: this channel does not carry
    them. The total is wanted, since pages are read from the last to the first."""
    return {
        "start_updated_at": int(window.start.timestamp()),
        "end_updated_at": int(window.end.timestamp()),
        "order_status": _ALL,
        "refund_status": _ALL,
        "is_lucky_flag": _EVERY_KIND,
        "trade_type": _ORDINARY,
        "use_has_next": False,
        "page": page,
        "page_size": PAGE_SIZE,
    }


def order_detail(order_sn: str) -> Business:
    """pdd.order.information.get."""
    return {"order_sn": order_sn}


def list_refunds(window: Window, page: int) -> Business:
    """pdd.refund.list.increment.get, of every type and status."""
    return {
        "start_updated_at": int(window.start.timestamp()),
        "end_updated_at": int(window.end.timestamp()),
        "after_sales_status": _ALL_REFUNDS,
        "after_sales_type": _ALL_REFUNDS,
        "page": page,
        "page_size": PAGE_SIZE,
    }


def check_refund(order_sn: str) -> Business:
    """pdd.refund.status.check of one order."""
    return {"order_sns": order_sn}


def ship_order(shipment: Shipment, logistics_id: int) -> Business:
    """pdd.logistics.online.send: the order's first parcel, with which the whole order counts as shipped."""
    return {
        "order_sn": shipment.channel_order_no,
        "logistics_id": logistics_id,
        "tracking_number": shipment.number,
    }


def add_parcel(shipment: Shipment, logistics_id: int) -> Business:
    """pdd.order.upload.extra.logistics: one more parcel of an order that is shipped, for the buyer to see.

    Its fields: the vendor's page, as its SDKs have it (high confidence).
    """
    return {
        "order_sn": shipment.channel_order_no,
        "extra_track_type": _SPLIT,
        "extra_track_list": [{"shipping_id": logistics_id, "tracking_number": shipment.number}],
    }


def set_stock(figure: StockFigure) -> Business:
    """pdd.goods.quantity.update with the whole figure."""
    return {
        "goods_id": number_of(PARTNER, SET_STOCK, "goods_id", figure.item_id),
        "sku_id": number_of(PARTNER, SET_STOCK, "sku_id", figure.sku_id),
        "quantity": figure.pieces,
        "update_type": _WHOLE_FIGURE,
    }


def create_waybill(request: WaybillRequest, receiver: CipherReceiver, terms: CourierTerms, sender: Sender) -> Business:
    """pdd.waybill.get for one parcel, with the receiver's ciphertexts.

    The structure is that of cainiao.waybill.ii.get, with `wp_code` for `cp_code`: the vendor's page of pdd.waybill.get.
    """
    region = receiver.region
    words = " ".join(part for part in (requirement_words(request.requirements), request.remark) if part)
    package: Business = {
        "id": request.key,
        "items": [{"name": goods.name, "count": goods.quantity} for goods in request.goods],
        "weight": request.weight_g,
    }
    if words:
        package["goods_description"] = words
    recipient = {
        "name": receiver.name_cipher,
        "mobile": receiver.phone_cipher,
        "address": _address(region.province, region.city, region.district, region.town, receiver.detail_cipher),
    }
    return {
        "param_waybill_cloud_print_apply_new_request": {
            "wp_code": terms.wp_code,
            "need_encrypt": True,
            "sender": {
                "name": sender.name,
                "mobile": sender.mobile,
                "address": _address(sender.province, sender.city, sender.district, "", sender.detail),
            },
            "trade_order_info_dtos": [
                {
                    "object_id": request.key,
                    "order_info": {"order_channels_type": "PDD", "trade_order_list": [request.channel_order_no]},
                    "package_info": package,
                    "recipient": recipient,
                    "template_url": terms.template_url,
                    "user_id": int(request.shop),
                }
            ],
        }
    }


def cancel_waybill(wp_code: str, number: str) -> Business:
    """pdd.waybill.cancel."""
    return {"wp_code": wp_code, "waybill_code": number}


def _address(province: str, city: str, district: str, town: str, detail: str) -> dict[str, str]:
    parts = {"province": province, "city": city, "district": district, "town": town, "detail": detail}
    return {name: part for name, part in parts.items() if part}
