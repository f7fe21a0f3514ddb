"""Which orders are an old system's, and how what it did compares with what we would have done."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from domain.clock import BEIJING
from domain.shadow import (
    Decided,
    Kind,
    PlanFacts,
    PlanKind,
    Seen,
    ShownParcel,
    Slice,
    Switch,
    Would,
    compare,
    compare_plans,
    in_force,
    order_in_shadow,
    shop_in_shadow,
    slice_of,
)
from domain.shipping import Carrier

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=BEIJING)
HOUR = timedelta(hours=1)
DOUYIN, SHOP = Slice("douyin"), Slice("douyin", "88")


def said(*entries: tuple[Slice, bool]) -> list[Switch]:
    """A history, an hour between two entries."""
    return [Switch(of, on, NOON + n * HOUR, "wei", "") for n, (of, on) in enumerate(entries)]


@pytest.mark.parametrize("typed", ["douyin", "douyin/88", "warehouse/HZ"])
def test_a_slice_is_written_as_it_is_typed(typed: str) -> None:
    assert str(slice_of(typed)) == typed


@pytest.mark.parametrize("typed", ["", "tiktok", "warehouse", "warehouse/", "douyin/", "douyin/a b"])
def test_what_is_no_slice_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        slice_of(typed)


def test_what_was_said_last_about_a_shop_or_its_channel_counts() -> None:
    history = said((DOUYIN, True), (SHOP, False))
    assert shop_in_shadow(history, "douyin", "99")
    assert not shop_in_shadow(history, "douyin", "88")
    assert not shop_in_shadow(history, "pdd", "88")
    again = [*history, Switch(DOUYIN, True, NOON + 5 * HOUR, "wei", "back")]
    assert shop_in_shadow(again, "douyin", "88")
    assert [str(one.slice) for one in in_force(history)] == ["douyin", "douyin/88"]
    assert [str(one.slice) for one in in_force(again)] == ["douyin"]


def test_an_order_from_before_the_switch_is_the_old_systems_whenever_it_comes() -> None:
    over = said((DOUYIN, True), (DOUYIN, False))  # switched over at one o'clock
    assert order_in_shadow(over, "douyin", "88", NOON + HOUR / 2)
    assert not order_in_shadow(over, "douyin", "88", NOON + HOUR)
    # Of before there was any shadow: the old system was there before.
    assert order_in_shadow(over, "douyin", "88", NOON - HOUR)
    assert order_in_shadow(said((DOUYIN, True)), "douyin", "88", NOON - HOUR)
    assert order_in_shadow(said((DOUYIN, True)), "douyin", "88", NOON + 9 * HOUR)
    assert not order_in_shadow([], "douyin", "88", NOON)


SHIP = Decided(Would.SHIP, NOON, "SF", 1, NOON + 11 * HOUR)
SF, ZTO = ShownParcel("SF1", Carrier.SF), ShownParcel("73", Carrier.ZTO)


@pytest.mark.parametrize(
    ("decided", "seen", "hours", "kinds"),
    [
        (SHIP, Seen("PAID"), 1, {Kind.OPEN}),
        (SHIP, Seen("PAID"), 12, {Kind.NOT_SHIPPED}),
        (SHIP, Seen("CANCELLED", cancelled_at=NOON + HOUR), 30, {Kind.CALLED_OFF}),
        (SHIP, Seen("CANCELLED", cancelled_at=NOON + 20 * HOUR), 30, {Kind.NOT_SHIPPED}),
        (SHIP, Seen("SHIPPED", NOON + HOUR, parcels=(SF,)), 30, {Kind.AGREED}),
        (SHIP, Seen("SHIPPED", NOON + HOUR), 30, {Kind.AGREED}),
        (SHIP, Seen("SHIPPED", NOON + HOUR, parcels=(ZTO,)), 30, {Kind.COURIER}),
        (SHIP, Seen("SHIPPED", NOON + 12 * HOUR, parcels=(SF,)), 30, {Kind.LATER}),
        (SHIP, Seen("SHIPPED", NOON - 13 * HOUR, parcels=(SF,)), 30, {Kind.EARLIER}),
        (SHIP, Seen("SHIPPED", NOON + 13 * HOUR, parcels=(SF, ZTO)), 30, {Kind.COURIER, Kind.LATER, Kind.SPLIT}),
        (SHIP, Seen("SHIPPED", NOON, parcels=(ShownParcel("9", None, "牛马"),)), 30, {Kind.AGREED}),
        (Decided(Would.HOLD, NOON), Seen("PAID"), 900, {Kind.OPEN}),
        (Decided(Would.HOLD, NOON), Seen("SHIPPED", NOON), 1, {Kind.HELD_BUT_SHIPPED}),
        (Decided(Would.WAIT, NOON), Seen("FINISHED", NOON), 1, {Kind.SHORT_BUT_SHIPPED}),
        (Decided(Would.FAIL, NOON), Seen("PAID"), 1, {Kind.UNDECIDED}),
        (None, Seen("PAID"), 1, {Kind.OPEN}),
        (None, Seen("SHIPPED", NOON), 1, {Kind.UNDECIDED}),
        (None, Seen("CANCELLED", cancelled_at=NOON), 1, {Kind.CALLED_OFF}),
    ],
)
def test_how_an_order_compares(decided: Decided | None, seen: Seen, hours: int, kinds: set[Kind]) -> None:
    assert set(compare(decided, seen, NOON + hours * HOUR)) == kinds


@pytest.mark.parametrize(
    ("real", "beside", "kinds"),
    [
        ((("HZ",), 900), (("HZ",), 900), {PlanKind.SAME}),
        ((("HZ",), 900), (("GZ",), 700), {PlanKind.MOVED, PlanKind.CHEAPER}),
        ((("HZ", "CD"), 900), (("GZ",), 1200), {PlanKind.MOVED, PlanKind.FEWER_PARTS, PlanKind.DEARER}),
        ((("HZ",), 900), (("GZ", "HZ"), 900), {PlanKind.MOVED, PlanKind.MORE_PARTS}),
    ],
)
def test_what_a_warehouse_in_shadow_would_change(
    real: tuple[tuple[str, ...], int], beside: tuple[tuple[str, ...], int], kinds: set[PlanKind]
) -> None:
    assert set(compare_plans(PlanFacts(*real), PlanFacts(*beside))) == kinds
