"""Aliyun's signature V3, ACS3-HMAC-SHA256 (vendor page "V3 request structure and signature")."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote

ALGORITHM = "ACS3-HMAC-SHA256"


def canonical_request(
    method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body_sha256: str
) -> str:
    """The text whose hash is signed. All `headers` (names in lower case) are signed."""
    query_text = "&".join(f"{_encode(name)}={_encode(value)}" for name, value in sorted(query.items()))
    header_lines = "".join(f"{name}:{value.strip()}\n" for name, value in sorted(headers.items()))
    return "\n".join([method, path, query_text, header_lines, _names(headers), body_sha256])


def signature(canonical: str, access_key_secret: str) -> str:
    """Lower-case hex signature of a canonical request."""
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return hmac.new(access_key_secret.encode(), f"{ALGORITHM}\n{digest}".encode(), hashlib.sha256).hexdigest()


def authorization(access_key_id: str, headers: Mapping[str, str], signed: str) -> str:
    """The value of the `Authorization` header."""
    return f"{ALGORITHM} Credential={access_key_id},SignedHeaders={_names(headers)},Signature={signed}"


def _names(headers: Mapping[str, str]) -> str:
    return ";".join(sorted(headers))


def _encode(text: str) -> str:
    """RFC 3986: a blank is %20, and only letters, digits and `-_.~` stay."""
    return quote(text, safe="~")
