"""Aliyun's signature version 3 (ACS3-HMAC-SHA256), verified."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from domain.clock import utc_now

ALGORITHM = "ACS3-HMAC-SHA256"
_AUTHORIZATION = re.compile(rf"{ALGORITHM} Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{{64}})")
_ALWAYS_SIGNED = frozenset(
    {"host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"}
)
_TOLERANCE = timedelta(minutes=15)


class AcsError(Exception):
    """A refusal by the API gateway: HTTP status, Code and Message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(status, code, message)
        self.status = status
        self.code = code
        self.message = message


class Verifier:
    """Verifies requests of one access key; a nonce passes once."""

    def __init__(self, key_id: str, secret: str) -> None:
        self._key_id = key_id
        self._secret = secret
        self._nonces: dict[str, datetime] = {}

    def verify(
        self, paths: Sequence[str], query: Sequence[tuple[str, str]], headers: Mapping[str, str], body: bytes
    ) -> None:
        """Check a POST request; `paths` are the canonical URIs that it may have signed. Raises AcsError."""
        given = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
        if not given:
            raise AcsError(400, "IncompleteSignature", "The Authorization header is missing or malformed.")
        key_id, names, signature = given[1], given[2].split(";"), given[3]
        if key_id != self._key_id:
            raise AcsError(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
        must_sign = _ALWAYS_SIGNED | {"content-type"} if body else _ALWAYS_SIGNED
        if not must_sign <= set(names) or any(name not in headers for name in names) or names != sorted(names):
            raise AcsError(400, "IncompleteSignature", "SignedHeaders are incomplete or not in order.")
        if headers["x-acs-content-sha256"] != hashlib.sha256(body).hexdigest():
            raise AcsError(400, "SignatureDoesNotMatch", "x-acs-content-sha256 is not the body's hash.")
        signed = {name: headers[name] for name in names}
        expected = [sign(canonical_request(path, query, signed, body), self._secret) for path in paths]
        if not any(hmac.compare_digest(one, signature) for one in expected):
            raise AcsError(400, "SignatureDoesNotMatch", "Specified signature is not matched with our calculation.")
        self._check_fresh(headers["x-acs-date"], headers["x-acs-signature-nonce"])

    def _check_fresh(self, date: str, nonce: str) -> None:
        now = utc_now()
        try:
            moment = datetime.strptime(date, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except ValueError:
            raise AcsError(400, "InvalidTimeStamp.Format", "x-acs-date is malformed.") from None
        if abs(now - moment) > _TOLERANCE:
            raise AcsError(400, "InvalidTimeStamp.Expired", "x-acs-date is out of tolerance.")
        # A nonce older than both sides of the tolerance cannot come again with a valid date; oldest stand in front.
        while self._nonces and (oldest := next(iter(self._nonces.items())))[1] < now - 2 * _TOLERANCE:
            del self._nonces[oldest[0]]
        if nonce in self._nonces:
            raise AcsError(400, "SignatureNonceUsed", "Specified signature nonce was used already.")
        self._nonces[nonce] = now


def canonical_request(
    path: str, query: Sequence[tuple[str, str]], signed_headers: Mapping[str, str], body: bytes
) -> str:
    """The text whose hash is signed, for a POST request."""
    names = sorted(signed_headers)
    return "\n".join(
        (
            "POST",
            path,
            "&".join(f"{_encode(name)}={_encode(value)}" for name, value in sorted(query)),
            "".join(f"{name}:{signed_headers[name].strip()}\n" for name in names),
            ";".join(names),
            hashlib.sha256(body).hexdigest(),
        )
    )


def sign(canonical: str, secret: str) -> str:
    """The signature of a canonical request, lower hex."""
    text = f"{ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def _encode(text: str) -> str:
    return quote(text, safe="-_.~")
