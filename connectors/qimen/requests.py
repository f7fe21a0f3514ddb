"""Builds Qimen's requests: the query string with its signature, and the XML bodies."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from connectors.qimen.codes import COURIERS, PLATFORMS
from connectors.qimen.elements import Fields, render
from connectors.qimen.settings import QimenSettings
from connectors.qimen.signing import sign
from connectors.wording import requirement_words
from domain.clock import format_beijing
from domain.money import format_yuan
from domain.order import CipherReceiver, Receiver, Requirement
from domain.shipping import DeliveryOrder, WarehouseLine

_ORDER_TYPE = "JYCK"  # 一般交易出库, the only type that we push
_MASK = "***"
_GIFT = "【赠品】"


def signed_query(settings: QimenSettings, method: str, body: bytes, now: datetime) -> dict[str, str]:
    """The query string of one call. `body` must be sent exactly as it is here."""
    params = {
        "method": f"taobao.qimen.{method}",
        "timestamp": format_beijing(now),
        "format": "xml",
        "app_key": settings.app_key,
        "v": "2.0",
        "sign_method": "md5",
        "customerId": settings.customer_id,
    }
    return {**params, "sign": sign(params, body, settings.app_secret.get_secret_value())}


def create_body(settings: QimenSettings, order: DeliveryOrder, now: datetime) -> bytes:
    """deliveryorder.create. Cold chain has a field of its own; the other requirements are words in the remark."""
    others = [one for one in order.requirements if one is not Requirement.COLD_CHAIN]
    cold = Requirement.COLD_CHAIN in order.requirements
    logistics_code, logistics_name = COURIERS[order.carrier]
    head: Fields = {
        "deliveryOrderCode": order.code,
        "orderType": _ORDER_TYPE,
        "warehouseCode": order.warehouse or settings.warehouse_code,
        "sourcePlatformCode": PLATFORMS[order.channel],
        "createTime": format_beijing(now),
        "placeOrderTime": format_beijing(order.placed_at),
        "payTime": format_beijing(order.paid_at) if order.paid_at else "",
        "operateTime": format_beijing(now),
        "shopNick": settings.shop_nick or order.shop,
        "totalAmount": format_yuan(order.total_fen),
        # Qimen's sum: total = goods - discount + freight.
        "itemAmount": format_yuan(order.total_fen + order.discount_fen - order.freight_fen),
        "discountAmount": format_yuan(order.discount_fen),
        "freight": format_yuan(order.freight_fen),
        "logisticsCode": logistics_code,
        "logisticsName": logistics_name,
        "deliveryRequirements": {"deliveryType": "LLPS" if cold else "PTPS"},
        "senderInfo": _sender(settings),
        "receiverInfo": _receiver(order.receiver),
        "buyerMessage": order.buyer_note,
        "sellerMessage": order.seller_note,
        "remark": requirement_words(others),
        "ownerCode": settings.owner_code,
    }
    lines = [_line(settings, order, line) for line in order.lines]
    return render(
        "request",
        {
            "deliveryOrder": head,
            "orderLines": {"orderLine": lines},
            "extendProps": {**_extras(order), **_ciphertexts(order.receiver)},
        },
    )


def query_body(settings: QimenSettings, delivery_code: str, warehouse: str = "") -> bytes:
    """deliveryorder.query."""
    return render(
        "request",
        {
            "ownerCode": settings.owner_code,
            "warehouseCode": warehouse or settings.warehouse_code,
            "orderCode": delivery_code,
            "page": "1",
            "pageSize": "100",
        },
    )


def inventory_body(settings: QimenSettings, warehouse: str, skus: Sequence[str]) -> bytes:
    """inventory.query of articles in one warehouse, in every condition."""
    criteria = [{"warehouseCode": warehouse, "ownerCode": settings.owner_code, "itemCode": sku} for sku in skus]
    return render("request", {"criteriaList": {"criteria": criteria}})


def pending_body(settings: QimenSettings, delivery_code: str, action: str, reason: str, warehouse: str = "") -> bytes:
    """order.pending; `action` is pending (hold) or restore."""
    return render("request", {"actionType": action, **_named(settings, delivery_code, warehouse), "reason": reason})


def cancel_body(settings: QimenSettings, delivery_code: str, reason: str, warehouse: str = "") -> bytes:
    """order.cancel."""
    return render("request", {**_named(settings, delivery_code, warehouse), "cancelReason": reason})


def _named(settings: QimenSettings, delivery_code: str, warehouse: str) -> dict[str, str]:
    return {
        "warehouseCode": warehouse or settings.warehouse_code,
        "ownerCode": settings.owner_code,
        "orderCode": delivery_code,
        "orderType": _ORDER_TYPE,
    }


def _sender(settings: QimenSettings) -> Fields:
    sender = settings.sender
    return {
        "company": sender.company,
        "name": sender.name,
        "mobile": sender.mobile,
        "province": sender.province,
        "city": sender.city,
        "area": sender.area,
        "detailAddress": sender.detail_address,
    }


def _receiver(receiver: Receiver) -> Fields:
    """Clear text, or the platform's masks: those fields must not be empty."""
    if isinstance(receiver, CipherReceiver):
        name, mobile, detail = receiver.name_mask, receiver.phone_mask, receiver.detail_mask
    else:
        name, mobile, detail = receiver.name, receiver.phone, receiver.detail
    return {
        "name": name or _MASK,
        "mobile": mobile or _MASK,
        "province": receiver.region.province,
        "city": receiver.region.city,
        "area": receiver.region.district,
        "town": receiver.region.town,
        "detailAddress": detail or _MASK,
    }


def _ciphertexts(receiver: Receiver) -> Fields:
    """What only the platform's own e-waybill can read, in the part that WMSes keep for private fields."""
    if not isinstance(receiver, CipherReceiver):
        return {}
    return {
        "receiverPlatform": PLATFORMS[receiver.platform],
        "receiverNameCipher": receiver.name_cipher,
        "receiverMobileCipher": receiver.phone_cipher,
        "receiverDetailCipher": receiver.detail_cipher,
    }


def _extras(order: DeliveryOrder) -> Fields:
    """The merchant's own fields. Lines have no such part: `L2_serial_no` is of the second one."""
    found = dict(order.extras)
    for n, line in enumerate(order.lines, 1):
        found.update({f"L{n}_{key}": value for key, value in line.extras.items()})
    return found


def _line(settings: QimenSettings, order: DeliveryOrder, line: WarehouseLine) -> Fields:
    return {
        "orderLineNo": line.line_no,
        "sourceOrderCode": line.order_no or order.channel_order_no,
        "ownerCode": settings.owner_code,
        "itemCode": line.sku,
        # Qimen has no field for it on a line, and packers read the name.
        "itemName": f"{_GIFT}{line.name}" if line.gift else line.name,
        "planQty": str(line.quantity),
        # The price of one piece, rounded half up: the warehouse reads it as a value, nobody adds it up.
        "actualPrice": format_yuan((2 * line.amount_fen + line.quantity) // (2 * line.quantity)),
    }
