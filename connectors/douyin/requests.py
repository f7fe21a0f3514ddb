"""The business parameters of Douyin's calls (section 5 of the protocol file). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.ewaybills import Sender
from connectors.stock import number_of
from connectors.wording import requirement_words
from domain.ids import partner_key
from domain.listing import StockFigure
from domain.order import CipherReceiver
from domain.shipping import Shipment, WaybillRequest

_PARTNER = "douyin"

CHANGED_ORDERS = "order.searchList"
ORDER_DETAIL = "order.orderDetail"
CHANGED_REFUNDS = "afterSale.List"
REFUND_DETAIL = "afterSale.Detail"
SHIP_ORDER = "order.logisticsAdd"
SHIP_PACK = "order.logisticsAddMultiPack"
SET_STOCK = "sku.syncStock"
CREATE_WAYBILL = "logistics.newCreateOrder"
CANCEL_WAYBILL = "logistics.cancelOrder"
LIST_WAYBILLS = "logistics.listEbill"
"""Our reading (low confidence): the public documents show no call that lists an order's e-waybills."""


def order_detail(order_no: str) -> dict[str, Any]:
    """order.orderDetail."""
    return {"shop_order_id": order_no}


def one_refund(refund_id: str) -> dict[str, Any]:
    """afterSale.List of a single after-sale: the same row as in the list of changes."""
    return {"aftersale_id": refund_id, "page": 0, "size": 10}


def refund_detail(refund_id: str) -> dict[str, Any]:
    """afterSale.Detail."""
    return {"after_sale_id": refund_id, "need_operation_record": False}


def ship_order(shipment: Shipment, company: str) -> dict[str, Any]:
    """order.logisticsAdd: the whole order in one parcel. A pending refund makes the platform refuse, as it should."""
    return {"order_id": shipment.channel_order_no, "company_code": company, "logistics_code": shipment.number}


def ship_pack(shipment: Shipment, company: str, pieces: Mapping[str, int]) -> dict[str, Any]:
    """order.logisticsAddMultiPack with one pack: a parcel with some of the order's lines. `pieces` by sub order id.

    The platform answers a `request_id` that it has seen with the old success and does nothing, so the number is in it:
    a parcel that got a new number is a new request.
    """
    return {
        "order_id": shipment.channel_order_no,
        "request_id": partner_key(f"{shipment.parcel_id}/write_back/{shipment.number}"),
        "pack_list": [
            {
                "shipped_order_info": [
                    {"shipped_order_id": line_no, "shipped_num": count} for line_no, count in pieces.items()
                ],
                "company_code": company,
                "logistics_code": shipment.number,
            }
        ],
    }


def set_stock(figure: StockFigure) -> dict[str, Any]:
    """sku.syncStock with the whole figure. The platform takes an `idempotent_id` once."""
    return {
        "product_id": number_of(_PARTNER, SET_STOCK, "product id", figure.item_id),
        "sku_id": number_of(_PARTNER, SET_STOCK, "SKU id", figure.sku_id),
        "stock_num": figure.pieces,
        "incremental": False,
        "idempotent_id": partner_key(figure.key),
    }


def create_waybill(request: WaybillRequest, receiver: CipherReceiver, company: str, sender: Sender) -> dict[str, Any]:
    """logistics.newCreateOrder for one parcel, with the receiver's ciphertexts."""
    region = receiver.region
    remark = " ".join(part for part in (requirement_words(request.requirements), request.remark) if part)
    return {
        "sender_info": {
            "address": {
                "country_code": "CHN",
                "province_name": sender.province,
                "city_name": sender.city,
                "district_name": sender.district,
                "detail_address": sender.detail,
            },
            "contact": {"name": sender.name, "mobile": sender.mobile},
        },
        "logistics_code": company,
        "order_infos": [
            {
                "order_id": request.channel_order_no,
                "pack_id": request.key,
                "receiver_info": {
                    "address": {
                        "country_code": "CHN",
                        "province_name": region.province,
                        "city_name": region.city,
                        "district_name": region.district,
                        "street_name": region.town,
                        "detail_address": receiver.detail_cipher,
                    },
                    "contact": {"name": receiver.name_cipher, "mobile": receiver.phone_cipher},
                },
                "items": [{"item_name": goods.name, "item_count": goods.quantity} for goods in request.goods],
                "remark": remark,
            }
        ],
        "user_id": int(request.shop),
    }


def list_waybills(request: WaybillRequest) -> dict[str, Any]:
    """logistics.listEbill."""
    return {"order_id": request.channel_order_no, "pack_id": request.key}


def cancel_waybill(company: str, number: str) -> dict[str, Any]:
    """logistics.cancelOrder."""
    return {"logistics_code": company, "track_no": number}
