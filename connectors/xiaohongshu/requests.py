"""The business parameters of Xiaohongshu's calls (section 5 of the protocol file). Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from connectors.ewaybills import Sender
from connectors.ports import Window
from connectors.wording import requirement_words
from connectors.xiaohongshu.settings import CourierTerms, XiaohongshuSettings
from domain.listing import StockFigure
from domain.order import CipherReceiver
from domain.shipping import Shipment, WaybillRequest

CREATE_TOKEN = "oauth.getAccessToken"  # noqa: S105 - the name of a call
REFRESH_TOKEN = "oauth.refreshToken"  # noqa: S105
LIST_ORDERS = "order.getOrderList"
ORDER_DETAIL = "order.getOrderDetail"
LIST_REFUNDS = "afterSale.listAfterSaleInfos"
REFUND_DETAIL = "afterSale.getAfterSaleInfo"
SHIP_ORDER = "order.orderDeliver"
SET_STOCK = "inventory.syncSkuStock"
CREATE_WAYBILLS = "express.createEbillOrders"
CANCEL_WAYBILL = "express.cancelEbillOrder"

PAGE_SIZE = 100
LAST_PAGE, LAST_REFUNDS_PAGE = 100, 500
"""The last pages that the platform gives out."""

_UNITS_PER_SECOND = 1
"""startTime and endTime of the order list: the documents' example has ten digits; one client sends ms (then 1000)."""
_BY_UPDATE, _ALL = 2, 0
_BILL_VERSION = 2  # 新版电子面单

Business = dict[str, Any]


def list_orders(window: Window, page: int) -> Business:
    """order.getOrderList by time of update (at most half an hour)."""
    return {
        "timeType": _BY_UPDATE,
        "startTime": int(window.start.timestamp()) * _UNITS_PER_SECOND,
        "endTime": int(window.end.timestamp()) * _UNITS_PER_SECOND,
        "orderType": _ALL,
        "orderStatus": _ALL,
        "pageNo": page,
        "pageSize": PAGE_SIZE,
    }


def order_detail(order_no: str) -> Business:
    """order.getOrderDetail."""
    return {"orderId": order_no}


def list_refunds(window: Window, page: int) -> Business:
    """afterSale.listAfterSaleInfos by time of update (at most half an hour), here in milliseconds."""
    return {
        "timeType": _BY_UPDATE,
        "startTime": int(window.start.timestamp() * 1000),
        "endTime": int(window.end.timestamp() * 1000),
        "pageNo": page,
        "pageSize": PAGE_SIZE,
    }


def refunds_of(order_no: str) -> Business:
    """afterSale.listAfterSaleInfos of one order."""
    return {"orderId": order_no, "pageNo": 1, "pageSize": PAGE_SIZE}


def set_stock(figure: StockFigure) -> Business:
    """inventory.syncSkuStock with the whole figure.

    The platform takes off it what unpaid orders occupy there, which are not here yet: together they are right.
    """
    return {"skuId": figure.sku_id, "qty": figure.pieces}


def refund_detail(returns_id: str) -> Business:
    """afterSale.getAfterSaleInfo."""
    return {"returnsId": returns_id, "needNegotiateRecord": False}


def ship_order(shipment: Shipment, courier_code: str, sku_ids: list[str], at: datetime) -> Business:
    """order.orderDeliver: the whole order, or a part of it by the SKUs that are in the parcel."""
    business: Business = {
        "orderId": shipment.channel_order_no,
        "expressNo": shipment.number,
        "expressCompanyCode": courier_code,
        "deliveringTime": int(at.timestamp() * 1000),
        "unpack": not shipment.whole_order,
    }
    if not shipment.whole_order:
        business["skuIdList"] = sku_ids
    return business


def create_waybill(
    settings: XiaohongshuSettings, request: WaybillRequest, receiver: CipherReceiver, terms: CourierTerms
) -> Business:
    """express.createEbillOrders for one parcel. The receiver is named by the platform's own handle, which all three
    ciphertexts hold; nothing is decrypted."""
    words = " ".join(part for part in (requirement_words(request.requirements), request.remark) if part)
    package: Business = {
        "id": request.key,
        "items": [{"name": goods.name, "count": goods.quantity} for goods in request.goods],
        "weight": request.weight_g,
    }
    if words:
        package["goodsDescription"] = words
    return {
        "cpCode": terms.code,
        "customerCode": terms.customer_code,
        "branchCode": terms.branch_code,
        "sender": _sender(settings.sender),
        "tradeOrderInfoList": [
            {
                "objectId": request.key,
                "orderInfo": {
                    "orderChannelsType": "XIAO_HONG_SHU",
                    "tradeOrderList": [request.channel_order_no],
                    "xhsOrderId": request.channel_order_no,
                },
                "packageInfo": package,
                "recipient": {"openAddressId": receiver.detail_cipher},
                "templateId": terms.template_id,
            }
        ],
        "sellerName": settings.seller_name,
        "billVersion": _BILL_VERSION,
    }


def cancel_waybill(courier_code: str, number: str) -> Business:
    """express.cancelEbillOrder."""
    return {"cpCode": courier_code, "waybillCode": number, "billVersion": _BILL_VERSION}


def _sender(sender: Sender) -> Business:
    return {
        "name": sender.name,
        "mobile": sender.mobile,
        "address": {
            "province": sender.province,
            "city": sender.city,
            "district": sender.district,
            "detail": sender.detail,
        },
    }
