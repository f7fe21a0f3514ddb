"""What SF is asked: pure builders of business messages (msgData) and of the form around them.

Source: protocol sections 1, 2 and 5 (vendor's field tables of EXP_RECE_*). Weights are kg.
"""

from __future__ import annotations

import re
from typing import Any

from connectors.errors import Rejected
from connectors.sf.settings import SfSettings
from connectors.sf.signing import msg_digest
from connectors.wording import requirement_words
from domain.order import CipherReceiver, ClearReceiver, Requirement
from domain.shipping import Interception, InterceptKind, WaybillRequest

CREATE_ORDER = "EXP_RECE_CREATE_ORDER"
SEARCH_ORDER = "EXP_RECE_SEARCH_ORDER_RESP"
UPDATE_ORDER = "EXP_RECE_UPDATE_ORDER"
SEARCH_ROUTES = "EXP_RECE_SEARCH_ROUTES"
INTERCEPT = "EXP_RECE_WANTED_INTERCEPT"

Message = dict[str, Any]

_LANGUAGE = "zh-CN"
_MOBILE = re.compile(r"1\d{10}")
_REMARK_LIMIT = 100
_CANCEL = 2


def form(settings: SfSettings, service: str, message: str, request_id: str, timestamp_ms: int) -> dict[str, str]:
    """The signed form. `message` is the msgData text and is sent exactly as it is signed; `request_id` is used once."""
    timestamp = str(timestamp_ms)
    return {
        "partnerID": settings.partner_id,
        "requestID": request_id,
        "serviceCode": service,
        "timestamp": timestamp,
        "msgData": message,
        "msgDigest": msg_digest(message, timestamp, settings.check_word.get_secret_value()),
    }


def create_order(settings: SfSettings, request: WaybillRequest) -> Message:
    """One parcel under `request.key`. Raises Rejected for a receiver that the platform keeps encrypted."""
    if isinstance(request.receiver, CipherReceiver):
        raise Rejected("sf", "create", "the receiver is encrypted by the platform, SF direct needs clear text")
    cold = Requirement.COLD_CHAIN in request.requirements
    return {
        "language": _LANGUAGE,
        "orderId": request.key,
        "contactInfoList": [_sender(settings), _receiver(request.receiver)],
        "cargoDetails": [{"name": goods.name, "count": goods.quantity} for goods in request.goods],
        "expressTypeId": settings.cold_chain_express_type_id if cold else settings.express_type_id,
        "payMethod": settings.pay_method,
        "monthlyCard": settings.monthly_card.get_secret_value(),
        "parcelQty": 1,
        "totalWeight": request.weight_g / 1000,
        "isDocall": int(settings.call_courier),
        "isGenWaybillNo": 1,
        "remark": _remark(request),
    }


def search_order(key: str) -> Message:
    """What became of the order placed under `key`; "1" asks for outbound orders, not for returns."""
    return {"language": _LANGUAGE, "orderId": key, "searchType": "1"}


def cancel_order(key: str) -> Message:
    """Cancel the order placed under `key`."""
    return {"language": _LANGUAGE, "orderId": key, "dealType": _CANCEL}


def search_routes(number: str) -> Message:
    """All routes of a waybill that this account ordered (for others SF wants a phone's last digits, too)."""
    return {"language": _LANGUAGE, "trackingType": 1, "trackingNumber": [number], "methodType": 1}


def intercept(settings: SfSettings, request: Interception) -> Message:
    """Send a parcel that SF has on to another address, or back to the sender. Raises Rejected without an address.

    Sources: the vendor's own sample of this request (`18.wanted_intercept.json` of its SDK, republished in several
    public SDKs) for the names of the fields: high confidence. A public client that follows the vendor's page of this
    interface for the values: serviceCode 1 转寄 and 2 退回, role 1 寄方, payMode 4 寄付月结, newDestAddress wanted by
    both: medium. SF answers with msgData null, or with the added freight; its error codes are not published.
    """
    address = _sender_address(settings) if request.kind is InterceptKind.RETURN else _new_address(request.receiver)
    return {
        "waybillNo": request.waybill.number,
        "serviceCode": _INTERCEPTS[request.kind],
        "role": "1",
        "payMode": "4",
        "monthlyCardNo": settings.monthly_card.get_secret_value(),
        "newDestAddress": address,
        "cancel": False,
    }


_INTERCEPTS = {InterceptKind.REROUTE: "1", InterceptKind.RETURN: "2"}


def _new_address(receiver: ClearReceiver | None) -> Message:
    if receiver is None:
        raise Rejected("sf", "intercept", "no new address")
    region = receiver.region
    return {
        "province": region.province,
        "city": region.city,
        "county": region.district,
        "address": f"{region.town}{receiver.detail}",
        "contact": receiver.name,
        "phone": receiver.phone,
    }


def _sender_address(settings: SfSettings) -> Message:
    sender = settings.sender
    return {
        "province": sender.province,
        "city": sender.city,
        "county": sender.county,
        "address": sender.address,
        "contact": sender.name,
        "phone": sender.phone,
    }


def _sender(settings: SfSettings) -> Message:
    sender = settings.sender
    contact: Message = {
        "contactType": 1,
        "contact": sender.name,
        **_phone(sender.phone),
        "country": "CN",
        "province": sender.province,
        "city": sender.city,
        "county": sender.county,
        "address": sender.address,
    }
    if sender.company:
        contact["company"] = sender.company
    return contact


def _receiver(receiver: ClearReceiver) -> Message:
    region = receiver.region
    return {
        "contactType": 2,
        "contact": receiver.name,
        **_phone(receiver.phone),
        "country": "CN",
        "province": region.province,
        "city": region.city,
        "county": region.district,
        # SF has no field for the town.
        "address": f"{region.town}{receiver.detail}",
    }


def _phone(number: str) -> dict[str, str]:
    return {"mobile" if _MOBILE.fullmatch(number) else "tel": number}


def _remark(request: WaybillRequest) -> str:
    # Requirements first: whatever the field's length cuts off, they stay.
    parts = [requirement_words(request.requirements), request.remark.strip()]
    return " ".join(part for part in parts if part)[:_REMARK_LIMIT]
