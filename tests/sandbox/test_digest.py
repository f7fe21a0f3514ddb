from __future__ import annotations

import hashlib

import pytest

from sandbox.digest import looks_encrypted, phone_digest, receiver_digest


def test_receiver_digest_is_the_agreed_one() -> None:
    text = "测试|13800000000|上海市|上海市|浦东新区|测试路1号"
    assert (
        receiver_digest("测试", "13800000000", "上海市", "上海市", "浦东新区", "测试路1号")
        == hashlib.sha256(text.encode()).hexdigest()[:16]
    )


def test_phone_digest_is_the_agreed_one() -> None:
    assert phone_digest("13800000000") == hashlib.sha256(b"13800000000").hexdigest()[:16]


@pytest.mark.parametrize(
    "text", ["#seg#Y2lwaGVy#1", "~AgAAAAI~0~", "$seg$cipher$1$$", "##Y2lwaGVy##", "AQwA" * 12, "QUJD" * 10 + "QQ=="]
)
def test_ciphertext_is_seen(text: str) -> None:
    assert looks_encrypted(text)


@pytest.mark.parametrize(
    "text", ["测试", "13800000000", "测试路3#楼2#门", "#3楼", "", "测*", "A" * 39, "A" * 40 + "测试"]
)
def test_clear_text_is_not_taken_for_ciphertext(text: str) -> None:
    assert not looks_encrypted(text)
