"""JD's answers: the envelope, its errors (section 4 of the protocol file), and what single calls say. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
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
from connectors.jd.fields import is_true
from connectors.ports import AccessToken

PARTNER = "jd"

_RETRY_CODES = frozenset({1, 2, 3, 4, 10, 21})
_SETTINGS_CODES = frozenset({5, 6, 8, 9, 12, 13})
_TOKEN_CODES = frozenset({18, 19})
_PERMISSION_CODES = frozenset({22, 23, 43, 50, *range(63, 68)})

_LIMIT_WORDS = ("限流", "配额", "超过调用次数", "频率", "频繁")
_BUSY_WORDS = ("繁忙", "超时")
_TOKEN_WORDS = ("token", "授权")
_PERMISSION_WORDS = ("权限", "permission")
_ALREADY_SHIPPED_WORDS = ("已出库", "重复出库")
_NO_SUCH_ORDER_WORDS = ("订单不存在",)

_DETAIL_LENGTH = 160
_LONGEST_LIFE_S = 366 * 86_400


@dataclass(frozen=True)
class OrderPage:
    """One page of a search. `total` counts the whole search."""

    total: int
    orders: tuple[Any, ...]


@dataclass(frozen=True)
class RefundPage:
    """One page of the refunds before shipping. `total` counts the whole search."""

    total: int
    rows: tuple[Any, ...]


def read_answer(method: str, response: httpx.Response, *, writes: bool) -> Mapping[str, Any]:
    """The body under `{method}_responce` (JD's spelling); e-waybills come without it, and are put into `resultInfo`,
    where they are in the SDK's classes.

    Raises the errors of `connectors.errors`, or ValueError when this is no answer of JD's.
    """
    answer = as_mapping(load_json(response.content), "answer")
    error = answer.get("error_response")
    if isinstance(error, dict):
        raise _gateway_error(method, error, writes)
    if "statusCode" in answer:
        return {"resultInfo": answer}
    body = as_mapping(answer.get(method.replace(".", "_") + "_responce"), "responce")
    if text_of(body, "code") not in ("", "0"):
        raise _gateway_error(method, body, writes)
    return body


def classify(code: int, words: str, writes: bool) -> type[PartnerError]:
    """The class of an error: by what its words say first, for the table of codes is not well documented."""
    lowered = words.lower()
    # A platform that stumbled may have done the work before.
    stumbled = OutcomeUnknown if writes else Unavailable
    if means_throttled(words):
        return Throttled
    if means_busy(words):
        return stumbled
    # "Not authorised for this interface" is about permissions, which no new token mends.
    if code in _TOKEN_CODES or (_names(lowered, _TOKEN_WORDS) and not _names(lowered, _PERMISSION_WORDS)):
        return TokenRefused
    if code in _RETRY_CODES:
        return stumbled
    if code in _SETTINGS_CODES:
        return Misconfigured
    if code in _PERMISSION_CODES and _names(lowered, _PERMISSION_WORDS):
        return Misconfigured
    return Rejected


def means_throttled(words: str) -> bool:
    """Whether JD says that there were too many calls."""
    return _names(words.lower(), _LIMIT_WORDS)


def means_busy(words: str) -> bool:
    """Whether JD says that it stumbled."""
    return _names(words.lower(), _BUSY_WORDS)


def _gateway_error(method: str, error: Mapping[str, Any], writes: bool) -> PartnerError:
    code, words = text_of(error, "code"), text_of(error, "zh_desc")
    number = int(code) if code.isascii() and code.isdigit() and len(code) < 10 else -1
    kind = classify(number, f"{words} {text_of(error, 'en_desc')}", writes)
    # The gateway's words about a token may repeat it.
    detail = "access token refused" if kind is TokenRefused else words[:_DETAIL_LENGTH]
    return kind(PARTNER, method, detail, code)


def _check_success(method: str, result: Mapping[str, Any], writes: bool) -> None:
    if is_true(result.get("success")):
        return
    words = text_of(result, "chineseErrCode") or text_of(result, "englishErrCode") or text_of(result, "errorMsg")
    kind = classify(-1, words, writes)
    raise kind(PARTNER, method, words[:_DETAIL_LENGTH], text_of(result, "errorCode"))


def read_page(method: str, body: Mapping[str, Any]) -> OrderPage:
    """A search's page of orders, not read yet. Raises PartnerError, ValueError."""
    result = as_mapping(body.get("searchorderinfo_result"), "searchorderinfo_result")
    _check_success(method, as_mapping(result.get("apiResult"), "apiResult"), writes=False)
    return OrderPage(as_int(result.get("orderTotal"), "orderTotal"), tuple(as_list(result.get("orderInfoList"))))


def read_refunds(method: str, body: Mapping[str, Any]) -> RefundPage:
    """A page of refunds, not read yet. Raises PartnerError, ValueError."""
    result = as_mapping(body.get("queryResult"), "queryResult")
    _check_success(method, result, writes=False)
    return RefundPage(as_int(result.get("totalCount"), "totalCount"), tuple(as_list(result.get("result"))))


def read_waybills(method: str, body: Mapping[str, Any]) -> frozenset[str]:
    """The numbers that JD has for an order, out of its details. Raises PartnerError, ValueError."""
    result = as_mapping(body.get("orderDetailInfo"), "orderDetailInfo")
    _check_success(method, as_mapping(result.get("apiResult"), "apiResult"), writes=False)
    waybill = text_of(as_mapping(result.get("orderInfo"), "orderInfo"), "waybill")
    return frozenset(number for number in re.split(r"[|,;\s]+", waybill) if number)


def check_shipment(method: str, body: Mapping[str, Any]) -> None:
    """Return when the shipment was taken. Raises PartnerError, ValueError."""
    _check_success(method, as_mapping(body.get("sopjosshipment_result"), "sopjosshipment_result"), writes=True)


def check_stock(method: str, body: Mapping[str, Any]) -> None:
    """Return when the stock figure was taken. Raises PartnerError, ValueError."""
    result = as_mapping(body.get("returnType"), "returnType")
    words = text_of(result, "message")
    if not is_true(result.get("success")):
        raise classify(-1, words, writes=True)(PARTNER, method, words[:_DETAIL_LENGTH], text_of(result, "code"))
    taken = as_mapping(result.get("obj"), "obj")
    for raw in as_list(taken.get("updateStockResult")):
        row = as_mapping(raw, "updateStockResult[]")
        if not is_true(row.get("success")):
            words = text_of(row, "message")
            raise classify(-1, words, writes=True)(PARTNER, method, words[:_DETAIL_LENGTH], text_of(row, "code"))


def says_shipped_already(refusal: Rejected) -> bool:
    """Whether a refusal says that the order has left before."""
    return _names(refusal.detail, _ALREADY_SHIPPED_WORDS)


def says_no_such_order(refusal: Rejected) -> bool:
    """Whether a refusal says that there is no such order, or none that the shop's app may read."""
    return _names(refusal.detail, _NO_SUCH_ORDER_WORDS)


def read_token(operation: str, response: httpx.Response, now: datetime) -> AccessToken:
    """The token in an answer of the OAuth server. Raises Misconfigured when the shop must authorise again."""
    answer = as_mapping(load_json(response.content), "answer")
    access, refresh = text_of(answer, "access_token"), text_of(answer, "refresh_token")
    if not access:
        code = text_of(answer, "code")
        if not code:
            raise ValueError("neither a token nor an error")
        kind = classify(-1, text_of(answer, "msg"), writes=False)
        if kind.retryable:
            raise kind(PARTNER, operation, "the OAuth server is busy", code)
        raise Misconfigured(PARTNER, operation, "the shop must authorise the application again", code)
    life = timedelta(seconds=min(as_int(answer.get("expires_in"), "expires_in"), _LONGEST_LIFE_S))
    # JD names no life for the refresh token: it dies with the application's right to refresh, so it is tried for long.
    refresh_life = timedelta(seconds=_LONGEST_LIFE_S)
    return AccessToken(access, refresh, expires_at=now + life, refresh_expires_at=now + refresh_life)


def _names(text: str, words: tuple[str, ...]) -> bool:
    return any(word in text for word in words)
