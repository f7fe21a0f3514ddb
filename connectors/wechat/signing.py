"""WeChat's cryptography, pure: signatures and ciphertexts of WeChat Pay APIv3, and the mini-program's message push."""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256


def notification_is_signed(key: RSAPublicKey, timestamp: str, nonce: str, body: bytes, signature: str) -> bool:
    """Whether a notification is signed: RSA PKCS#1 v1.5 with SHA-256 over the raw body as it was received."""
    message = b"%s\n%s\n%s\n" % (timestamp.encode(), nonce.encode("utf-8", "replace"), body)
    try:
        key.verify(base64.b64decode(signature, validate=True), message, PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def open_resource(apiv3_key: str, nonce: str, associated_data: str, ciphertext: str) -> bytes:
    """The plain text of a notification's resource (AES-256-GCM). Raises ValueError where key and text do not fit."""
    try:
        sealed = base64.b64decode(ciphertext, validate=True)
        return AESGCM(apiv3_key.encode()).decrypt(nonce.encode(), sealed, associated_data.encode())
    except InvalidTag:
        raise ValueError("the resource does not open with the APIv3 key") from None


def message_signature(token: str, timestamp: str, nonce: str) -> str:
    """The `signature` in the query of a message push. It proves who calls, not what the body says."""
    joined = "".join(sorted((token, timestamp, nonce)))
    return hashlib.sha1(joined.encode("utf-8", "replace")).hexdigest()  # noqa: S324 - WeChat's choice


def message_is_signed(token: str, timestamp: str, nonce: str, signature: str) -> bool:
    """Whether a message push comes from WeChat."""
    expected = message_signature(token, timestamp, nonce)
    return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace"))
