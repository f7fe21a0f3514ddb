"""Answers of the credit bureau, and what its errors mean (section 3 of the contract)."""

from __future__ import annotations

from typing import Annotated, Literal

import httpx
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from connectors.errors import Misconfigured, PartnerError, Rejected, Unavailable
from domain.shipping import CreditAnswer, CreditDecision

_PARTNER = "credit"

# Printable ASCII for keys, and no NUL in words, which PostgreSQL can't store.
_Id = Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,256}$")]
_Words = Annotated[str, Field(pattern=r"^[^\x00]*$")]


class Verdict(BaseModel):
    """The decided answer, in a reply or in a callback; what we make no use of is left out."""

    # Inputs are kept out of error texts: they may be about a person.
    model_config = ConfigDict(hide_input_in_errors=True)

    request_id: _Id
    status: Literal["DONE"]
    decision: CreditDecision
    reason_code: _Words | None = None
    reason: _Words | None = None
    reservation_id: _Id | Literal[""] | None = None

    def answer(self) -> CreditAnswer:
        """The same in our words."""
        return CreditAnswer(
            self.request_id, self.decision, self.reason or self.reason_code or "", self.reservation_id or ""
        )


class _Pending(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    request_id: str
    status: Literal["PENDING"]

    def answer(self) -> CreditAnswer:
        return CreditAnswer(self.request_id, None)


_REPLY: TypeAdapter[Verdict | _Pending] = TypeAdapter(Annotated[Verdict | _Pending, Field(discriminator="status")])


class _Finished(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    status: Literal["COMMITTED", "RELEASED"]


def read_check(response: httpx.Response, request_id: str) -> CreditAnswer:
    """The answer to a check. An unknown customer is a case for a person, so it reads as REVIEW."""
    if response.status_code == 404 and _code(response) == "CUSTOMER_NOT_FOUND":
        return CreditAnswer(request_id, CreditDecision.REVIEW, "CUSTOMER_NOT_FOUND")
    _raise_for(response, "check")
    return _answer(response, request_id)


def read_lookup(response: httpx.Response, request_id: str) -> CreditAnswer | None:
    """The answer to a look-up; None for 404, after which the contract allows to ask (again) by POST."""
    if response.status_code == 404:
        return None
    _raise_for(response, "lookup")
    return _answer(response, request_id)


def read_finish(response: httpx.Response, action: str, end_state: str) -> None:
    """The answer to commit or release. Raises Rejected when the reservation ended the other way or is unknown."""
    if response.status_code == 404 and _code(response):
        raise Rejected(_PARTNER, action, "no such reservation", _code(response))
    _raise_for(response, action)
    if _Finished.model_validate_json(response.content).status != end_state:
        raise ValueError("the reservation ended otherwise")


def _answer(response: httpx.Response, request_id: str) -> CreditAnswer:
    # By the status in the body: a look-up gives "the same body" for an open question too, and names no code for it.
    reply = _REPLY.validate_json(response.content)
    if reply.request_id != request_id:
        raise ValueError("the answer is to another question")
    return reply.answer()


def _raise_for(response: httpx.Response, operation: str) -> None:
    """Raise what a status other than 2xx means. 429, 503 and other 5xx never come here: `Line` classifies them."""
    status = response.status_code
    if status < 300:
        return
    code = _code(response) or str(status)
    error: PartnerError
    if status == 423:
        error = Unavailable(_PARTNER, operation, "under maintenance", code)
    elif status in {401, 403}:
        error = Misconfigured(_PARTNER, operation, "signature or permission refused", code)
    elif status in {404, 405} or status < 400:
        error = Misconfigured(_PARTNER, operation, "the address is not that of a credit bureau", code)
    elif status == 409:
        error = Rejected(_PARTNER, operation, "conflicts with what was asked before", code)
    else:
        error = Rejected(_PARTNER, operation, "invalid argument", code)
    raise error


def _code(response: httpx.Response) -> str:
    """The contract's error code; "" where a proxy or a stranger answered."""
    try:
        code = response.json()["code"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return code if isinstance(code, str) and code.isidentifier() and len(code) <= 64 else ""
