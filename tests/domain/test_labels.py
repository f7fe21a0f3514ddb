from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.holds import POLICIES, HoldReason, Step
from domain.labels import WINDOW, Group, Item, Lane, Ready, Window, contents, fill, group, must_not_ship
from domain.order import OrderLine, Region
from domain.paper import PAPERS, Paper, Size
from domain.shipping import ScannedItem
from tests.store.samples import NOON, order

HERE = Lane("WH01", "SF", "浙江", "杭州", "余杭区")
LANES = (HERE, replace(HERE, district="西湖区"), replace(HERE, warehouse="WH02"), replace(HERE, carrier="ZTO"))


def ready(n: int, seconds: int = 0, lane: Lane = HERE, order_id: str = "") -> Ready:
    return Ready(f"own:main:SO{n}#1", order_id or f"own:main:SO{n}", lane, NOON + timedelta(seconds=seconds))


@st.composite
def shipments(draw: st.DrawFn) -> list[Ready]:
    """Parcels of a few lanes within an hour, some at the same second."""
    moments = draw(st.lists(st.tuples(st.sampled_from(LANES), st.integers(0, 3600)), max_size=16))
    return [ready(n, seconds, lane) for n, (lane, seconds) in enumerate(moments)]


@settings(max_examples=50)
@given(parcels=shipments(), mix=st.randoms(use_true_random=False))
def test_each_parcel_is_in_one_group_of_its_lane_and_window(parcels: list[Ready], mix: object) -> None:
    groups = group(parcels)
    assert Counter(parcel for found in groups for parcel in found.parcels) == Counter(parcels)
    for found in groups:
        assert {parcel.lane for parcel in found.parcels} == {found.window.lane}
        assert found.parcels[0].at == found.window.opens_at
        assert all(early.at <= late.at for early, late in pairwise(found.parcels))
        assert found.parcels[-1].at - found.parcels[0].at <= WINDOW
    for early, late in pairwise(groups):  # no two that could have been one
        if early.window.lane == late.window.lane:
            assert late.window.opens_at > early.window.closes_at
    shuffled = list(parcels)
    mix.shuffle(shuffled)  # type: ignore[attr-defined]
    assert group(shuffled) == groups


@settings(max_examples=50)
@given(parcels=shipments(), data=st.data())
def test_what_comes_after_the_printing_joins_the_windows_that_were_printed(
    parcels: list[Ready], data: st.DataObject
) -> None:
    """However the parcels fall into those printed at once and those that came late."""
    late = [parcel for parcel in parcels if data.draw(st.booleans())]
    printed = group(parcel for parcel in parcels if parcel not in late)
    windows = [found.window for found in printed]
    for found in group(late, windows):
        for parcel in found.parcels:
            assert found.window.takes(parcel)
            fitting = sorted(window for window in windows if window.takes(parcel))
            if fitting:
                assert found.window == fitting[0]


def test_the_window_runs_from_the_first_parcel_to_its_very_end() -> None:
    last = int(WINDOW.total_seconds())
    together = [ready(1), ready(2, 600), ready(3, last)]
    assert group([*together, ready(4, last + 1)]) == [
        Group(Window(HERE, NOON), tuple(together)),
        Group(Window(HERE, NOON + timedelta(seconds=last + 1)), (ready(4, last + 1),)),
    ]


@pytest.mark.parametrize(
    ("ways", "area"),
    [
        (
            [("浙江省", "杭州市", "余杭区"), ("浙江", "杭州市", "余杭区"), ("浙江省 ", "杭州", "余杭区")],
            "浙江杭州余杭区",
        ),
        (
            [
                ("上海市", "上海市", "浦东新区"),
                ("上海", "市辖区", "浦东新区"),
                ("上海市", "", "浦东新区"),
                ("上海市", "浦东新区", ""),
            ],
            "上海浦东新区",
        ),
        ([("上海市", "上海市", ""), ("上海", "市辖区", "")], "上海"),
        ([("湖北省", "仙桃市", ""), ("湖北", "", "仙桃市")], "湖北仙桃市"),
        ([("广西壮族自治区", "南宁市", "青秀区"), ("广西", "南宁市", "青秀区")], "广西南宁青秀区"),
        ([("吉林省", "吉林市", "船营区")], "吉林吉林船营区"),
    ],
)
def test_an_area_is_one_however_it_is_written(ways: list[tuple[str, str, str]], area: str) -> None:
    regions = [Region(province=province, city=city, district=district) for province, city, district in ways]
    regions += [region.model_copy(update={"town": "闲林街道"}) for region in regions]  # a town parts nobody
    assert {Lane.of("WH01", "SF", region).area() for region in regions} == {area}
    assert len({Lane.of("WH01", "SF", region) for region in regions}) == 1


def test_a_group_is_called_the_same_wherever_it_is_counted() -> None:
    window = Window(HERE, NOON)
    assert window.group_id == "260301-D3T5MUSP"
    assert len({replace(window, lane=lane).group_id for lane in LANES}) == len(LANES)


@pytest.mark.parametrize(("size", "codes"), [(Size.SMALL, 3), (Size.LARGE, 4)])
def test_how_many_codes_fit(size: Size, codes: int) -> None:
    paper = PAPERS[size]
    assert paper.codes == codes
    sheets = fill([ready(n) for n in range(2 * codes + 1)], paper)
    assert [len(blocks) for blocks in sheets] == [codes, codes, 1]


@pytest.mark.parametrize("paper", PAPERS.values())
@settings(max_examples=50)
@given(sizes=st.lists(st.integers(1, 12), max_size=12))
def test_sheets_hold_everything_once_and_no_more_than_they_can(paper: Paper, sizes: list[int]) -> None:
    parcels = [
        Ready(f"O{order}#{n}", f"O{order}", HERE, NOON) for order, count in enumerate(sizes) for n in range(count)
    ]
    sheets = fill(parcels, paper)
    assert [pid for sheet in sheets for block in sheet for pid in block.parcel_ids] == [p.parcel_id for p in parcels]
    for sheet in sheets:
        assert sum(paper.block + paper.strip * len(block.parcel_ids) for block in sheet) <= paper.room
        assert len({block.order_id for block in sheet}) == len(sheet)
    seen = Counter(block.order_id for sheet in sheets for block in sheet)
    for order_id, count in Counter(parcel.order_id for parcel in parcels).items():
        if paper.block + paper.strip * count <= paper.room:
            assert seen[order_id] == 1, "torn apart without need"


LINES = (
    OrderLine(line_no="1", sku="MUG", title="马克杯", quantity=2, unit_price_fen=1, amount_fen=2),
    OrderLine(line_no="2", sku="MUG", title="马克杯", quantity=1, unit_price_fen=0, amount_fen=0, gift_of="1"),
    OrderLine(line_no="3", sku="PAD", title="杯垫", quantity=2, unit_price_fen=0, amount_fen=0, gift_of="1"),
)


@pytest.mark.parametrize(
    ("scanned", "printed"),
    [
        ([ScannedItem("MUG", 3)], [Item("马克杯", 2, False), Item("马克杯", 1, True)]),
        ([ScannedItem("MUG", 1, "2")], [Item("马克杯", 1, True)]),
        ([ScannedItem("PAD", 2), ScannedItem("MUG", 2, "1")], [Item("马克杯", 2, False), Item("杯垫", 2, True)]),
        ([ScannedItem("MUG", 1), ScannedItem("MUG", 2)], [Item("马克杯", 2, False), Item("马克杯", 1, True)]),
        ([ScannedItem("MUG", 5)], [Item("马克杯", 4, False), Item("马克杯", 1, True)]),
        ([ScannedItem("XXX", 1)], [Item("XXX", 1, False)]),
    ],
)
def test_gifts_are_told_apart_and_nothing_in_the_box_is_hidden(scanned: list[ScannedItem], printed: list[Item]) -> None:
    assert list(contents(order(lines=LINES), scanned)) == printed


def test_what_must_not_ship() -> None:
    assert must_not_ship(None, "PAID", []) == ()
    assert must_not_ship("CANCELLED", "CANCELLED", []) == ("已取消",)
    assert must_not_ship(None, "CANCELLED", []) == ("渠道已取消",)
    assert must_not_ship(None, "PAID", ["REFUND_PENDING", "CHANNEL_LOCKED"]) == ("退款处理中", "渠道锁单")
    for reason in HoldReason:
        stops = POLICIES[reason].blocks is not Step.SIGN
        assert bool(must_not_ship(None, "SHIPPED", [reason])) is stops
