from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload
from temporalio.converter import DataConverter

from runtime.codec import ENCODING, EncryptionCodec, data_converter
from runtime.keys import KeyRing, UnknownKey
from workflows.contracts import OrderStart

OLD, NEW = bytes(32), bytes(range(32))
SECRET = "测试 13800000000"


def _codec(*, active: str = "old", **keys: bytes) -> EncryptionCodec:
    return EncryptionCodec(KeyRing(keys or {"old": OLD}, active))


def _plain(text: str = SECRET) -> Payload:
    return Payload(metadata={"encoding": b"json/plain"}, data=text.encode())


async def test_a_payload_comes_back_as_it_was() -> None:
    codec, payloads = _codec(), [_plain(), _plain(""), Payload(metadata={"encoding": b"binary/null"})]
    sealed = await codec.encode(payloads)
    assert [payload.metadata["encoding"] for payload in sealed] == [ENCODING] * 3
    assert [payload.metadata["encryption-key-id"] for payload in sealed] == [b"old"] * 3
    assert all(SECRET.encode() not in payload.SerializeToString() for payload in sealed)
    assert await codec.decode(sealed) == payloads


async def test_the_same_payload_is_sealed_differently_each_time() -> None:
    one, two = await _codec().encode([_plain(), _plain()])
    assert one.data != two.data


async def test_what_was_never_sealed_passes() -> None:
    assert await _codec().decode([_plain()]) == [_plain()]


async def test_after_a_rotation_old_payloads_open_and_new_ones_use_the_new_key() -> None:
    before = await _codec(old=OLD).encode([_plain()])
    rotated = _codec(active="new", old=OLD, new=NEW)
    assert await rotated.decode(before) == [_plain()]
    (after,) = await rotated.encode([_plain()])
    assert after.metadata["encryption-key-id"] == b"new"
    with pytest.raises(UnknownKey, match="new"):
        await _codec(old=OLD).decode([after])


async def test_another_key_under_the_same_name_opens_nothing() -> None:
    sealed = await _codec(old=OLD).encode([_plain()])
    with pytest.raises(InvalidTag):
        await _codec(old=NEW).decode(sealed)


@pytest.mark.parametrize("at", [0, 11, 12, -1])
async def test_tampered_bytes_do_not_open(at: int) -> None:
    (sealed,) = await _codec().encode([_plain()])
    data = bytearray(sealed.data)
    data[at] ^= 1
    sealed.data = bytes(data)
    with pytest.raises(InvalidTag):
        await _codec().decode([sealed])


async def test_a_cut_off_payload_does_not_open() -> None:
    (sealed,) = await _codec().encode([_plain()])
    sealed.data = sealed.data[:20]
    with pytest.raises(InvalidTag):
        await _codec().decode([sealed])


async def test_a_sealed_payload_without_a_key_id_is_refused() -> None:
    (sealed,) = await _codec().encode([_plain()])
    del sealed.metadata["encryption-key-id"]
    with pytest.raises(UnknownKey):
        await _codec().decode([sealed])


@given(st.binary(max_size=200), st.dictionaries(st.text(max_size=9), st.binary(max_size=9), max_size=3))
async def test_any_payload_comes_back(data: bytes, metadata: dict[str, bytes]) -> None:
    payload = Payload(metadata=metadata, data=data)
    assert await _codec().decode(await _codec().encode([payload])) == [payload]


async def test_the_converter_seals_with_keys_and_is_plain_without() -> None:
    start = OrderStart("own:main:SO1", 1)
    sealing = data_converter(KeyRing({"old": OLD}, "old"))
    (sealed,) = await sealing.encode([start])
    assert sealed.metadata["encoding"] == ENCODING
    assert await sealing.decode([sealed], [OrderStart]) == [start]
    plain: DataConverter = data_converter(None)
    (readable,) = await plain.encode([start])
    assert b"own:main:SO1" in readable.data
    assert await sealing.decode([readable], [OrderStart]) == [start]
