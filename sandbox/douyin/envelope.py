"""The envelope of every Douyin answer, and the refusals (protocol file, section 4)."""

from __future__ import annotations

import secrets
from typing import Any

from fastapi import Response
from fastapi.responses import JSONResponse

_WORDS = {
    10000: "success",
    20000: "服务不可用",
    30001: "权限不足",
    40002: "缺少参数",
    40003: "非法参数",
    40004: "非法参数",
    50002: "业务处理失败",
    80000: "调用过于频繁",
}


class Refusal(Exception):
    """A call that Douyin refuses; `detail` holds no personal data."""

    def __init__(self, code: int, sub_code: str, detail: str) -> None:
        super().__init__(sub_code)
        self.code = code
        self.sub_code = sub_code
        self.detail = detail


def business(reason: str, detail: str) -> Refusal:
    """A refusal by the shop's business rules."""
    return Refusal(50002, f"isv.business-failed:{reason}", detail)


def invalid(field: str, detail: str) -> Refusal:
    """A parameter that is there and is wrong."""
    return Refusal(40004, f"isv.parameter-invalid:{field}", detail)


def success(data: dict[str, Any]) -> Response:
    """An answer with what was asked for."""
    return _envelope(10000, "", "", data)


def failure(refusal: Refusal) -> Response:
    """An answer without."""
    return _envelope(refusal.code, refusal.sub_code, refusal.detail, None)


def _envelope(code: int, sub_code: str, sub_msg: str, data: dict[str, Any] | None) -> Response:
    return JSONResponse(
        {
            "code": code,
            "msg": _WORDS[code],
            "sub_code": sub_code,
            "sub_msg": sub_msg,
            "log_id": secrets.token_hex(16),
            "data": data,
        }
    )
