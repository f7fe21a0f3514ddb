from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.masks import HIDDEN, Masked, mask_name, mask_phone, masked
from domain.order import Channel, CipherReceiver, ClearReceiver, Region

REGION = Region(province="浙江省", city="杭州市", district="余杭区")


@pytest.mark.parametrize(
    ("name", "mask"),
    [("测试", "测*"), ("测试者", "测**"), ("欧阳测试者", "欧**"), ("测", HIDDEN), ("", HIDDEN), (" 测试 ", "测*")],
)
def test_names(name: str, mask: str) -> None:
    assert mask_name(name) == mask


@pytest.mark.parametrize(
    ("phone", "mask"),
    [
        ("13800001234", "138****1234"),
        ("13800001234-5678", "138*********5678"),
        ("88880001", "*****001"),
        ("8888000", "****000"),
        ("888800", HIDDEN),
        ("", HIDDEN),
        (" 13800001234 ", "138****1234"),
    ],
)
def test_phones(phone: str, mask: str) -> None:
    assert mask_phone(phone) == mask


@given(st.text(st.characters(exclude_characters="*", exclude_categories=("Z", "C")), max_size=30))
def test_no_mask_shows_enough_to_reach_a_person(text: str) -> None:
    assert sum(char != "*" for char in mask_phone(text)) <= 7
    assert sum(char != "*" for char in mask_name(text)) <= 1


def test_a_clear_receiver_is_masked_by_us() -> None:
    receiver = ClearReceiver(name="测试者", phone="13800001234", region=REGION, detail="示例路1号")
    assert masked(receiver) == Masked("测**", "138****1234", "浙江省杭州市余杭区")


def test_an_encrypted_one_by_its_platform_or_not_shown() -> None:
    def cipher(name_mask: str, phone_mask: str) -> CipherReceiver:
        return CipherReceiver(
            platform=Channel.DOUYIN,
            name_cipher="~n~",
            phone_cipher="$p$",
            detail_cipher="#d#",
            name_mask=name_mask,
            phone_mask=phone_mask,
            region=REGION,
        )

    assert masked(cipher("测*", "138****1234")) == Masked("测*", "138****1234", "浙江省杭州市余杭区")
    assert masked(cipher("", "")) == Masked(HIDDEN, HIDDEN, "浙江省杭州市余杭区")
