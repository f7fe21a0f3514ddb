"""Aliyun SMS over HTTP: forty lines of signature instead of the vendor SDK's twenty-nine packages."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import httpx

from connectors.sms.requests import PAGE_SIZE, Call, details_call, send_call
from connectors.sms.responses import read_details, read_send
from connectors.sms.settings import SmsSettings
from connectors.transport import Line
from domain.clock import utc_now
from domain.shipping import Sms

T = TypeVar("T")


class AliyunSms:
    """`Messenger` over Aliyun SMS."""

    def __init__(self, settings: SmsSettings) -> None:
        self._settings = settings
        self._line = Line("sms", settings.base_url, settings.limits)

    async def close(self) -> None:
        """End all connections."""
        await self._line.close()

    async def send(self, message: Sms) -> str:
        """Send, and return the `BizId`. Not idempotent at the partner: on OutcomeUnknown call `find` first."""
        call = send_call(self._settings, message, utc_now(), secrets.token_hex(16))
        return await self._post("send", call, read_send, writes=True)

    async def find(self, out_id: str, phone: str, sent_on: datetime) -> str | None:
        """`out_id` when Aliyun has a message under it on that Beijing day (of the last 30), else None.

        The details carry no `BizId`, so our own id, which the partner keeps and echoes, stands for the message.
        """
        page, seen = 1, 0
        while True:
            call = details_call(self._settings, phone, sent_on, page, utc_now(), secrets.token_hex(16))
            found = await self._post("find", call, read_details, writes=False)
            if out_id in found.out_ids:
                return out_id
            seen += len(found.out_ids)
            if seen >= found.total or len(found.out_ids) < PAGE_SIZE:
                return None
            page += 1

    async def _post(self, operation: str, call: Call, parse: Callable[[httpx.Response], T], *, writes: bool) -> T:
        return await self._line.exchange(
            operation, "POST", "/", parse, writes=writes, headers=call.headers, content=call.body
        )
