"""Reads Kuaidiniao's answers and sorts its refusals into the error tree."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors.errors import Misconfigured, OutcomeUnknown, PartnerError, Rejected, Throttled, Unavailable
from connectors.kdniao.traces import read_object, read_report, word
from domain.clock import BEIJING
from domain.shipping import Carrier, TrackReport

_NO_TRACE = "暂无轨迹"
_DAILY_LIMIT = "405"
_CONFIGURATION = frozenset({"102", "104"})
_LONG_DIGITS = re.compile(r"\d{7,}")

_TOO_OFTEN = ("频率", "频繁")
_BUSY = ("系统繁忙",)
_UNCLEAR = ("超时", "系统异常")
_ACCOUNT = ("客户号", "密码", "余额不足", "网点", "签名", "商户", "权限", "未开通")


def read_tracking(body: bytes, carrier: Carrier, number: str, now: datetime) -> TrackReport:
    """The answer to 8001 and 1002. The vendor says "no trace yet" in two ways; both give a report without nodes."""
    reply = read_object(body)
    if not _succeeded(reply):
        if _NO_TRACE in word(reply, "Reason"):
            return TrackReport(carrier, number, ())
        raise refusal("query", reply, now, writes=False)
    return read_report(reply, carrier, number)


def read_subscription(body: bytes, now: datetime) -> None:
    """The answer to 8008 and 1008, which holds nothing but a yes or no."""
    reply = read_object(body)
    if not _succeeded(reply):
        raise refusal("subscribe", reply, now, writes=True)


def _succeeded(reply: Mapping[str, Any]) -> bool:
    success = reply["Success"]
    if not isinstance(success, bool):
        raise ValueError("Success is neither true nor false")
    return success


def refusal(operation: str, reply: Mapping[str, Any], now: datetime, *, writes: bool) -> PartnerError:
    """The error for an answer without success. `now` is needed for the daily limit, which ends at Beijing midnight.

    Not every instruction sends a ResultCode; then the words in Reason decide.
    """
    code, reason = word(reply, "ResultCode"), word(reply, "Reason")
    detail = _LONG_DIGITS.sub("***", reason)[:100]  # a reason may quote a phone
    if code == _DAILY_LIMIT:
        return Throttled("kdniao", operation, detail, code, retry_after=_until_midnight(now))
    if _holds(reason, _TOO_OFTEN):
        return Throttled("kdniao", operation, detail, code)
    if _holds(reason, _BUSY):
        return Unavailable("kdniao", operation, detail, code)
    if _holds(reason, _UNCLEAR):
        return (OutcomeUnknown if writes else Unavailable)("kdniao", operation, detail, code)
    if code in _CONFIGURATION or _holds(reason, _ACCOUNT):
        return Misconfigured("kdniao", operation, detail, code)
    return Rejected("kdniao", operation, detail, code)


def _holds(reason: str, words: tuple[str, ...]) -> bool:
    return any(one in reason for one in words)


def _until_midnight(now: datetime) -> float:
    local = now.astimezone(BEIJING)
    midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight - local).total_seconds()
