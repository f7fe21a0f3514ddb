"""The credit bureau over HTTP."""

from __future__ import annotations

import secrets

from connectors.credit.requests import Call, check_call, finish_call, lookup_call
from connectors.credit.responses import read_check, read_finish, read_lookup
from connectors.credit.settings import CreditSettings
from connectors.transport import Line
from domain.clock import utc_now
from domain.shipping import CreditAnswer, CreditRequest


class CrmCredit:
    """`CreditBureau` over the proposed REST contract. Every write carries its own id, so a repeat changes nothing."""

    def __init__(self, settings: CreditSettings) -> None:
        self._settings = settings
        self._line = Line("credit", settings.base_url, settings.limits)

    async def close(self) -> None:
        """End all connections."""
        await self._line.close()

    async def check(self, request: CreditRequest) -> CreditAnswer:
        """Ask, and reserve the amount. An unknown customer gives REVIEW; `decision` is None for "not yet"."""
        call = check_call(self._settings, request, utc_now(), _nonce())
        return await self._line.exchange(
            "check",
            call.method,
            call.path,
            lambda response: read_check(response, request.request_id),
            writes=True,
            headers=call.headers,
            content=call.body,
        )

    async def lookup(self, request_id: str) -> CreditAnswer | None:
        """The answer to an earlier question; None when the bureau never got it."""
        call = lookup_call(self._settings, request_id, utc_now(), _nonce())
        return await self._line.exchange(
            "lookup",
            call.method,
            call.path,
            lambda response: read_lookup(response, request_id),
            writes=False,
            headers=call.headers,
        )

    async def commit(self, reservation_id: str) -> None:
        """The reserved amount is used. Raises Rejected when it was released before."""
        await self._finish(finish_call(self._settings, reservation_id, "commit", utc_now(), _nonce()), "commit")

    async def release(self, reservation_id: str) -> None:
        """The reserved amount is free again. Raises Rejected when it was committed before."""
        await self._finish(finish_call(self._settings, reservation_id, "release", utc_now(), _nonce()), "release")

    async def _finish(self, call: Call, action: str) -> None:
        end_state = {"commit": "COMMITTED", "release": "RELEASED"}[action]
        await self._line.exchange(
            action,
            call.method,
            call.path,
            lambda response: read_finish(response, action, end_state),
            writes=True,
            headers=call.headers,
            content=call.body,
        )


def _nonce() -> str:
    """Random, at least 16 characters, as the contract asks."""
    return secrets.token_hex(16)
