"""Answers of Aliyun SMS, and what its codes mean (the vendor's error-code page)."""

from __future__ import annotations

import re
from dataclasses import dataclass

import httpx
from pydantic import BaseModel, ConfigDict, Field

from connectors.errors import Misconfigured, OutcomeUnknown, PartnerError, Rejected, Throttled, Unavailable

_PARTNER = "sms"
_LATER_S = 3600.0
"""Frequency limits of one number count minutes, hours and days; an hour is worth the next try."""

_OPERATOR_CODES = frozenset(
    {
        # paid for nothing more: the account's quota or balance
        "isv.DAY_LIMIT_CONTROL",
        "isv.MONTH_LIMIT_CONTROL",
        "isv.AMOUNT_NOT_ENOUGH",
        "isv.OUT_OF_SERVICE",
        # wrong for every message of this purpose, not for this one message
        "isv.SMS_TEMPLATE_ILLEGAL",
        "isv.SMS_SIGNATURE_ILLEGAL",
        "isv.SMS_SIGNATURE_SCENE_ILLEGAL",
        "isv.TEMPLATE_MISSING_PARAMETERS",
        "isp.RAM_PERMISSION_DENY",
        "SignatureDoesNotMatch",
        "InvalidAccessKeyId.NotFound",
    }
)
_SYSTEM_CODES = frozenset({"isp.SYSTEM_ERROR", "InternalError"})
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,63}")


class _Answer(BaseModel):
    # Inputs are kept out of error texts: answers hold phone numbers.
    model_config = ConfigDict(hide_input_in_errors=True)

    code: str = Field(alias="Code", pattern=f"^{_CODE.pattern}$")


class _Sent(_Answer):
    biz_id: str = Field(alias="BizId", min_length=1)


class _Detail(BaseModel):
    out_id: str | None = Field(None, alias="OutId")


class _DetailList(BaseModel):
    details: list[_Detail] = Field(alias="SmsSendDetailDTO")


class _Details(_Answer):
    total: int = Field(alias="TotalCount")
    page: _DetailList = Field(alias="SmsSendDetailDTOs")


@dataclass(frozen=True)
class DetailPage:
    """One page of what was sent to a number: our ids (None where another system sent without one), and how many
    messages there are on all pages."""

    out_ids: tuple[str | None, ...]
    total: int


def read_send(response: httpx.Response) -> str:
    """The partner's id (`BizId`) of a message that it took; it is not delivered yet."""
    _raise_for(response, "send", writes=True)
    return _Sent.model_validate_json(response.content).biz_id


def read_details(response: httpx.Response) -> DetailPage:
    """One page of messages."""
    _raise_for(response, "find", writes=False)
    answer = _Details.model_validate_json(response.content)
    return DetailPage(tuple(detail.out_id for detail in answer.page.details), answer.total)


def _raise_for(response: httpx.Response, operation: str, writes: bool) -> None:
    """Raise what a code other than OK means; business errors come with HTTP 200 too. The vendor's message is left
    out, for it may quote the number."""
    code = _Answer.model_validate_json(response.content).code
    if code != "OK":
        raise _error(code, response.status_code, operation, writes)


def _error(code: str, status: int, operation: str, writes: bool) -> PartnerError:
    if code.startswith("Throttling"):
        return Throttled(_PARTNER, operation, "too many calls", code, retry_after=2.0)
    if code == "isv.BUSINESS_LIMIT_CONTROL":
        return Throttled(_PARTNER, operation, "too many messages to one number", code, retry_after=_LATER_S)
    if code == "ServiceUnavailable":
        return Unavailable(_PARTNER, operation, "not serving", code)
    if code in _SYSTEM_CODES:
        # Sending is not idempotent and nothing says at which point their system broke: ask before sending again.
        kind = OutcomeUnknown if writes else Unavailable
        return kind(_PARTNER, operation, "their system failed", code)
    if code in _OPERATOR_CODES or status in {401, 403}:
        return Misconfigured(_PARTNER, operation, "account, signature or template", code)
    return Rejected(_PARTNER, operation, "this message can't be sent", code)
