"""WeChat's calls to us: verified, opened, made into documents (sections 1 and 3 of the protocol file). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.errors import DocumentUnreadable, PushRefused
from connectors.fields import text_of
from connectors.ports import Document, Push
from connectors.wechat.documents import SOURCE, payment_document, refund_document
from connectors.wechat.merchant import NONCE, RSA, SERIAL, SIGNATURE, SIGNATURE_TYPE, TIMESTAMP, Merchant
from connectors.wechat.settings import WechatSettings
from connectors.wechat.signing import message_is_signed

LONGEST_AGE_S = 300
_PAID = "TRANSACTION.SUCCESS"
_REFUNDS = frozenset({"REFUND.SUCCESS", "REFUND.ABNORMAL", "REFUND.CLOSED"})


class Inbound:
    """Takes WeChat's calls apart."""

    def __init__(self, settings: WechatSettings, merchants: Sequence[Merchant]) -> None:
        self._merchants = merchants
        tokens = (shop.message_token for shop in settings.shops.values())
        self._message_tokens = [token.get_secret_value() for token in tokens if token is not None]

    def is_message(self, push: Push) -> bool:
        """Whether this claims to be a message push of a mini-program, rather than a notification of WeChat Pay."""
        return "signature" in push.query and SIGNATURE not in push.headers

    def documents(self, push: Push) -> Sequence[Document]:
        """One document for a payment or a refund; none for a message (settlement), which changes no order.

        Raises PushRefused and DocumentUnreadable.
        """
        if self.is_message(push):
            self._verify_message(push)
            return []
        notice = self._opened(push)
        event, resource = notice.get("event_type"), notice["resource"]
        try:
            if event == _PAID:
                return [payment_document(resource)]
            if isinstance(event, str) and event in _REFUNDS:
                return [refund_document(resource, notice.get("create_time"))]
        except ValueError as error:
            raise DocumentUnreadable(SOURCE, str(error)) from None
        raise DocumentUnreadable(SOURCE, "unknown event_type")

    def _opened(self, push: Push) -> Mapping[str, Any]:
        """The notification, opened by the keys of the merchant that it is for: several may share a platform key."""
        able = [merchant for merchant in self._merchants if merchant.knows(push.headers.get(SERIAL, ""))]
        if not able:
            raise PushRefused(SOURCE, "unknown key serial")
        _check_headers(push)
        try:
            body = push.body.decode()
        except UnicodeDecodeError:
            raise PushRefused(SOURCE, "the body is no text") from None
        mchids: set[str] = set()
        found: Mapping[str, Any] | None = None
        for merchant in able:
            try:
                opened = merchant.open(push.headers, body)
            except Exception as error:
                # Verified by then: the library raises whatever comes of a body that is signed and no notification.
                raise DocumentUnreadable(SOURCE, f"notification is not readable ({type(error).__name__})") from None
            if opened is not None:
                found = opened
                mchids.add(merchant.mchid)
        if found is None:
            # Or the APIv3 key was changed on one side only: refused, it comes again for a day.
            raise PushRefused(SOURCE, "neither signed nor sealed for us")
        resource = found.get("resource")
        if not isinstance(resource, dict):
            raise DocumentUnreadable(SOURCE, "the resource is no object")
        if text_of(resource, "mchid") not in mchids:
            raise DocumentUnreadable(SOURCE, "it speaks of another merchant than the one whose keys it fits")
        return found

    def _verify_message(self, push: Push) -> None:
        query = push.query
        signed = [query.get(name, "") for name in ("timestamp", "nonce", "signature")]
        if not any(message_is_signed(token, *signed) for token in self._message_tokens):
            raise PushRefused(SOURCE, "the message is not signed with a token of ours")


def _check_headers(push: Push) -> None:
    headers = push.headers
    if headers.get(SIGNATURE_TYPE, RSA) != RSA:
        raise PushRefused(SOURCE, "another signature type")
    if not is_recent(headers.get(TIMESTAMP, ""), push.received_at.timestamp()):
        raise PushRefused(SOURCE, "the timestamp is missing, or more than 300 s away")
    if not all(headers.get(name, "").isascii() and headers.get(name) for name in (NONCE, SIGNATURE)):
        raise PushRefused(SOURCE, "no nonce or signature")


def is_recent(timestamp: str, now: float) -> bool:
    """Whether a signature's time (Unix seconds as text) is at most five minutes away."""
    readable = timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12
    return readable and abs(now - int(timestamp)) <= LONGEST_AGE_S
