"""The envelopes of Xiaohongshu's answers, and the refusals (protocol file, section 4).

The protocol file names no code for a refusal by business rules: -2000600 is the sandbox's own.
"""

from __future__ import annotations

from typing import Any

from fastapi import Response
from fastapi.responses import JSONResponse

_UNAUTHORISED = 401
_SYSTEM = -1
_INVALID = -2000400
_NOT_FOUND = -2000101
_BUSINESS = -2000600
_THROTTLED = "请求过于频繁，已被限流"

DONE = "success"
"""The data of methods that have nothing to say: a plain text."""


class Refusal(Exception):
    """A call that Xiaohongshu refuses; the words hold no personal data."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(code, words)
        self.code = code
        self.words = words


def unauthorised(words: str) -> Refusal:
    """No such app, a wrong sign, no good token."""
    return Refusal(_UNAUTHORISED, words)


def invalid(words: str) -> Refusal:
    """A parameter that is missing or wrong."""
    return Refusal(_INVALID, words)


def not_found(words: str) -> Refusal:
    """No such order or package."""
    return Refusal(_NOT_FOUND, words)


def business(words: str) -> Refusal:
    """What the state of an order does not allow."""
    return Refusal(_BUSINESS, words)


def success(data: dict[str, Any] | str) -> Response:
    """An answer with what was asked for."""
    return JSONResponse({"error_code": 0, "error_msg": "", "success": True, "data": data})


def failure(refusal: Refusal) -> Response:
    """An answer without."""
    return JSONResponse({"error_code": refusal.code, "error_msg": refusal.words, "success": False, "data": None})


def inner(data: dict[str, Any]) -> dict[str, Any]:
    """The second envelope, which the after-sale family has inside `data`."""
    return {"code": 0, "msg": "", "success": True, "data": data}


def inner_failure(refusal: Refusal) -> dict[str, Any]:
    """A refusal in the second envelope: the first one says that all is well."""
    return {"code": refusal.code, "msg": refusal.words, "success": False, "data": None}


def system_error() -> Response:
    """The platform's own trouble."""
    return failure(Refusal(_SYSTEM, "系统异常，请稍后重试"))


def throttled(*, by_status: bool) -> Response:
    """Too many calls: by HTTP status, or as an ordinary answer whose text says so."""
    if by_status:
        return Response(_THROTTLED, status_code=429)
    return failure(Refusal(_SYSTEM, _THROTTLED))
