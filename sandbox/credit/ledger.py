"""The bureau's ledger: checks, what was decided on them, and how much of each customer's limit is taken."""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from domain.clock import BEIJING, utc_now
from sandbox.world import Book

Json = dict[str, Any]
Filled = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]

LIMIT_FEN = 50_000_000
"""Every customer's limit, in fen."""


class Customer(BaseModel):
    """Who wants to buy on account."""

    external_id: Filled
    name: str = ""
    tax_no: str = ""


class CheckRequest(BaseModel):
    """The body of `POST /credit/v1/checks`."""

    request_id: Filled
    order_key: Filled
    customer: Customer
    amount_fen: int = Field(ge=0, strict=True)
    currency: Literal["CNY"]
    payment_terms: str
    order_time: AwareDatetime
    callback_url: Annotated[str, StringConstraints(pattern=r"^https?://[^/]+/")]
    reserve: bool


class ReservationStatus(StrEnum):
    """The life of a reservation; the last two are ends."""

    RESERVED = "RESERVED"
    COMMITTED = "COMMITTED"
    RELEASED = "RELEASED"


@dataclass
class Reservation:
    """A part of a customer's limit, taken for one request."""

    reservation_id: str
    request_id: str
    amount_fen: int
    status: ReservationStatus = ReservationStatus.RESERVED


@dataclass
class Check:
    """One question and, once there is one, its answer: the `200` body of the contract."""

    request: CheckRequest
    payload: object
    check_id: str
    answer: Json | None = None
    times: int = 1

    def body(self) -> Json:
        """The answer, or the contract's "not yet"."""
        if self.answer is not None:
            return self.answer
        return {"request_id": self.request.request_id, "check_id": self.check_id, "status": "PENDING"}


class CreditLedger:
    """Decides by the customer's id and limit; see `decides_late` and `decide`."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}
        self._reservations: dict[str, Reservation] = {}
        self._by_customer: defaultdict[str, list[Reservation]] = defaultdict(list)

    def find(self, request_id: str) -> Check | None:
        """The check of a request id, or None."""
        return self._checks.get(request_id)

    def open(self, request: CheckRequest, payload: object) -> Check:
        """Enter a new check. `payload` is the whole body as it came, to tell a repetition from a conflict."""
        check = Check(request, payload, f"chk-{uuid.uuid4().hex}")
        self._checks[request.request_id] = check
        return check

    def decide(self, check: Check) -> None:
        """Answer a check: REFUSE… and LATE-REFUSE… no, REVIEW… a person, everybody else within the limit."""
        customer = check.request.customer.external_id.removeprefix("LATE-")
        amount = check.request.amount_fen
        available = self._available(check.request.customer.external_id)
        reservation_id = ""
        if customer.startswith("REFUSE"):
            decision, code, reason = "REJECTED", "BLACKLISTED", "客户已停用赊销"
        elif customer.startswith("REVIEW"):
            decision, code, reason = "REVIEW", "MANUAL_REVIEW", "需要人工复核"
        elif amount > available:
            decision, code, reason = "REJECTED", "LIMIT_EXCEEDED", "超出可用信用额度"
        else:
            decision, code, reason = "APPROVED", "OK", ""
            if check.request.reserve:
                reservation_id = self._reserve(check.request)
                available -= amount
        check.answer = {
            "request_id": check.request.request_id,
            "check_id": check.check_id,
            "status": "DONE",
            "decision": decision,
            "reason_code": code,
            "reason": reason,
            "credit_limit_fen": LIMIT_FEN,
            "available_fen": available,
            "reservation_id": reservation_id,
            "valid_until": (utc_now() + timedelta(days=1)).astimezone(BEIJING).isoformat(timespec="seconds"),
        }

    def settle(self, reservation_id: str, end: ReservationStatus) -> bool | None:
        """Bring a reservation to its end. True: it is there now; False: it is at the other one; None: unknown."""
        reservation = self._reservations.get(reservation_id)
        if reservation is None:
            return None
        if reservation.status is ReservationStatus.RESERVED:
            reservation.status = end
        return reservation.status is end

    def book(self) -> Book:
        """All checks (`decision` is null while pending; `times`: how often asked) and all reservations."""
        return {
            "checks": [
                {
                    "request_id": check.request.request_id,
                    "order_id": check.request.order_key,
                    "amount_fen": check.request.amount_fen,
                    "status": check.body()["status"],
                    "decision": check.body().get("decision"),
                    "times": check.times,
                }
                for check in self._checks.values()
            ],
            "reservations": [
                {
                    "reservation_id": reservation.reservation_id,
                    "request_id": reservation.request_id,
                    "amount_fen": reservation.amount_fen,
                    "status": reservation.status.value,
                }
                for reservation in self._reservations.values()
            ],
        }

    def _available(self, customer: str) -> int:
        """What is left of the limit. Committed amounts still count: the customer owes them now."""
        taken = (r.amount_fen for r in self._by_customer[customer] if r.status is not ReservationStatus.RELEASED)
        return LIMIT_FEN - sum(taken)

    def _reserve(self, request: CheckRequest) -> str:
        reservation = Reservation(f"rsv-{uuid.uuid4().hex}", request.request_id, request.amount_fen)
        self._reservations[reservation.reservation_id] = reservation
        self._by_customer[request.customer.external_id].append(reservation)
        return reservation.reservation_id


def decides_late(request: CheckRequest) -> bool:
    """Whether the bureau takes its time for this customer and answers by callback."""
    return request.customer.external_id.startswith("LATE")
