"""The credit bureau's REST API and its callbacks."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from sandbox.credit.ledger import Check, CheckRequest, CreditLedger, ReservationStatus, decides_late
from sandbox.credit.signing import Guard, signed_headers
from sandbox.world import Book, PushRequest, World

_UNKNOWN_CUSTOMER = "UNKNOWN"


class CreditBureau:
    """The CRM. Decides at once, or, for customers whose id begins with LATE, by callback after `pace.decide_s`."""

    name = "credit"

    def __init__(self, world: World) -> None:
        self._world = world
        self._settings = world.settings.credit
        self._guard = Guard(self._settings)
        self._ledger = CreditLedger()

    def router(self) -> APIRouter:
        """The contract's four calls. The signed path is the one on the wire, the mount's prefix included."""
        router = APIRouter()

        @router.post("/credit/v1/checks")
        async def check(request: Request) -> Response:
            """Ask."""
            body = await request.body()
            key = request.headers.get("Idempotency-Key")
            return await self._answer(request, "check", body, lambda: self._check(body, key))

        # A request id may hold any character, "/" included.
        @router.get("/credit/v1/checks/{request_id:path}")
        async def find(request: Request, request_id: str) -> Response:
            """Ask what became of a check."""
            return await self._answer(request, "find", await request.body(), lambda: self._find(request_id))

        @router.post("/credit/v1/reservations/{reservation_id}/commit")
        async def commit(request: Request, reservation_id: str) -> Response:
            """The order shipped."""
            return await self._answer(
                request,
                "commit",
                await request.body(),
                lambda: self._settle(reservation_id, ReservationStatus.COMMITTED),
            )

        @router.post("/credit/v1/reservations/{reservation_id}/release")
        async def release(request: Request, reservation_id: str) -> Response:
            """The order will not ship."""
            return await self._answer(
                request,
                "release",
                await request.body(),
                lambda: self._settle(reservation_id, ReservationStatus.RELEASED),
            )

        return router

    def book(self) -> Book:
        """Checks and reservations."""
        return self._ledger.book()

    async def _answer(self, request: Request, operation: str, body: bytes, work: Callable[[], Response]) -> Response:
        path = request.scope["raw_path"].decode("ascii")

        def handle() -> Response:
            objection = self._guard.objection(request.method, path, request.headers, body)
            return _refuse(401, "BAD_SIGNATURE", objection) if objection else work()

        return await self._world.answer(
            self.name,
            operation,
            handle,
            system_error=lambda: _refuse(503, "MAINTENANCE", "nightly maintenance", retry_after=1),
            throttled=lambda: _refuse(429, "RATE_LIMITED", "too many calls", retry_after=1),
        )

    def _check(self, body: bytes, key: str | None) -> Response:
        try:
            payload = json.loads(body)
            request = CheckRequest.model_validate(payload)
        except ValidationError as bad:
            # Only where it is wrong: a value may be a customer's name.
            places = ", ".join(".".join(map(str, error["loc"])) for error in bad.errors())
            return _refuse(422, "INVALID_ARGUMENT", places)
        except ValueError:
            return _refuse(400, "INVALID_ARGUMENT", "body is no JSON")
        if key != request.request_id:
            return _refuse(400, "INVALID_ARGUMENT", "Idempotency-Key is not request_id")
        if request.customer.external_id == _UNKNOWN_CUSTOMER:
            return _refuse(404, "CUSTOMER_NOT_FOUND", "no such customer")
        if earlier := self._ledger.find(request.request_id):
            if earlier.payload != payload:
                return _refuse(409, "IDEMPOTENCY_CONFLICT", "same request_id, other payload")
            earlier.times += 1
            return _state(earlier)
        check = self._ledger.open(request, payload)
        if decides_late(request):
            self._decide_later(check)
        else:
            self._ledger.decide(check)
        return _state(check)

    def _find(self, request_id: str) -> Response:
        check = self._ledger.find(request_id)
        return _state(check) if check else _refuse(404, "CHECK_NOT_FOUND", "no such check")

    def _settle(self, reservation_id: str, end: ReservationStatus) -> Response:
        match self._ledger.settle(reservation_id, end):
            case None:
                return _refuse(404, "RESERVATION_NOT_FOUND", "no such reservation")
            case True:
                return JSONResponse({"status": end})
            case False:
                return _refuse(409, "RESERVATION_ENDED", "already in the other end state")

    def _decide_later(self, check: Check) -> None:
        async def decide() -> None:
            self._ledger.decide(check)
            self._call_back(check.request.callback_url, {**check.body(), "event_id": f"evt-{uuid.uuid4().hex}"})

        self._world.later(self._world.pace.decide_s, decide)

    def _call_back(self, url: str, content: dict[str, Any]) -> None:
        body = json.dumps(content, ensure_ascii=False).encode()
        path = urlsplit(url).path
        # Signed anew for every try: a repeated nonce or an old time stamp would be refused.
        self._world.push(
            self.name,
            "decision",
            lambda: PushRequest(path=url, body=body, headers=signed_headers(self._settings, path, body)),
            _taken,
        )


def _state(check: Check) -> Response:
    return JSONResponse(check.body(), status_code=202 if check.answer is None else 200)


def _refuse(status: int, code: str, message: str, *, retry_after: int | None = None) -> Response:
    headers = None if retry_after is None else {"Retry-After": str(retry_after)}
    return JSONResponse({"code": code, "message": message}, status_code=status, headers=headers)


def _taken(response: httpx.Response) -> bool:
    ack = response.json()
    return response.status_code == 200 and isinstance(ack, dict) and ack.get("code") == 0
