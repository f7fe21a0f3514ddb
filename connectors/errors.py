"""The one error tree of all partners. Each class says whether trying again can help, and what an operator reads.

Connectors raise nothing else; what a partner answered is kept in `code` and `detail` (never personal data, never keys).
"""

from __future__ import annotations

import re
from typing import ClassVar

from domain.partner_health import Outcome
from domain.texts import partner_name, text

_PHONE = re.compile(r"(?<!\d)(1[3-9]\d{9}|0\d{2,3}-?\d{7,8})(?!\d)")
"""Partners quote receivers in their refusals."""


class PartnerError(Exception):
    """A call to an outside system did not end well. Phone numbers in `detail` are masked."""

    retryable: ClassVar[bool] = False
    text_key: ClassVar[str] = "partner.error"
    outcome: ClassVar[Outcome] = Outcome.UNKNOWN
    """What the call counts as in the partner's health."""

    def __init__(self, partner: str, operation: str, detail: str = "", code: str = "") -> None:
        detail = _PHONE.sub("***", detail)
        super().__init__(f"{partner}.{operation}: {type(self).__name__} {code} {detail}".strip())
        self.partner = partner
        self.operation = operation
        self.detail = detail
        self.code = code

    @property
    def operator_text(self) -> str:
        """One sentence for the operator, in the language set for the process."""
        return text(self.text_key, partner=partner_name(self.partner), code=self.code, detail=self.detail)


class Rejected(PartnerError):
    """A business no; asking again gives the same answer."""

    text_key = "partner.rejected"
    outcome = Outcome.REJECTED


class Throttled(PartnerError):
    """Too many calls; nothing happened. Ask again after `retry_after` seconds."""

    retryable = True
    text_key = "partner.throttled"
    outcome = Outcome.THROTTLED

    def __init__(
        self, partner: str, operation: str, detail: str = "", code: str = "", retry_after: float = 1.0
    ) -> None:
        super().__init__(partner, operation, detail, code)
        self.retry_after = retry_after


class Unavailable(PartnerError):
    """It surely did not happen: the partner could not be reached, or said that it is not serving."""

    retryable = True
    text_key = "partner.unavailable"
    outcome = Outcome.UNAVAILABLE


class BreakerOpen(Unavailable):
    """Not even tried: the partner failed too often just now."""

    text_key = "partner.breaker_open"
    outcome = Outcome.BREAKER_OPEN


class OutcomeUnknown(PartnerError):
    """It may have happened: ask the partner before doing it again."""

    retryable = True
    text_key = "partner.outcome_unknown"


class Misconfigured(PartnerError):
    """Key, permission, signature or contract: a person must mend it; the queue waits, an alert goes out."""

    text_key = "partner.misconfigured"
    outcome = Outcome.MISCONFIGURED


class TokenRefused(Misconfigured):
    """The access token is expired, revoked or unknown. Nothing happened: renew it and call again, once."""

    # The interface answered as it should. Where a token cannot be renewed, the renewal counts as misconfigured.
    outcome = Outcome.REJECTED


class PushRefused(Exception):
    """An inbound request that is not what it claims to be. `reason` is for the log, never for the caller."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"{source}: {reason}")
        self.source = source
        self.reason = reason


class DocumentUnreadable(Exception):
    """An inbound document that is verified but cannot be understood: it goes to quarantine alone."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"{source}: {reason}")
        self.source = source
        self.reason = reason
