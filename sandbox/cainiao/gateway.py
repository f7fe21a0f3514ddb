"""LINK's HTTP gateway: one address for all messages, a signed form in, JSON out, HTTP 200 always."""

from __future__ import annotations

import json
from collections.abc import Callable
from hmac import compare_digest
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from sandbox.cainiao.messages import DiscardRequest, GetRequest, QueryRequest
from sandbox.cainiao.signing import data_digest
from sandbox.cainiao.waybills import CainiaoError, CainiaoWaybills
from sandbox.road import Road
from sandbox.world import Book, World, form_fields

_OPERATIONS = {
    "TMS_WAYBILL_GET": "create",
    "TMS_WAYBILL_DISCARD": "void",
    "TMS_WAYBILL_QUERY_BY_TRADE_CODE": "find",
}


class CainiaoGateway:
    """Cainiao's LINK gateway and waybill desk."""

    name = "cainiao"

    def __init__(self, world: World, road: Road) -> None:
        self._world = world
        self._settings = world.settings.cainiao
        self._waybills = CainiaoWaybills(road)
        self._messages: dict[str, Callable[[Any], dict[str, Any]]] = {
            "create": lambda raw: self._waybills.get(GetRequest.model_validate(raw)),
            "void": lambda raw: self._waybills.discard(DiscardRequest.model_validate(raw)),
            "find": lambda raw: self._waybills.query(QueryRequest.model_validate(raw)),
        }

    def router(self) -> APIRouter:
        """`POST /gateway/link.do`."""
        router = APIRouter()

        @router.post("/gateway/link.do")
        async def link(request: Request) -> Response:
            """Any message; `msg_type` in the form says which."""
            fields = form_fields(await request.body())
            return await self._world.answer(
                self.name,
                _OPERATIONS.get(fields.get("msg_type", ""), "unknown"),
                lambda: self._serve(fields),
                system_error=lambda: _refuse("S07", "系统异常"),
                throttled=lambda: _refuse("S12", "请求流量限制"),
            )

        return router

    def book(self) -> Book:
        """The waybills that were made."""
        return self._waybills.book()

    def _serve(self, fields: dict[str, str]) -> Response:
        text = fields.get("logistics_interface", "")
        if fields.get("logistic_provider_id") != self._settings.provider_id:
            return _refuse("S03", "非法的物流公司")
        expected = data_digest(text, self._settings.secret.get_secret_value())
        if not compare_digest(expected.encode(), fields.get("data_digest", "").encode()):
            return _refuse("S02", "非法的数字签名")
        operation = _OPERATIONS.get(fields.get("msg_type", ""))
        if operation is None:
            return _refuse("S04", "非法的通知类型")
        try:
            raw = json.loads(text)
        except ValueError:
            return _refuse("S01", "非法的JSON")
        try:
            return JSONResponse(self._messages[operation](raw))
        except ValidationError as bad:
            # Only where it is wrong: a value may be a person's name or phone.
            return _refuse("S05", "非法的通知内容: " + ", ".join(_place(error["loc"]) for error in bad.errors()))
        except CainiaoError as no:
            return _refuse(no.code, no.message)


def _place(path: tuple[int | str, ...]) -> str:
    return ".".join(str(step) for step in path) or "message"


def _refuse(code: str, message: str) -> Response:
    return JSONResponse({"success": "false", "errorCode": code, "errorMsg": message})
