from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import PushRefused
from connectors.rest import RestDoor
from connectors.rest.signing import check, sign, signed_headers

from .conftest import NOW, signed_push


def test_the_signature_is_the_documented_formula() -> None:
    body = '{"a":"测试"}'.encode()
    text = "POST\n/api/v1/orders\n1772334000\n0123456789abcdef\n" + hashlib.sha256(body).hexdigest()
    expected = hmac.new(b"secret", text.encode(), hashlib.sha256).hexdigest()
    assert sign("secret", "POST", "/api/v1/orders", "1772334000", "0123456789abcdef", body) == expected
    # printed by openssl: printf 'POST\n...' | openssl dgst -sha256 -hmac secret
    assert sign("secret", "GET", "/x", "1", "n", b"") == OPENSSL


OPENSSL = "c6ebee0f68b816105b51ba531c75202a2a4ac8ac63a19ff1ba4f59b199b8e82e"


def test_our_headers_carry_a_fresh_nonce_of_allowed_length() -> None:
    one, two = (signed_headers("k", "s", "POST", "/p", b"{}", NOW) for _ in range(2))
    assert one["X-OrderHub-Key"] == "k"
    assert one["X-OrderHub-Timestamp"] == str(int(NOW.timestamp()))
    assert one["X-OrderHub-Nonce"] != two["X-OrderHub-Nonce"]
    assert 16 <= len(one["X-OrderHub-Nonce"]) <= 64
    assert one["X-OrderHub-Signature"] == sign(
        "s", "POST", "/p", one["X-OrderHub-Timestamp"], one["X-OrderHub-Nonce"], b"{}"
    )


def test_a_signed_push_is_taken(door: RestDoor) -> None:
    now = int(NOW.timestamp())
    for push in (signed_push({}), signed_push({}, seconds=now - 300), signed_push({}, seconds=now + 300)):
        door.caller(push)


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"x-orderhub-key": "nobody"}, "unknown key"),
        ({"x-orderhub-key": "key-outlet"}, "signature"),
        ({"x-orderhub-signature": ""}, "signature"),
        ({"x-orderhub-signature": "签名"}, "signature"),
        ({"x-orderhub-timestamp": "soon"}, "timestamp"),
        ({"x-orderhub-timestamp": "²"}, "timestamp"),
        ({"x-orderhub-timestamp": str(int(NOW.timestamp()) + 301)}, "300 s"),
        ({"x-orderhub-timestamp": str(int(NOW.timestamp()) - 301)}, "300 s"),
        ({"x-orderhub-nonce": "short"}, "nonce"),
        ({"x-orderhub-nonce": "n" * 65}, "nonce"),
        ({"x-orderhub-nonce": "another-nonce-of-16"}, "signature"),
    ],
)
def test_a_wrong_header_is_refused(door: RestDoor, headers: dict[str, str], reason: str) -> None:
    with pytest.raises(PushRefused, match=reason):
        door.caller(signed_push({}, headers=headers))


def test_body_path_and_method_are_all_signed(door: RestDoor) -> None:
    push = signed_push({})
    for changed in (replace(push, body=b"{ }"), replace(push, path="/api/v1/order"), replace(push, method="PUT")):
        with pytest.raises(PushRefused, match="signature"):
            door.caller(changed)


@given(headers=st.dictionaries(st.sampled_from(sorted(signed_push({}).headers)), st.text()), path=st.text())
def test_no_header_or_path_raises_anything_else(headers: dict[str, str], path: str) -> None:
    push = replace(signed_push({}), path=path)
    with pytest.raises(PushRefused):
        check("another secret", replace(push, headers={**push.headers, **headers}))
