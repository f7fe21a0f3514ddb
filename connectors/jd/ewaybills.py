"""The wire of JD's e-waybills (无界电子面单, the `ldop.alpha` family): what is asked, and what the answers say. Pure.

Public material only: SDK mirrors that quote the API pages, and ERPs that call it; fields high, the rest medium.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.errors import OutcomeUnknown, PartnerError, Rejected, Throttled, Unavailable
from connectors.ewaybills import Sender
from connectors.fields import as_int, as_list, as_mapping, text_of
from connectors.jd.responses import PARTNER, means_busy, means_throttled
from connectors.jd.settings import EWAYBILL_CODES, CourierTerms
from connectors.wording import requirement_words
from domain.money import format_yuan
from domain.order import CipherReceiver
from domain.shipping import Carrier, WaybillRequest

RECEIVE = "jingdong.ldop.alpha.waybill.receive"
UNBIND = "jingdong.ldop.alpha.waybill.api.unbind"

_JD_ORDERS = "0010001"
_GOODS_LENGTH = 100
_REMARK_LENGTH = 200
_DETAIL_LENGTH = 160


def code_of(carrier: Carrier, terms: CourierTerms) -> str:
    """The courier's code; "" for one that JD is not known to have."""
    return terms.code or EWAYBILL_CODES.get(carrier, "")


def receive(
    request: WaybillRequest, receiver: CipherReceiver, terms: CourierTerms, sender: Sender, shop_name: str
) -> dict[str, object]:
    """One number for one parcel. `vendorOrderCode` is our key: the same one again gives the same number.

    The receiver goes as JD gave it: the ciphertexts untouched, with the oaid where there is one.
    """
    region = receiver.region
    words = " ".join(part for part in (requirement_words(request.requirements), request.remark) if part)
    content: dict[str, object] = {
        "waybillType": 1,
        "waybillCount": 1,
        "providerCode": code_of(request.carrier, terms),
        "salePlatform": _JD_ORDERS,
        "platformOrderNo": request.channel_order_no,
        "vendorCode": request.shop,
        "vendorName": shop_name,
        "vendorOrderCode": request.key,
        "weight": _hundredths(request.weight_g // 10),
        "volume": _hundredths(0),
        "goodsName": "、".join(goods.name for goods in request.goods)[:_GOODS_LENGTH],
        "promiseTimeType": 0,
        "payType": 0,
        "goodsMoney": format_yuan(request.value_fen),
        "shouldPayMoney": format_yuan(0),
        "needGuarantee": False,
        "guaranteeMoney": format_yuan(0),
        "receiveTimeType": 0,
        "remark": words[:_REMARK_LENGTH],
        "fromAddress": {
            "provinceName": sender.province,
            "cityName": sender.city,
            "countryName": sender.district,  # the district, as JD has it
            "address": sender.detail,
            "contact": sender.name,
            "phone": sender.mobile,
            "mobile": sender.mobile,
        },
        "toAddress": {
            "provinceName": region.province,
            "cityName": region.city,
            "countryName": region.district,
            "countrysideName": region.town,
            "address": receiver.detail_cipher,
            "contact": receiver.name_cipher,
            "phone": receiver.phone_cipher,
            "mobile": receiver.phone_cipher,
            **({"oaid": receiver.handle} if receiver.handle else {}),
        },
    }
    if terms.branch_code:
        content["branchCode"] = terms.branch_code
    else:
        content["settlementCode"] = terms.settlement_code
    if request.carrier is Carrier.SF:
        content |= {"expressPayMethod": "1", "expressType": terms.express_type or "1"}
    return {"content": content}


def unbind(code: str, number: str) -> dict[str, object]:
    """Give a number back."""
    return {"providerCode": code, "waybillCode": number}


def created_number(method: str, body: Mapping[str, Any]) -> str:
    """The number in an answer of …waybill.receive. Raises PartnerError; ValueError when it has none, or several."""
    result = _result(method, body)
    data = as_mapping(result.get("data"), "data")
    numbers = {number for number in as_list(data.get("waybillCodeList")) if isinstance(number, str) and number}
    if len(numbers) != 1:
        raise ValueError("not one number")
    return numbers.pop()


def check_unbound(method: str, body: Mapping[str, Any]) -> None:
    """Return when the number is given back. Raises PartnerError, ValueError."""
    _result(method, body)


def _result(method: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """`resultInfo` of a call that worked. 1 is a no, -1 that the service failed, which says nothing of what it did."""
    result = as_mapping(body.get("resultInfo"), "resultInfo")
    status, words = as_int(result.get("statusCode"), "statusCode"), text_of(result, "statusMessage")
    if status == 0:
        return result
    kind: type[PartnerError] = Rejected
    if means_throttled(words):
        kind = Throttled
    elif status != 1 or means_busy(words):
        kind = OutcomeUnknown
    raise kind(PARTNER, method, words[:_DETAIL_LENGTH], str(status))


def locked(refusal: Rejected) -> Unavailable | None:
    """A refusal for as long as the order is locked, which says nothing of an earlier number; None for any other."""
    if "锁定" not in refusal.detail:
        return None
    return Unavailable(PARTNER, refusal.operation, refusal.detail, refusal.code)


def _hundredths(amount: int) -> str:
    return f"{amount // 100}.{amount % 100:02d}"
