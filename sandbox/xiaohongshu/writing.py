"""Orders as `order.getOrderList` and `order.getOrderDetail` write them (protocol file, section 5).

Money in fen, times in milliseconds, 0 for what has not happened. The receiver's own three fields are always null.
"""

from __future__ import annotations

from typing import Any

from sandbox.xiaohongshu.orders import AfterSaleState, Line, OrderStatus, ReturnType, ShopOrder, Sku

_SHIP_WITHIN_MS = 48 * 3600 * 1000
_RED_AUTO = "red_auto"


def summary(order: ShopOrder) -> dict[str, Any]:
    """The order as the list gives it."""
    receiver = order.receiver
    return {
        "orderId": order.order_id,
        "orderType": 1,
        "orderStatus": int(order.status),
        "orderAfterSalesStatus": int(_after_sales(order)),
        "cancelStatus": 1 if order.held_back else 0,
        "createdTime": order.placed,
        "paidTime": order.paid,
        "updateTime": order.updated,
        "deliveryTime": order.deliveries[0].at if order.deliveries else 0,
        "cancelTime": order.cancelled,
        "finishTime": 0,
        "promiseLastDeliveryTime": order.paid + _SHIP_WITHIN_MS,
        "receiverProvinceName": receiver.province,
        "receiverProvinceId": "",
        "receiverCityName": receiver.city,
        "receiverCityId": "",
        "receiverDistrictName": receiver.district,
        "receiverDistrictId": "",
        "customerRemark": order.draft.buyer_note,
        "sellerRemark": order.remark,
        "sellerRemarkFlag": order.flag,
        "originalOrderId": "",
        "logistics": _RED_AUTO,
        "orderTagList": ["MODIFIED_ADDR"] if order.address_changed else [],
    }


def detail(order: ShopOrder, seller_id: str) -> dict[str, Any]:
    """The order in full."""
    draft, last = order.draft, order.deliveries[-1] if order.deliveries else None
    return {
        **summary(order),
        "shopId": seller_id,
        "shopName": "测试店",
        "userId": draft.customer.id,
        "totalPayAmount": draft.paid_fen,
        "totalShippingFree": draft.freight_fen,
        "totalMerchantDiscount": draft.discount_fen,
        "totalRedDiscount": 0,
        "totalDepositAmount": 0,
        "totalChangePriceAmount": 0,
        "merchantActualReceiveAmount": draft.paid_fen,
        "outPromotionAmount": 0,
        "totalTaxAmount": 0,
        "totalNetWeightAmount": 0,
        "paymentType": 2,
        "outTradeNo": f"T{order.order_id[1:]}",
        "unpack": len(order.deliveries) > 1 or order.status is OrderStatus.PARTLY_SHIPPED,
        "expressTrackingNo": last.number if last else "",
        "expressCompanyCode": last.company_code if last else "",
        "openAddressId": order.sealed.open_address_id,
        "receiverName": None,
        "receiverPhone": None,
        "receiverAddress": None,
        "whcode": "",
        "logisticsMode": 0,
        "customsCode": "",
        "skuList": [_sku(order, sku) for sku in order.skus],
        "simpleDeliveryOrderList": _parcels(order),
        "boundExtendInfo": None,
        "transferExtendInfo": None,
    }


def _sku(order: ShopOrder, sku: Sku) -> dict[str, Any]:
    """A sold SKU; its physical children are the lines that were merged into it."""
    line = sku.lines[0].line
    return {
        "skuId": sku.sku_id,
        "skuName": line.title,
        "erpcode": line.sku,
        "skuSpec": "",
        "skuImage": "",
        "skuQuantity": sku.quantity,
        "totalPaidAmount": sku.paid_fen,
        "totalMerchantDiscount": sku.discount_fen,
        "totalRedDiscount": 0,
        "totalTaxAmount": 0,
        "totalNetWeight": 0,
        "skuTag": 1 if sku.gift else 0,
        "skuAfterSaleStatus": int(_of_sku(order, sku)),
        "itemId": sku.sku_id,
        "itemName": line.title,
        "deliveryMode": 0,
        "skuDetailList": [_child(sku, child) for child in sku.lines],
    }


def _child(sku: Sku, child: Line) -> dict[str, Any]:
    """Amounts per piece: whole fen, what does not divide is lost, so the sums stand in the SKU alone."""
    line = child.line
    return {
        "skuId": sku.sku_id,
        "erpCode": line.sku,
        "barcode": "",
        "quantity": line.quantity,
        "paidAmountPerSku": child.paid_fen // line.quantity,
        "pricePerSku": line.unit_price_fen,
        "rawPricePerSku": line.unit_price_fen,
        "taxPerSku": 0,
        "merchantDiscountPerSku": child.discount_fen // line.quantity,
        "redDiscountPerSku": 0,
        "depositAmountPerSku": 0,
        "registerName": "",
    }


def _parcels(order: ShopOrder) -> list[dict[str, Any]]:
    """The parcels that left, and one of all that did not."""
    left: list[dict[str, Any]] = [
        {
            "deliveryOrderIndex": delivery.index,
            "status": int(OrderStatus.SHIPPED),
            "expressTrackingNo": delivery.number,
            "expressCompanyCode": delivery.company_code,
            "skuIdList": [sku.sku_id for sku in order.skus if sku.delivery is delivery],
        }
        for delivery in order.deliveries
    ]
    rest = order.skus if order.cancelled else order.waiting
    if not rest:
        return left
    status = OrderStatus.READY if order.status is OrderStatus.PARTLY_SHIPPED else order.status
    parcel = {"deliveryOrderIndex": len(left) + 1, "status": int(status), "expressTrackingNo": ""}
    return [*left, {**parcel, "expressCompanyCode": "", "skuIdList": [sku.sku_id for sku in rest]}]


def _after_sales(order: ShopOrder) -> AfterSaleState:
    """An order's state is that of its open after-sale, or else of its last."""
    states = [after_sale.state for after_sale in order.after_sales]
    if AfterSaleState.RUNNING in states:
        return AfterSaleState.RUNNING
    return states[-1] if states else AfterSaleState.NONE


def _of_sku(order: ShopOrder, sku: Sku) -> AfterSaleState:
    """Of those after-sales that are about the goods."""
    states = [
        after_sale.state
        for after_sale in order.after_sales
        if after_sale.kind is not ReturnType.PRICE_PROTECTION
        and any(after_sale.refund.line in {None, line.number} for line in sku.lines)
    ]
    return states[-1] if states else AfterSaleState.NONE
