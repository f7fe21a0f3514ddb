"""Douyin's answers: the envelope and its error codes (section 4 of the protocol file), and what waybill calls say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from connectors.errors import (
    Misconfigured,
    OutcomeUnknown,
    PartnerError,
    Rejected,
    Throttled,
    TokenRefused,
    Unavailable,
)
from connectors.fields import as_int, as_list, as_mapping, load_json, text_of

PARTNER = "douyin"
BUSINESS_FAILED, PARAMETER_INVALID = "50002", "40004"
"""As `PartnerError.code` has them."""

_SUCCESS, _PARTLY_FAILED = 10000, 10001
_PARAMETER_INVALID, _BUSINESS_FAILED = int(PARAMETER_INVALID), int(BUSINESS_FAILED)
_REFUSALS = frozenset({_PARTLY_FAILED, _PARAMETER_INVALID, _BUSINESS_FAILED})
_TOKEN_REFUSED = ("isv.access-token-expired", "isv.access-token-no-existed")
_SETTINGS_CODES = frozenset({30001, 30002, 40001, 40002, 40003})
# Several "business failures" are the platform's own trouble; only the wording tells (in the vendor's error tables).
_TRY_LATER_WORDS = ("稍后重试", "稍后再试", "系统繁忙", "系统内部错误")
_DETAIL_LENGTH = 160


def read_data(
    method: str, response: httpx.Response, *, writes: bool, lists_failures: bool = False
) -> Mapping[str, Any]:
    """The `data` of a successful answer, {} where there is none.

    `lists_failures` says that the caller reads the failures of a partly failed batch out of the data itself.
    Raises the errors of `connectors.errors`, or ValueError when this is no answer of Douyin's.
    """
    answer = as_mapping(load_json(response.content), "answer")
    code = as_int(answer.get("code"), "code")
    if code == _SUCCESS or (code == _PARTLY_FAILED and lists_failures):
        data = answer.get("data")
        return data if isinstance(data, dict) else {}
    raise _error(method, code, answer, writes)


def _error(method: str, code: int, answer: Mapping[str, Any], writes: bool) -> PartnerError:
    sub_code, sub_msg = text_of(answer, "sub_code"), text_of(answer, "sub_msg")
    detail = f"{sub_code} {sub_msg} log_id={text_of(answer, 'log_id')}"[:_DETAIL_LENGTH]
    kind = _settled(code, sub_code, sub_msg, writes)
    if kind is None:  # a platform that stumbled may have done the work before
        kind = OutcomeUnknown if writes else Unavailable
    return kind(PARTNER, method, detail, str(code))


def _settled(code: int, sub_code: str, sub_msg: str, writes: bool) -> type[PartnerError] | None:
    """The class of an error after which it is sure that nothing was done; None when it is not."""
    if sub_code.startswith(_TOKEN_REFUSED):
        return TokenRefused
    if sub_code.startswith("dop.authorization"):
        return Misconfigured
    if sub_code.startswith("dop.") and "limit" in sub_code:
        return Throttled
    if sub_code.startswith(("isp.", "dop.")):
        return None
    if code == _PARTLY_FAILED and not writes:
        return None  # a list that came in part must not pass for the whole
    if code in _SETTINGS_CODES:
        return Rejected if "parameter" in sub_code else Misconfigured
    if code == _BUSINESS_FAILED and any(word in sub_msg for word in _TRY_LATER_WORDS):
        return None
    return Rejected if code in _REFUSALS else None


def created_number(method: str, data: Mapping[str, Any], order_no: str, pack_id: str) -> str:
    """The number out of an answer of newCreateOrder.

    Raises Rejected when this parcel stands among the errors, ValueError when the answer does not mention it.
    """
    entry = _entry(data.get("ebill_infos"), order_no, pack_id)
    number = text_of(entry, "track_no") if entry is not None else ""
    if number:
        return number
    error = _entry(data.get("err_infos"), order_no, pack_id)
    if error is None:
        raise ValueError("the answer does not mention the parcel")
    raise Rejected(PARTNER, method, text_of(error, "err_msg")[:_DETAIL_LENGTH], text_of(error, "err_code"))


def live_number(data: Mapping[str, Any], order_no: str, pack_id: str) -> str | None:
    """The number of the parcel's live waybill in a list of e-waybills; None where it has none, or a cancelled one."""
    for raw in as_list(data.get("ebill_infos")):
        entry = as_mapping(raw, "ebill_infos[]")
        number = text_of(entry, "track_no")
        if _is_about(entry, order_no, pack_id) and as_int(entry.get("status"), "status") == 1 and number:
            return number
    return None


def tracking_numbers(detail: Mapping[str, Any]) -> frozenset[str]:
    """The numbers that the platform has for an order."""
    entries = (entry for entry in as_list(detail.get("logistics_info")) if isinstance(entry, dict))
    return frozenset(number for entry in entries if (number := text_of(entry, "tracking_no")))


def numbers_of(detail: Mapping[str, Any], line_no: str) -> frozenset[str]:
    """The numbers that the platform has for a sub order."""
    found = set()
    for entry in as_list(detail.get("logistics_info")):
        if isinstance(entry, dict):
            inside = (each for each in as_list(entry.get("product_info")) if isinstance(each, dict))
            if any(text_of(each, "sku_order_id") == line_no for each in inside):
                found.add(text_of(entry, "tracking_no"))
    return frozenset(found - {""})


def _entry(entries: object, order_no: str, pack_id: str) -> Mapping[str, Any] | None:
    for raw in as_list(entries):
        if isinstance(raw, dict) and _is_about(raw, order_no, pack_id):
            return raw
    return None


def _is_about(entry: Mapping[str, Any], order_no: str, pack_id: str) -> bool:
    return text_of(entry, "order_id") == order_no and text_of(entry, "pack_id") == pack_id
