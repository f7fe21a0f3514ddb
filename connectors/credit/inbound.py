"""The bureau's late answers, pushed to `/hooks/credit`."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, ValidationError

from connectors.credit.responses import Verdict
from connectors.credit.settings import CreditSettings
from connectors.credit.signing import signature
from connectors.errors import DocumentUnreadable, PushRefused
from connectors.ports import Document, Push, Reply
from domain.news import CreditNews

_CLOCK_TOLERANCE_S = 300
_SHORTEST_NONCE = 16


class _Event(Verdict):
    # Printable ASCII only: it becomes a key in the inbox.
    event_id: Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,128}$")]


class CreditCallback:
    """`PushSource` of credit decisions.

    The signature covers the body, so a decision is the bureau's own word and is not asked back. Nonces are not kept:
    a replay inside the ±300 s only repeats a document whose `event_id` the inbox has, and changes nothing.
    """

    source = "credit"

    def __init__(self, settings: CreditSettings) -> None:
        self._settings = settings

    def unpack(self, push: Push) -> Sequence[Document]:
        """One document per callback. Raises PushRefused and DocumentUnreadable."""
        self._verify(push)
        event = self._read(push.body)
        return [Document(self.source, "credit.decision", event.event_id, 1, push.body.decode())]

    def accepted(self, push: Push) -> Reply:
        """`{"code":0}` ends the bureau's retries."""
        return Reply(200, "application/json", b'{"code":0}')

    def refused(self, push: Push, reason: str) -> Reply:
        """Anything but 200 makes the bureau try again (10 s, 1, 5, 15, 60 min)."""
        return Reply(401, "application/json", b'{"code":1}')

    async def interpret(self, document: Document) -> Sequence[CreditNews]:
        """The decision. Raises DocumentUnreadable."""
        return [CreditNews(self._read(document.body.encode("utf-8", "replace")).answer())]

    def _verify(self, push: Push) -> None:
        headers = push.headers
        if headers.get("x-credit-app") != self._settings.app:
            raise PushRefused(self.source, "unknown client id")
        timestamp, nonce = headers.get("x-credit-timestamp", ""), headers.get("x-credit-nonce", "")
        try:
            off = abs(int(timestamp) - int(push.received_at.timestamp()))
        except ValueError:
            raise PushRefused(self.source, "no timestamp") from None
        if off > _CLOCK_TOLERANCE_S:
            raise PushRefused(self.source, "timestamp out of range")
        if len(nonce) < _SHORTEST_NONCE:
            raise PushRefused(self.source, "nonce too short")
        secret = self._settings.secret.get_secret_value()
        expected = signature(push.method, push.path, timestamp, nonce, push.body, secret)
        given = headers.get("x-credit-signature", "")
        if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace")):
            raise PushRefused(self.source, "wrong signature")

    def _read(self, body: bytes) -> _Event:
        try:
            return _Event.model_validate_json(body)
        except ValidationError as error:
            fields = sorted({".".join(map(str, problem["loc"])) or problem["type"] for problem in error.errors()})
            raise DocumentUnreadable(self.source, f"not a credit decision: {', '.join(fields)}") from None
