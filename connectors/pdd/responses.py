"""Pinduoduo's answers: the envelope and its error codes (section 3 of the protocol file), and what single calls say."""

from __future__ import annotations

import re
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

PARTNER = "pdd"

_TOKEN_REFUSED = frozenset({10019, 10035, 20032})  # 20032 (access_token或client_id错误): the vendor's page
_NEEDS_A_PERSON = frozenset({10016, 10036, 20004, 20005, 20031, 20034, 20035, 30000, 30001})
_PARAMETERS = frozenset({10000, 10001, 20000, 20001, 20002, 21001, 21002})
_THROTTLED = frozenset({52101, 52102, *range(70031, 70037)})
_NOT_SERVING = 52103
_LOST = frozenset({50000, 50002, 52001, 52002})
_BUSINESS = 50001  # wraps the failures of the services behind the gateway: only its words tell

_THROTTLED_WORDS = re.compile("限流|频繁")
_LOST_WORDS = re.compile("系统(繁忙|异常|错误|内部)|超时|网络|稍后(重试|再试)")
_DETAIL_LENGTH = 160


def read_answer(method: str, response: httpx.Response, *, writes: bool) -> Mapping[str, Any]:
    """What stands under the single key of a successful answer; the key is not derivable from the method.

    Raises the errors of `connectors.errors`, or ValueError when this is no answer of Pinduoduo's.
    """
    answer = as_mapping(load_json(response.content), "answer")
    if "error_response" in answer:
        raise _error(method, as_mapping(answer["error_response"], "error_response"), writes)
    if len(answer) != 1:
        raise ValueError("an answer has one key")
    return as_mapping(next(iter(answer.values())), "response")


def _error(method: str, answer: Mapping[str, Any], writes: bool) -> PartnerError:
    code = as_int(answer.get("error_code"), "error_code")
    words = f"{text_of(answer, 'error_msg')} {text_of(answer, 'sub_code')} {text_of(answer, 'sub_msg')}"
    detail = f"{words} request_id={text_of(answer, 'request_id')}"[:_DETAIL_LENGTH]
    kind = _settled(code, words)
    if kind is None:  # a platform that stumbled may have done the work before
        kind = OutcomeUnknown if writes else Unavailable
    return kind(PARTNER, method, detail, str(code))


def _settled(code: int, words: str) -> type[PartnerError] | None:
    """The class of an error after which it is sure that nothing was done; None when it is not."""
    if code in _TOKEN_REFUSED:
        return TokenRefused
    if code in _NEEDS_A_PERSON:
        return Misconfigured
    if code in _PARAMETERS:
        return Rejected
    if code in _THROTTLED or _THROTTLED_WORDS.search(words):
        return Throttled
    if code == _NOT_SERVING:
        return Unavailable
    if code in _LOST or _LOST_WORDS.search(words):
        return None
    return Rejected if code == _BUSINESS else None


def order_info(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The order in an answer of pdd.order.information.get. Raises ValueError."""
    return as_mapping(data.get("order_info"), "order_info")


def check_done(method: str, data: Mapping[str, Any], flag: str) -> None:
    """Raise Rejected when a write answers that it was not done, ValueError when it does not say."""
    done = data.get(flag)
    if done is False:
        raise Rejected(PARTNER, method, f"{flag} is false")
    if done is not True:
        raise ValueError(f"no {flag}")


def under_refund(data: Mapping[str, Any], order_sn: str) -> bool:
    """Whether pdd.refund.status.check names the order. Its list holds objects; texts are read as well."""
    entries = as_list(data.get("order_sns_exists_refund"))
    return any(order_sn == (text_of(each, "order_sn") if isinstance(each, dict) else each) for each in entries)


def tracking_numbers(detail: Mapping[str, Any]) -> frozenset[str]:
    """The numbers that the platform has for an order: its own, and those of further parcels."""
    extra = (entry for entry in as_list(detail.get("extra_delivery_list")) if isinstance(entry, dict))
    numbers = (text_of(source, "tracking_number") for source in (detail, *extra))
    return frozenset(number for number in numbers if number)


def created_number(data: Mapping[str, Any], key: str) -> str:
    """The number of the parcel `key` in an answer of pdd.waybill.get. Raises ValueError when it has none."""
    for raw in as_list(data.get("modules")):
        module = as_mapping(raw, "modules[]")
        if text_of(module, "object_id") == key and (number := text_of(module, "waybill_code")):
            return number
    raise ValueError("the answer does not mention the parcel")
