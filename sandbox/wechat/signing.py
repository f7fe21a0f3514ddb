"""WeChat Pay's signature and encryption (protocol file, sections 1 and 2)."""

from __future__ import annotations

import base64
import secrets
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_BITS = 2048


def signed_text(*lines: str, body: bytes) -> bytes:
    """What is signed: each line and the body, every one with a line feed after it."""
    return b"".join(line.encode() + b"\n" for line in lines) + body + b"\n"


def seal(apiv3_key: str, plain: bytes, nonce: str, associated_data: str) -> str:
    """AES-256-GCM, the 16-byte tag behind the ciphertext, in base64."""
    sealed = AESGCM(apiv3_key.encode()).encrypt(nonce.encode(), plain, associated_data.encode())
    return base64.b64encode(sealed).decode()


class PlatformKey:
    """WeChat Pay's own key pair, in public-key mode: the merchant knows the public half by `key_id`.

    Without a private key in PEM, a new pair is made. Raises ValueError for one that is no RSA key.
    """

    def __init__(self, key_id: str, pem: str = "") -> None:
        self.key_id = key_id
        if not pem:
            self._private = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
            return
        # an environment variable may hold its line feeds as \n
        loaded = serialization.load_pem_private_key(pem.replace("\\n", "\n").encode(), password=None)
        if not isinstance(loaded, rsa.RSAPrivateKey):
            raise ValueError("the platform's private key is no RSA key")
        self._private = loaded

    @property
    def public_pem(self) -> str:
        """The public half, as merchants download it."""
        public = self._private.public_key()
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return public.public_bytes(serialization.Encoding.PEM, form).decode()

    def headers(self, body: bytes, *, seconds_ago: int = 0) -> dict[str, str]:
        """The headers of a notification or reply, signed now or, with `seconds_ago`, then."""
        timestamp, nonce = str(int(time.time()) - seconds_ago), secrets.token_hex(16).upper()
        text = signed_text(timestamp, nonce, body=body)
        signature = self._private.sign(text, padding.PKCS1v15(), hashes.SHA256())
        return {
            "Content-Type": "application/json; charset=utf-8",
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature": base64.b64encode(signature).decode(),
            "Wechatpay-Serial": self.key_id,
            "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        }


class MerchantKey:
    """The public half of the merchant's key, by which its calls are checked."""

    def __init__(self, pem: str) -> None:
        loaded = serialization.load_pem_public_key(pem.replace("\\n", "\n").encode())
        if not isinstance(loaded, rsa.RSAPublicKey):
            raise ValueError("the merchant's public key is no RSA key")
        self._public = loaded

    def holds(self, signature: str, text: bytes) -> bool:
        """Whether a signature in base64 is the merchant's over this text."""
        try:
            raw = base64.b64decode(signature, validate=True)
            self._public.verify(raw, text, padding.PKCS1v15(), hashes.SHA256())
        except (ValueError, InvalidSignature):
            return False
        return True
