"""What Cainiao is asked: pure builders of LINK messages and of the form around them.

Source: protocol sections 1 and 2. Weights are grams.

Idempotency: Cainiao gives the earlier number again for the same (seller, tradeOrderList, packageInfo.id), and finds a
waybill by its trade code. All three - objectId, the only trade order and the package id - are `request.key`, so that
one key has one number, another key another, and two parcels of one channel order never meet.
"""

from __future__ import annotations

import re
from typing import Any

from connectors.cainiao.settings import CainiaoSettings
from connectors.cainiao.signing import data_digest
from connectors.errors import Rejected
from connectors.transport import compact_json
from connectors.wording import requirement_words
from domain.order import CipherReceiver, ClearReceiver, Requirement
from domain.shipping import Carrier, WaybillRequest

GET = "TMS_WAYBILL_GET"
QUERY_BY_TRADE_CODE = "TMS_WAYBILL_QUERY_BY_TRADE_CODE"
DISCARD = "TMS_WAYBILL_DISCARD"

Message = dict[str, Any]

# Cainiao's own codes. JD's parcels are not sold through Cainiao.
_CP_CODES: dict[Carrier, str] = {
    Carrier.SF: "SF",
    Carrier.ZTO: "ZTO",
    Carrier.YTO: "YTO",
    Carrier.STO: "STO",
    Carrier.YUNDA: "YUNDA",
    Carrier.EMS: "EMS",
    Carrier.DEPPON: "DBKD",
    Carrier.JTSD: "JTSD",
}
# Every channel whose receivers are in clear text (own shop, WeChat, B2B, POS) is one of the "others" to Cainiao.
_CHANNEL = "OTHERS"
_MOBILE = re.compile(r"1\d{10}")


def form(settings: CainiaoSettings, message_type: str, message: str) -> dict[str, str]:
    """The signed form. `message` is the logistics_interface text and is sent exactly as it is signed."""
    return {
        "msg_type": message_type,
        "logistic_provider_id": settings.token.get_secret_value(),
        "data_digest": data_digest(message, settings.secret_key.get_secret_value()),
        "logistics_interface": message,
    }


def cp_code(carrier: Carrier, operation: str) -> str:
    """Cainiao's code of a courier. Raises Rejected for one that Cainiao has no waybills of."""
    if carrier not in _CP_CODES:
        raise Rejected("cainiao", operation, f"no waybills of {carrier} here")
    return _CP_CODES[carrier]


def get_waybill(settings: CainiaoSettings, request: WaybillRequest) -> Message:
    """One parcel under `request.key`.

    Raises Rejected for a receiver that the platform keeps encrypted, and for a courier without an agreement.
    """
    if isinstance(request.receiver, CipherReceiver):
        raise Rejected("cainiao", "create", "the receiver is encrypted by the platform, LINK needs clear text")
    code = cp_code(request.carrier, "create")
    agreement = settings.agreements.get(request.carrier)
    if agreement is None:
        raise Rejected("cainiao", "create", f"no agreement with {request.carrier}")
    sender = settings.sender
    trade: Message = {
        "objectId": request.key,
        "userId": settings.user_id,
        "templateUrl": agreement.template_url,
        "orderInfo": {"orderChannelsType": _CHANNEL, "tradeOrderList": [request.key]},
        "packageInfo": {
            "id": request.key,
            "items": [{"name": goods.name, "count": goods.quantity} for goods in request.goods],
            "weight": request.weight_g,
            "goodsDescription": _goods_description(request),
        },
        "recipient": _recipient(request.receiver),
    }
    if agreement.cold_chain_services and Requirement.COLD_CHAIN in request.requirements:
        trade["logisticsServices"] = agreement.cold_chain_services
    message: Message = {
        "cpCode": code,
        "sender": {
            "name": sender.name,
            **_phone(sender.phone),
            "address": _address(sender.province, sender.city, sender.district, sender.town, sender.detail),
        },
        "tradeOrderInfoDtos": [trade],
    }
    if remark := _remark(request):
        message["extraInfo"] = compact_json({"remark": remark})
    if agreement.customer_code:
        message["customerCode"] = agreement.customer_code
    if agreement.product_code:
        message["productCode"] = agreement.product_code
    return message


def query_by_trade_code(request: WaybillRequest) -> Message:
    """The waybill that was given for `request.key`."""
    return {
        "paramList": [{"cpCode": cp_code(request.carrier, "find"), "objectId": request.key, "bizSubCode": request.key}]
    }


def discard(carrier: Carrier, number: str) -> Message:
    """Void a waybill."""
    return {"cpCode": cp_code(carrier, "void"), "waybillCode": number}


def _recipient(receiver: ClearReceiver) -> Message:
    region = receiver.region
    return {
        "name": receiver.name,
        **_phone(receiver.phone),
        "address": _address(region.province, region.city, region.district, region.town, receiver.detail),
    }


def _address(province: str, city: str, district: str, town: str, detail: str) -> dict[str, str]:
    parts = {"province": province, "city": city, "district": district, "town": town, "detail": detail}
    return {name: part for name, part in parts.items() if part}


def _phone(number: str) -> dict[str, str]:
    return {"mobile" if _MOBILE.fullmatch(number) else "phone": number}


def _goods_description(request: WaybillRequest) -> str:
    # Requirements first: whatever a label cuts off, they stay.
    goods = "、".join(f"{goods.name}x{goods.quantity}" for goods in request.goods)
    return " ".join(part for part in (requirement_words(request.requirements), goods) if part)


def _remark(request: WaybillRequest) -> str:
    return " ".join(part for part in (requirement_words(request.requirements), request.remark.strip()) if part)
