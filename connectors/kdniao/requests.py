"""Builds Kuaidiniao's requests: five form fields, one of them the signed JSON."""

from __future__ import annotations

import re

from connectors.errors import Rejected
from connectors.kdniao.carriers import shipper_code
from connectors.kdniao.settings import KdniaoSettings
from connectors.kdniao.signing import data_sign
from connectors.transport import compact_json
from domain.shipping import Carrier

_NEEDS_PHONE_TAIL = frozenset({"SF", "ZTO", "KYSY"})
_FORBIDDEN = re.compile(r"""['"#&+<>%\\]""")


def waybill_data(
    settings: KdniaoSettings, operation: str, carrier: Carrier, number: str, phone_tail: str
) -> dict[str, str]:
    """RequestData of a query and of a subscription, which name a waybill in the same way.

    CustomerName is the phone's last four digits where the courier wants them, and the merchant code for JD.
    Raises Rejected for a courier without a code and for a number that holds characters which the vendor forbids:
    replacing those would follow some other parcel.
    """
    code = shipper_code(carrier)
    if code is None:
        raise Rejected("kdniao", operation, f"no ShipperCode for carrier {carrier}")
    if not number or _FORBIDDEN.search(number):
        raise Rejected("kdniao", operation, "not a waybill number", "403")
    data = {"ShipperCode": code, "LogisticCode": number}
    customer_name = settings.jd_merchant_code if carrier is Carrier.JD else ""
    if code in _NEEDS_PHONE_TAIL:
        customer_name = phone_tail[-4:]
    if customer_name:
        data["CustomerName"] = customer_name
    return data


def signed_form(settings: KdniaoSettings, instruction: str, data: dict[str, str]) -> dict[str, str]:
    """The form of a request, not URL-encoded (the HTTP client does that once)."""
    request_data = compact_json(data)
    return {
        "RequestData": request_data,
        "EBusinessID": settings.business_id,
        "RequestType": instruction,
        "DataSign": data_sign(request_data, settings.app_key.get_secret_value()),
        "DataType": "2",
    }
