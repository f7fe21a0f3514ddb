"""The business parameters of JD's calls (section 5 of the protocol file): all values are text. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from connectors.ports import Window
from connectors.stock import number_of
from domain.clock import format_beijing
from domain.ids import partner_key
from domain.listing import StockFigure
from domain.shipping import Shipment

PAGE_SIZE = 100

REFUND_PAGE_SIZE = 50

SHIPMENT = "jingdong.pop.order.shipment"
SET_STOCK = "jingdong.ware.stock.sku.set"
REFUNDS = "jingdong.pop.afs.soa.refundapply.queryPageList"

_SEARCH, _SEARCH_ENCRYPTED = "jingdong.pop.order.search", "jingdong.pop.order.enSearch"
_GET, _GET_ENCRYPTED = "jingdong.pop.order.get", "jingdong.pop.order.enGet"

ORDER_FIELDS = (
    *("orderId", "venderId", "orderType", "payType", "orderTotalPrice", "orderSellerPrice", "freightPrice"),
    *("sellerDiscount", "orderState", "orderStartTime", "modified", "paymentConfirmTime", "consigneeInfo"),
    *("itemInfoList", "couponDetailList", "orderRemark", "venderRemark", "waybill", "logisticsId"),
    *("parentOrderId", "directParentOrderId", "pin", "open_id_seller"),
)
"""Asked for by name: JD leaves out what is not named."""


class RefundTime(StrEnum):
    """By which of its moments a refund is asked for."""

    MODIFIED = "modified"
    CHECKED = "checkTime"
    APPLIED = "applyTime"


def search_method(encrypted: bool) -> str:
    """The search whose receivers are ciphertext, or the one in clear text."""
    return _SEARCH_ENCRYPTED if encrypted else _SEARCH


def get_method(encrypted: bool) -> str:
    """The same of a single order."""
    return _GET_ENCRYPTED if encrypted else _GET


def search(window: Window, page: int, states: tuple[str, ...]) -> dict[str, str]:
    """A page of the orders that changed in a window, oldest change first.

    `dateType` and `sortType` are left to their defaults, by time of change and ascending. The protocol file has
    `dateType` the other way round (1 for the time of change), but the API page as SDKs and ERPs quote it says of both
    searches: by time of change unless told, 1 is the time of order ("默认按修改时间查询。1为按订单创建时间查询"), and
    of `sortType` 1 is descending. Leaving both out is right by either.
    """
    return {
        "start_date": format_beijing(window.start),
        "end_date": format_beijing(window.end),
        "order_state": ",".join(states),
        "optional_fields": ",".join(ORDER_FIELDS),
        "page": str(page),
        "page_size": str(PAGE_SIZE),
    }


def refunds(window: Window, by: RefundTime, page: int) -> dict[str, str]:
    """A page of the refunds before shipping, in all statuses, whose `by` lies in a window.

    The times of decision and application are in every description of the call; the time of change (`modifiedStart`,
    `modifiedEnd`) is in the newest SDK and on the API page, medium confidence.
    """
    return {
        f"{by}Start": format_beijing(window.start),
        f"{by}End": format_beijing(window.end),
        "pageIndex": str(page),
        "pageSize": str(REFUND_PAGE_SIZE),
    }


def waybills_of(order_no: str) -> dict[str, str]:
    """One order's numbers."""
    return {"order_id": order_no, "optional_fields": "orderId,orderState,waybill"}


def shipment(parcel: Shipment, carrier_ids: Sequence[str]) -> dict[str, str]:
    """The order leaves with this number and those of its other parcels; the couriers stand in the same order."""
    return {
        "orderId": parcel.channel_order_no,
        "logiCoprId": "|".join(carrier_ids),
        "logiNo": "|".join([parcel.number, *(other.number for other in parcel.others)]),
        "installId": "",
        "venderTaskAddressId": "",
    }


def set_stock(figure: StockFigure) -> dict[str, object]:
    """jingdong.ware.stock.sku.set with the whole figure, in the shop's one store.

    The protocol file only names the call; its fields are those of the vendor's SDK (JosUpdateStockReq): `stockRfId`
    is the caller's own number of the change.
    """
    sku_id = number_of("jd", SET_STOCK, "skuId", figure.sku_id)
    stock = {"skuId": sku_id, "stockNum": figure.pieces, "storeId": 0}
    return {"req": {"updateModel": "fullStockIn", "stockRfId": partner_key(figure.key), "skuStocks": [stock]}}
