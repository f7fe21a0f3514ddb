"""WeChat's calls to us: verified, opened, made into documents (sections 1 and 3 of the protocol file). Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from connectors.errors import DocumentUnreadable, PushRefused
from connectors.ports import Document, Push
from connectors.wechat.payments import PAYMENT, REFUND, SOURCE
from connectors.wechat.settings import WechatSettings
from connectors.wechat.signing import message_is_signed, notification_is_signed, open_resource

_LONGEST_AGE_S = 300
_SIGNATURE_TYPE = "WECHATPAY2-SHA256-RSA2048"
_PAID, _REFUNDED = "TRANSACTION.SUCCESS", "REFUND.SUCCESS"
_WITHOUT_EFFECT = frozenset({"REFUND.ABNORMAL", "REFUND.CLOSED"})
"""Refunds that did not reach the buyer: the order goes on."""


class Inbound:
    """Takes WeChat's calls apart."""

    def __init__(self, settings: WechatSettings) -> None:
        self._settings = settings
        self._keys = {serial: _public_key(pem) for serial, pem in settings.platform_keys.items()}

    def is_message(self, push: Push) -> bool:
        """Whether this claims to be a message push of the mini-program, rather than a notification of WeChat Pay."""
        return "signature" in push.query and "wechatpay-signature" not in push.headers

    def documents(self, push: Push) -> Sequence[Document]:
        """One document for a payment or a refund; none for a message (settlement), which changes no order.

        Raises PushRefused and DocumentUnreadable.
        """
        if self.is_message(push):
            self._verify_message(push)
            return []
        self._verify(push)
        try:
            notice = _mapping(json.loads(push.body))
            event = notice.get("event_type")
            resource = _mapping(notice.get("resource"))
            nonce, sealed = _text(resource, "nonce"), _text(resource, "ciphertext")
        except (ValueError, RecursionError) as error:
            raise DocumentUnreadable(SOURCE, f"notification is not readable ({type(error).__name__})") from None
        if event in _WITHOUT_EFFECT:
            return []
        if event not in (_PAID, _REFUNDED):
            raise DocumentUnreadable(SOURCE, "unknown event_type")
        associated = resource.get("associated_data")
        try:
            plain = open_resource(
                self._settings.apiv3_key.get_secret_value(),
                nonce,
                associated if isinstance(associated, str) else "",
                sealed,
            )
        except ValueError as error:
            # Most likely the key was changed on one side only: refused, it comes again for a day.
            raise PushRefused(SOURCE, str(error)) from None
        return [_document(PAYMENT if event == _PAID else REFUND, plain)]

    def _verify(self, push: Push) -> None:
        headers = push.headers
        # An unknown serial is never looked up: a stranger could make us ask for certificates.
        key = self._keys.get(headers.get("wechatpay-serial", ""))
        if key is None:
            raise PushRefused(SOURCE, "unknown key serial")
        if headers.get("wechatpay-signature-type", _SIGNATURE_TYPE) != _SIGNATURE_TYPE:
            raise PushRefused(SOURCE, "another signature type")
        timestamp = headers.get("wechatpay-timestamp", "")
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
            raise PushRefused(SOURCE, "no timestamp")
        if abs(push.received_at.timestamp() - int(timestamp)) > _LONGEST_AGE_S:
            raise PushRefused(SOURCE, "the timestamp is more than 300 s away")
        nonce, signature = headers.get("wechatpay-nonce", ""), headers.get("wechatpay-signature", "")
        if not notification_is_signed(key, timestamp, nonce, push.body, signature):
            raise PushRefused(SOURCE, "the signature does not match the body")

    def _verify_message(self, push: Push) -> None:
        token = self._settings.message_token
        query = push.query
        if token is None or not message_is_signed(
            token.get_secret_value(), query.get("timestamp", ""), query.get("nonce", ""), query.get("signature", "")
        ):
            raise PushRefused(SOURCE, "the message is not signed with our token")


def _document(kind: str, plain: bytes) -> Document:
    """The opened resource. WeChat sends a notification again under another `id`, so what it is about names it."""
    try:
        resource = _mapping(json.loads(plain))
        name = _text(resource, "transaction_id" if kind == PAYMENT else "refund_id")
    except (ValueError, RecursionError):
        resource, name = {"unreadable": plain.decode("utf-8", "replace")}, f"sha256-{hashlib.sha256(plain).hexdigest()}"
    # ASCII, so that nothing in it (lone surrogates, NUL) can stop it from being stored.
    body = json.dumps(resource, sort_keys=True, separators=(",", ":"))
    return Document(SOURCE, kind, f"{'payment' if kind == PAYMENT else 'refund'}:{name}", 0, body)


def _public_key(pem: str) -> RSAPublicKey:
    key = load_pem_public_key(pem.encode())
    assert isinstance(key, RSAPublicKey), "the settings check this"
    return key


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("no object")
    return value


def _text(source: dict[str, Any], name: str) -> str:
    value = source.get(name)
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or len(value) > 65_536:
        raise ValueError(f"no {name}")
    return value
