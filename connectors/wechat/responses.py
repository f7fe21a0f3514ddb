"""Answers of the mini-program's API and their errors (section 3 of the protocol file). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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

PARTNER = "wechat"
UPLOADED_ALREADY = frozenset({"10060002", "10060003", "10060023"})
"""Done, done twice, nothing new: whether with this number, get_order tells."""
NOT_THERE_YET = "10060001"
"""Right after the payment the order is not in WeChat's store."""

_TOKEN_CODES = frozenset({40001, 40014, 42001})
_SYSTEM_CODES = frozenset({-1, 10060012, 10060019})
_QUOTA_RETRY_S = {45009: 600.0, 45011: 60.0}
_SETTINGS_CODES = frozenset({40002, 40013, 40125, 40164, 41001, 41002, 41004, 48001, 48004, 50002, 61004})
"""Appid, secret, addresses allowed to call, permission of this API."""
_REFUNDED = 5
"""order_state 已退款."""
_DETAIL_LENGTH = 160
_LONGEST_LIFE_S = 7200


@dataclass(frozen=True)
class Uploaded:
    """What WeChat knows of an order's shipping."""

    openid: str
    numbers: frozenset[str]
    refunded: bool = False


def read_answer(operation: str, response: httpx.Response, *, writes: bool) -> Mapping[str, Any]:
    """An answer with errcode 0 (or none). Raises PartnerError, or ValueError when this is no answer of WeChat's."""
    try:
        answer = response.json()
    except RecursionError:
        raise ValueError("JSON is nested too deeply") from None
    if not isinstance(answer, dict):
        raise ValueError("no object")
    code = answer.get("errcode", 0)
    if not isinstance(code, int) or isinstance(code, bool):
        raise ValueError("errcode is no number")
    if code:
        raise _error(operation, code, str(answer.get("errmsg", "")), writes)
    if "errcode" not in answer and "access_token" not in answer:
        raise ValueError("neither an errcode nor a token")
    return answer


def _error(operation: str, code: int, words: str, writes: bool) -> PartnerError:
    detail = words[:_DETAIL_LENGTH]
    if code in _TOKEN_CODES:
        return TokenRefused(PARTNER, operation, "access token refused", str(code))
    if code in _SYSTEM_CODES:
        return (OutcomeUnknown if writes else Unavailable)(PARTNER, operation, detail, str(code))
    if code in _QUOTA_RETRY_S:
        return Throttled(PARTNER, operation, detail, str(code), retry_after=_QUOTA_RETRY_S[code])
    if code in _SETTINGS_CODES:
        return Misconfigured(PARTNER, operation, detail, str(code))
    return Rejected(PARTNER, operation, detail, str(code))


def read_token(answer: Mapping[str, Any]) -> tuple[str, int]:
    """The token and the seconds that it lives. Raises ValueError."""
    token, life = answer.get("access_token"), answer.get("expires_in")
    if not isinstance(token, str) or not token or not token.isascii() or not isinstance(life, int) or life < 0:
        raise ValueError("no access_token")
    return token, min(life, _LONGEST_LIFE_S)


def read_uploaded(answer: Mapping[str, Any]) -> Uploaded:
    """get_order: who paid, and the numbers that were uploaded. Raises ValueError."""
    order = answer["order"]
    openid = order["openid"]
    if not isinstance(openid, str) or not openid:
        raise ValueError("no openid")
    parcels = (order.get("shipping") or {}).get("shipping_list") or []
    numbers = frozenset(str(parcel["tracking_no"]) for parcel in parcels if parcel.get("tracking_no"))
    return Uploaded(openid, numbers, refunded=order.get("order_state") == _REFUNDED)
