"""What the warehouse reports and answers about a delivery order, as Qimen's XML."""

from __future__ import annotations

from domain.clock import format_beijing, utc_now
from sandbox.qimen.deliveries import Delivery, DeliveryStatus
from sandbox.qimen.xml import Content, write

_STATUS_WORDS = {
    DeliveryStatus.ACCEPTED: "ACCEPT",
    DeliveryStatus.HELD: "ACCEPT",  # Qimen has no status for an order that order.pending holds
    DeliveryStatus.PACKED: "DELIVERED",
    DeliveryStatus.CANCELLED: "CANCELED",
}
_BOX_WEIGHT_KG = "1.00"


def confirm(delivery: Delivery, out_biz_code: str) -> bytes:
    """The body of deliveryorder.confirm: final, status DELIVERED, which orderhub takes as packed."""
    head = {**_head(delivery), "outBizCode": out_biz_code, "confirmType": 0, **_operated()}
    return write("request", {"deliveryOrder": head, **_scans(delivery)})


def accepted(delivery: Delivery) -> bytes:
    """The body of orderprocess.report for an order that was just accepted."""
    order = {
        "orderCode": delivery.code,
        "orderId": delivery.wms_id,
        "orderType": delivery.order_type,
        "warehouseCode": delivery.warehouse,
    }
    return write("request", {"order": order, "process": {"processStatus": "ACCEPT", **_operated()}})


def described(delivery: Delivery) -> Content:
    """The answer to deliveryorder.query, below the envelope."""
    last = delivery.confirms[-1] if delivery.confirms else None
    head = {**_head(delivery), "outBizCode": last, "confirmType": 0 if last else None}
    return {"totalLines": len(delivery.lines), "deliveryOrder": head, **_scans(delivery)}


def _head(delivery: Delivery) -> dict[str, str | int | None]:
    return {
        "deliveryOrderCode": delivery.code,
        "deliveryOrderId": delivery.wms_id,
        "warehouseCode": delivery.warehouse,
        "orderType": delivery.order_type,
        "status": _STATUS_WORDS[delivery.status],
    }


def _operated() -> dict[str, str]:
    return {"operatorCode": "W01", "operatorName": "仓库一号台", "operateTime": format_beijing(utc_now())}


def _scans(delivery: Delivery) -> Content:
    packages: list[Content] = [
        {
            "logisticsCode": delivery.logistics,
            "expressCode": box.number,
            "packageCode": box.number,
            "weight": _BOX_WEIGHT_KG,
            "items": {
                "item": [
                    {
                        "itemCode": delivery.lines[index].sku,
                        "quantity": count,
                        "orderLineNo": delivery.lines[index].number or None,
                    }
                    for index, count in box.pieces.items()
                ]
                + [{"itemCode": sku, "quantity": 1, "orderLineNo": None} for sku in box.strays]
            },
        }
        for box in delivery.boxes
    ]
    lines: list[Content] = [
        {
            "orderLineNo": line.number or None,
            "orderSourceCode": delivery.order_no or None,
            "itemCode": line.sku,
            "inventoryType": "ZP",
            "planQty": line.quantity,
            "actualQty": delivery.scanned(index),
        }
        for index, line in enumerate(delivery.lines)
    ]
    lines += [
        {"orderLineNo": None, "itemCode": sku, "inventoryType": "ZP", "planQty": 0, "actualQty": 1}
        for box in delivery.boxes
        for sku in box.strays
    ]
    return {"packages": {"package": packages} if packages else None, "orderLines": {"orderLine": lines}}
