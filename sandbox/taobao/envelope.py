"""The envelope of every answer of TOP, and the refusals (protocol file, section 3)."""

from __future__ import annotations

import secrets
from typing import Any

from fastapi import Response
from fastapi.responses import JSONResponse

_PREFIX = "taobao."


class Refusal(Exception):
    """A call that TOP refuses; `sub_msg` holds no personal data."""

    def __init__(self, code: int, msg: str, sub_code: str = "", sub_msg: str = "") -> None:
        super().__init__(sub_code or msg)
        self.code = code
        self.msg = msg
        self.sub_code = sub_code
        self.sub_msg = sub_msg


def business(sub_code: str, sub_msg: str) -> Refusal:
    """A refusal by the service behind the gateway."""
    return Refusal(15, "Remote service error", f"isv.{sub_code}", sub_msg)


def missing(field: str) -> Refusal:
    """A parameter that must be there and is not."""
    return Refusal(40, f"Missing required arguments:{field}", f"isv.missing-parameter:{field}", f"缺少参数 {field}")


def invalid(field: str, sub_msg: str) -> Refusal:
    """A parameter that is there and is wrong."""
    return Refusal(41, f"Invalid arguments:{field}", f"isv.invalid-parameter:{field}", sub_msg)


def success(method: str, data: dict[str, Any]) -> Response:
    """An answer with what was asked for: wrapped by the method's name without `taobao.`, dots as underscores."""
    name = method.removeprefix(_PREFIX).replace(".", "_")
    return JSONResponse({f"{name}_response": {**data, "request_id": secrets.token_hex(6)}})


def failure(refusal: Refusal) -> Response:
    """An answer without; HTTP status 200 as always."""
    error: dict[str, Any] = {"code": refusal.code, "msg": refusal.msg}
    if refusal.sub_code:
        error |= {"sub_code": refusal.sub_code, "sub_msg": refusal.sub_msg}
    return JSONResponse({"error_response": {**error, "request_id": secrets.token_hex(6)}})
