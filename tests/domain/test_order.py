from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from pydantic import BaseModel, TypeAdapter, ValidationError

from domain.order import (
    Amounts,
    ChannelStatus,
    CipherReceiver,
    ClearReceiver,
    Customer,
    Notes,
    Order,
    OrderLine,
    Receiver,
    Region,
)
from tests.domain.strategies import NOON, sound_orders
from tests.store.samples import order

PARTS: list[BaseModel] = [
    order(),
    order().lines[0],
    order().amounts,
    order().receiver,
    order().customer,
    order().notes,
    Region(province="北京市"),
    CipherReceiver(
        platform=order().channel, name_cipher="~n~", phone_cipher="~p~", detail_cipher="~d~", region=Region()
    ),
]


@given(sound_orders())
def test_an_order_comes_back_equal_from_json(made: Order) -> None:
    assert Order.model_validate_json(made.model_dump_json()) == made
    assert Order.model_validate(made.model_dump(mode="json")) == made


@pytest.mark.parametrize("part", PARTS, ids=lambda part: type(part).__name__)
def test_unknown_fields_are_refused_everywhere(part: BaseModel) -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        type(part).model_validate({**part.model_dump(), "surprise": 1})


@pytest.mark.parametrize("part", PARTS, ids=lambda part: type(part).__name__)
def test_nothing_can_be_changed(part: BaseModel) -> None:
    name = next(iter(type(part).model_fields))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(part, name, getattr(part, name))


def test_the_kinds_are_told_apart_by_their_name() -> None:
    read: TypeAdapter[Receiver] = TypeAdapter(Receiver)
    clear = {"name": "测试", "phone": "13800000000", "region": {}, "detail": "示例路1号"}
    assert isinstance(read.validate_python({"kind": "clear", **clear}), ClearReceiver)
    with pytest.raises(ValidationError):
        read.validate_python({"kind": "cipher", **clear})


@pytest.mark.parametrize("field", ["placed_at", "paid_at"])
def test_naive_times_are_refused(field: str) -> None:
    naive: dict[str, Any] = {field: datetime(2026, 3, 1, 12, 0)}  # noqa: DTZ001
    with pytest.raises(ValidationError, match="timezone"):
        order(**naive)


def test_a_negative_version_is_refused() -> None:
    with pytest.raises(ValidationError, match="version"):
        order(version=-1)


def test_the_id_names_channel_shop_and_number() -> None:
    assert order("SO7").order_id == "own:main:SO7"


def test_only_a_cipher_receiver_makes_an_order_encrypted() -> None:
    cipher = PARTS[-1]
    assert not order().encrypted
    assert order(receiver=cipher).encrypted


@pytest.mark.parametrize(
    ("changes", "paid"),
    [
        ({}, True),
        ({"status": ChannelStatus.UNPAID}, False),
        ({"paid_at": None}, False),
        ({"status": ChannelStatus.UNPAID, "paid_at": None}, False),
        ({"status": ChannelStatus.SHIPPED}, True),
    ],
)
def test_paid_needs_a_moment_and_a_status(changes: dict[str, Any], paid: bool) -> None:
    assert order(**changes).paid is paid


def test_the_clock_starts_with_payment_and_else_with_the_order() -> None:
    later = NOON + timedelta(minutes=7)
    assert order(placed_at=NOON, paid_at=later).clock_start() == later
    assert order(placed_at=NOON, paid_at=None).clock_start() == NOON


def test_defaults_ask_for_nothing() -> None:
    assert Notes() == Notes(buyer="", seller="", requirements=())
    assert Amounts(goods_fen=1, paid_fen=1).freight_fen == 0
    assert Customer(external_id="C").terms == "PREPAID"
    line = OrderLine(line_no="1", sku="A", title="t", quantity=1, unit_price_fen=1, amount_fen=1)
    assert (line.gift_of, line.warranty_months) == (None, 0)


@pytest.mark.parametrize(
    ("region", "line"),
    [
        (Region(province="浙江省", city="杭州市", district="余杭区", town="五常街道"), "浙江省杭州市余杭区五常街道"),
        (Region(province="上海市", city="上海市", district="浦东新区"), "上海市浦东新区"),
        (Region(province="广东省", city="东莞市"), "广东省东莞市"),
        (Region(), ""),
    ],
)
def test_a_region_as_one_line(region: Region, line: str) -> None:
    assert region.text() == line
