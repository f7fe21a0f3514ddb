"""Xiaohongshu's answers: the envelope and its errors (section 4 of the protocol file), and what single calls say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import httpx

from connectors.errors import (
    OutcomeUnknown,
    PartnerError,
    Rejected,
    Throttled,
    TokenRefused,
    Unavailable,
)
from connectors.fields import as_int, as_list, as_mapping, load_json, text_of, truth_of

PARTNER = "xiaohongshu"

_UNAUTHORISED = 401
_SYSTEM = -1

_THROTTLED_WORDS = re.compile("限流|频繁")
_LOST_WORDS = re.compile("系统(繁忙|异常|错误|内部)|超时|稍后(重试|再试)")
_DETAIL_LENGTH = 160


def read_data(method: str, response: httpx.Response, *, writes: bool) -> Mapping[str, Any]:
    """The `data` of a successful answer; {} where it is a plain text or there is none.

    Raises the errors of `connectors.errors`, or ValueError when this is no answer of Xiaohongshu's.
    """
    answer = as_mapping(load_json(response.content), "answer")
    success = truth_of(answer, "success")
    if success is None:
        raise ValueError("an answer says whether it is a success")
    code = as_int(answer.get("error_code", 0 if success else None), "error_code")
    if success and code == 0:
        data = answer.get("data")
        return data if isinstance(data, dict) else {}
    raise _error(method, code, text_of(answer, "error_msg"), writes)


def inner_data(method: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The `data` of the second envelope, which answers of the after-sale family have inside the first. Both must be a
    success. Some clients see one envelope only: what has no sign of a second one is the data itself.

    Raises as `read_data` does for a reading call.
    """
    if "success" not in data and "code" not in data:
        return data
    code = as_int(data.get("code"), "code")
    if truth_of(data, "success") and code == 0:
        return as_mapping(data.get("data"), "data")
    raise _error(method, code, text_of(data, "msg"), writes=False)


def check_inner(method: str, data: Mapping[str, Any]) -> None:
    """Return when a write's inner envelope, if there is one, is a success. It stands in `data`, or in its `response`.
    Raises as `read_data` does for a writing call."""
    inner = data.get("response", data)
    if not isinstance(inner, dict) or not ({"success", "code"} & set(inner)):
        return
    code = as_int(inner.get("code", 0), "code")
    if truth_of(inner, "success") is False or code != 0:
        raise _error(method, code, text_of(inner, "msg"), writes=True)


def _error(method: str, code: int, words: str, writes: bool) -> PartnerError:
    kind: type[PartnerError]
    if code == _UNAUTHORISED:
        kind = TokenRefused
    elif _THROTTLED_WORDS.search(words):
        kind = Throttled
    elif code == _SYSTEM or _LOST_WORDS.search(words):
        # A platform that stumbled may have done the work before.
        kind = OutcomeUnknown if writes else Unavailable
    else:
        kind = Rejected
    return kind(PARTNER, method, words[:_DETAIL_LENGTH], str(code))


def tracking_numbers(detail: Mapping[str, Any]) -> frozenset[str]:
    """The numbers that the platform has for an order, of all its parcels."""
    parcels = (each for each in as_list(detail.get("simpleDeliveryOrderList")) if isinstance(each, dict))
    numbers = (text_of(source, "expressTrackingNo") for source in (detail, *parcels))
    return frozenset(number for number in numbers if number)


def numbers_of(detail: Mapping[str, Any], sku_id: str) -> frozenset[str]:
    """The numbers that the platform has for a SKU of an order."""
    parcels = (each for each in as_list(detail.get("simpleDeliveryOrderList")) if isinstance(each, dict))
    numbers = (text_of(each, "expressTrackingNo") for each in parcels if sku_id in as_list(each.get("skuIdList")))
    return frozenset(number for number in numbers if number)


def created_number(method: str, data: Mapping[str, Any], key: str) -> str:
    """The number of the parcel `key` in an answer of express.createEbillOrders.

    Raises Rejected when the platform gave it none, ValueError when the answer does not mention it.
    """
    for raw in as_list(data.get("wayBillList")):
        bill = as_mapping(raw, "wayBillList[]")
        if text_of(bill, "objectId") != key:
            continue
        number, success = text_of(bill, "waybillCode"), truth_of(bill, "success")
        if success is not False and number:
            return number
        if success is False:
            raise Rejected(PARTNER, method, text_of(bill, "errorMsg")[:_DETAIL_LENGTH], text_of(bill, "errorCode"))
    raise ValueError("the answer does not mention the parcel")
