"""Aliyun's RPC door for short messages, and its receipts."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import httpx
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from domain.clock import utc_now
from sandbox.sms.acs3 import AcsError, Verifier
from sandbox.sms.messages import SentMessage, SmsDesk, SmsError
from sandbox.world import Book, PushRequest, World, form_fields

Json = dict[str, Any]

_VERSION = "2017-05-25"
_OPERATIONS = {"SendSms": "send", "QuerySendDetails": "query"}
_RECEIPT_AFTER_S = 0.5


class AliyunSms:
    """Aliyun's SMS service: sends what it accepts, and reports every message as delivered."""

    name = "sms"

    def __init__(self, world: World) -> None:
        self._world = world
        self._settings = world.settings.sms
        self._verifier = Verifier(self._settings.access_key_id, self._settings.access_key_secret.get_secret_value())
        self._desk = SmsDesk()
        self._actions: dict[str, Callable[[Mapping[str, str]], Json]] = {
            "send": self._send,
            "query": self._desk.details,
        }

    def router(self) -> APIRouter:
        """`POST /`: the header `x-acs-action` says what; parameters stand in the query or in a form body."""
        router = APIRouter()

        @router.post("/")
        async def rpc(request: Request) -> Response:
            """Any action."""
            body = await request.body()
            return await self._world.answer(
                self.name,
                _OPERATIONS.get(request.headers.get("x-acs-action", ""), "unknown"),
                lambda: self._serve(request, body),
                system_error=lambda: _reply({"Code": "isp.SYSTEM_ERROR", "Message": "系统错误"}),
                throttled=lambda: _reply(
                    {"Code": "Throttling.User", "Message": "Request was denied due to user flow control."}, 400
                ),
            )

        return router

    def book(self) -> Book:
        """The messages that were accepted."""
        return self._desk.book()

    def _serve(self, request: Request, body: bytes) -> Response:
        query = parse_qsl(request.scope["query_string"].decode("ascii"), keep_blank_values=True)
        # RPC calls always sign "/"; a client that takes our mount's prefix for part of its endpoint signs that.
        paths = ("/", request.scope["raw_path"].decode("ascii"))
        try:
            self._verifier.verify(paths, query, request.headers, body)
            operation = _OPERATIONS.get(request.headers["x-acs-action"])
            if operation is None or request.headers["x-acs-version"] != _VERSION:
                raise AcsError(404, "InvalidAction.NotFound", "Specified api is not found.")
            content = self._actions[operation]({**dict(query), **form_fields(body)})
        except AcsError as no:
            return _reply({"Code": no.code, "Message": no.message}, no.status)
        except SmsError as no:
            return _reply({"Code": no.code, "Message": no.message})
        return _reply({"Code": "OK", "Message": "OK", **content})

    def _send(self, fields: Mapping[str, str]) -> Json:
        messages = self._desk.send(fields)

        async def arrive() -> None:
            for message in messages:
                message.received = utc_now()
            self._push_receipts(messages)

        self._world.later(_RECEIPT_AFTER_S, arrive)
        return {"BizId": messages[0].biz_id}

    def _push_receipts(self, messages: list[SentMessage]) -> None:
        request = PushRequest(
            path=f"/hooks/sms/{self._settings.receipt_secret.get_secret_value()}",
            body=json.dumps([message.receipt() for message in messages], ensure_ascii=False).encode(),
            headers={"Content-Type": "application/json;charset=utf-8"},
        )
        self._world.push(self.name, "receipt", lambda: request, _taken)


def _reply(content: Json, status: int = 200) -> Response:
    return JSONResponse({"RequestId": str(uuid.uuid4()).upper(), **content}, status_code=status)


def _taken(response: httpx.Response) -> bool:
    ack = response.json()
    return response.status_code == 200 and isinstance(ack, dict) and ack.get("code") == 0
