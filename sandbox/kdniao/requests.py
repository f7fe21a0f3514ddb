"""Kuaidiniao's requests: the signed form around them, and what must be right before anything is done."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any

from sandbox.kdniao.codes import NEEDS_PHONE_TAIL
from sandbox.kdniao.signing import data_sign
from sandbox.settings import KdniaoSettings

Json = dict[str, Any]

_FORBIDDEN = re.compile("['\"#&+<>%\\\\]")
_PHONE_TAIL = re.compile(r"\d{4}")


class KdniaoError(Exception):
    """Kuaidiniao's "no": ResultCode and Reason."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True)
class TrackRequest:
    """A request about one parcel. Texts are empty where the caller left them out."""

    request_type: str
    shipper_code: str
    number: str
    order_code: str
    callback: str
    newest_first: bool


def read(fields: dict[str, str], settings: KdniaoSettings, allowed: frozenset[str]) -> TrackRequest:
    """Check the form and its signature, then the request in it. Raises KdniaoError."""
    data = _verified(fields, settings, allowed)
    if any(_FORBIDDEN.search(text) for text in _texts(data)):
        raise KdniaoError("403", "RequestData 含有特殊字符")
    request = TrackRequest(
        request_type=fields["RequestType"],
        shipper_code=_text(data, "ShipperCode"),
        number=_text(data, "LogisticCode"),
        order_code=_text(data, "OrderCode"),
        callback=_text(data, "Callback"),
        newest_first=str(data.get("Sort", "0")) == "1",
    )
    if not request.number:
        raise KdniaoError("402", "缺少快递单号")
    if not 5 <= len(request.number) <= 32:
        raise KdniaoError("404", "快递单号长度不符")
    if len(request.callback) > 50:
        raise KdniaoError("103", "Callback 过长")
    if request.request_type == "2002":
        return request
    if not request.shipper_code:
        raise KdniaoError("101", "缺少必要参数 ShipperCode")
    if request.shipper_code in NEEDS_PHONE_TAIL and not _PHONE_TAIL.fullmatch(_text(data, "CustomerName")):
        raise KdniaoError("101", "CustomerName 须为寄件人或收件人手机号后四位")
    return request


def _verified(fields: dict[str, str], settings: KdniaoSettings, allowed: frozenset[str]) -> Json:
    for name in ("RequestData", "EBusinessID", "RequestType", "DataSign", "DataType"):
        if not fields.get(name):
            raise KdniaoError("101", f"缺少必要参数 {name}")
    expected = data_sign(fields["RequestData"], settings.app_key.get_secret_value())
    if fields["EBusinessID"] != settings.business_id or not compare_digest(
        expected.encode(), fields["DataSign"].encode()
    ):
        raise KdniaoError("102", "校验失败：用户ID或签名不正确")
    if fields["RequestType"] not in allowed:
        raise KdniaoError("104", "接口指令未开通")
    if fields["DataType"] != "2":
        raise KdniaoError("103", "DataType 只支持 2")
    try:
        data = json.loads(fields["RequestData"])
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise KdniaoError("401", "RequestData 格式不正确")
    return data


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


def _text(data: Json, field: str) -> str:
    value = data.get(field)
    return value.strip() if isinstance(value, str) else ""
