from __future__ import annotations

import base64

import pytest
from cryptography.exceptions import InvalidTag
from pydantic import SecretStr

from runtime.client import key_ring
from runtime.keys import KeyRing, UnknownKey, decode_key, new_key
from settings import EncryptionSettings

KEYS = {"a": bytes(32), "b": bytes(range(32))}


def test_a_new_key_is_taken_by_the_settings_and_differs_each_time() -> None:
    one, two = new_key(), new_key()
    assert one != two
    assert len(decode_key(one)) == 32
    assert EncryptionSettings(keys={"k": SecretStr(one)}, active="k").active == "k"


@pytest.mark.parametrize(
    "text", ["", "x", "????", "密钥", base64.b64encode(bytes(31)).decode(), base64.b64encode(bytes(33)).decode()]
)
def test_what_is_no_key(text: str) -> None:
    with pytest.raises(ValueError, match=r"base64|ASCII"):
        decode_key(text)


def test_sealed_bytes_open_with_the_key_that_sealed_them() -> None:
    sealed = KeyRing(KEYS, "a").seal(b"plain", b"context")
    assert b"plain" not in sealed
    assert KeyRing(KEYS, "b").open("a", sealed, b"context") == b"plain"
    with pytest.raises(InvalidTag):
        KeyRing(KEYS, "b").open("b", sealed, b"context")
    with pytest.raises(UnknownKey):
        KeyRing(KEYS, "a").open("c", sealed, b"context")


def test_sealed_bytes_are_bound_to_their_context() -> None:
    ring = KeyRing(KEYS, "a")
    with pytest.raises(InvalidTag):
        ring.open("a", ring.seal(b"plain", b"shop 1"), b"shop 2")


def test_the_active_key_must_be_there() -> None:
    with pytest.raises(ValueError, match="'c' is not among the keys"):
        KeyRing(KEYS, "c")


def test_a_derived_secret_is_stable_and_for_one_purpose() -> None:
    ring = KeyRing(KEYS, "a")
    assert ring.derive("links") == KeyRing(KEYS, "a").derive("links")
    assert len({ring.derive("links"), ring.derive("other"), KeyRing(KEYS, "b").derive("links"), KEYS["a"]}) == 4


def test_the_ring_is_made_of_the_settings() -> None:
    settings = EncryptionSettings(
        keys={name: SecretStr(base64.b64encode(key).decode()) for name, key in KEYS.items()}, active="b"
    )
    ring = key_ring(settings)
    assert ring.active == "b"
    assert KeyRing(KEYS, "a").open("b", ring.seal(b"plain", b""), b"") == b"plain"
