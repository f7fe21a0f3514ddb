"""The envelopes of JD's answers, and the gateway's refusals (protocol file, section 4). All are HTTP 200.

The numbers are of the protocol file's table, whose confidence is low: a client should read the words first.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from fastapi import Response
from fastapi.responses import JSONResponse


class Code(StrEnum):
    """Error codes that occur here."""

    BUSY = "1"
    THROTTLED = "2"
    MISSING = "5"
    INVALID = "6"
    TIMESTAMP = "8"
    SIGN = "9"
    APP = "12"
    METHOD = "13"
    ACCESS_MISSING = "18"
    ACCESS_ENDED = "19"


class Refusal(Exception):
    """A call that the gateway refuses. Neither text holds personal data."""

    def __init__(self, code: Code, zh_desc: str, en_desc: str) -> None:
        super().__init__(code, zh_desc)
        self.code = code
        self.zh_desc = zh_desc
        self.en_desc = en_desc


BUSY = Refusal(Code.BUSY, "平台系统繁忙，请稍后重试", "Service is busy")
THROTTLED = Refusal(Code.THROTTLED, "调用次数超过限制，已被限流，请稍后重试", "Too many calls")


def missing(name: str) -> Refusal:
    """A parameter that is not there, or empty."""
    return Refusal(Code.MISSING, f"缺少参数 {name}", f"Missing parameter {name}")


def invalid(name: str) -> Refusal:
    """A parameter that is there and is wrong."""
    return Refusal(Code.INVALID, f"参数 {name} 不合法", f"Invalid parameter {name}")


def success(method: str, content: dict[str, Any]) -> Response:
    """An answer with what was asked for, under the method's key, which JD has always misspelt."""
    return JSONResponse({f"{method.replace('.', '_')}_responce": {"code": "0", **content}})


def failure(refusal: Refusal) -> Response:
    """An answer without."""
    words = {"code": refusal.code.value, "zh_desc": refusal.zh_desc, "en_desc": refusal.en_desc}
    return JSONResponse({"error_response": words})
