"""The envelopes of Pinduoduo's answers, and the refusals (protocol file, section 3)."""

from __future__ import annotations

import secrets
from typing import Any

from fastapi import Response
from fastapi.responses import JSONResponse

_WORDS = {
    10000: "参数错误",
    10001: "参数不可空",
    10016: "client 下线",
    10019: "access_token 已过期",
    10035: "用户或授权无效",
    10036: "用户没有授权访问此接口",
    20004: "sign 错误",
    30000: "没有调用此 API 权限",
    50000: "系统内部错误",
    50001: "业务服务错误",
    52102: "调用过于频繁，暂时不可用",
}


class Refusal(Exception):
    """A call that Pinduoduo refuses. Neither text holds personal data."""

    def __init__(self, code: int, sub_code: str = "", sub_msg: str = "") -> None:
        super().__init__(code, sub_code)
        self.code = code
        self.sub_code = sub_code
        self.sub_msg = sub_msg


def business(sub_code: str, sub_msg: str) -> Refusal:
    """A refusal by the shop's business rules; 50001 is also what a failing service answers."""
    return Refusal(50001, sub_code, sub_msg)


def invalid(field: str, words: str) -> Refusal:
    """A parameter that is there and is wrong."""
    return Refusal(10000, field, words)


def missing(field: str) -> Refusal:
    """A parameter that is not there, or empty."""
    return Refusal(10001, field, f"参数 {field} 不可空")


def success(key: str, content: dict[str, Any]) -> Response:
    """An answer with what was asked for, under the method's own key."""
    return JSONResponse({key: {**content, "request_id": _request_id()}})


def failure(refusal: Refusal) -> Response:
    """An answer without."""
    return JSONResponse(
        {
            "error_response": {
                "error_code": refusal.code,
                "error_msg": _WORDS[refusal.code],
                "sub_code": refusal.sub_code,
                "sub_msg": refusal.sub_msg,
                "request_id": _request_id(),
            }
        }
    )


def _request_id() -> str:
    return str(secrets.randbelow(9 * 10**16) + 10**16)
