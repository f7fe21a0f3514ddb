"""The tables of deadlines: limits by stage, region and hurry, hours, who hears of it, and what stops a clock."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from domain.deadlines import Hours, Stage
from domain.holds import HoldReason
from domain.order import Channel, Customer, Notes, Order, PaymentTerms, Region
from domain.warehouses import WorkWeek
from rules import engine
from rules.documents import BadRule
from rules.sla import limit, stops
from tests.rules.documents import changed
from tests.store.samples import order, receiver

LHASA = receiver().model_copy(update={"region": Region(province="西藏自治区", city="拉萨市", district="城关区")})
CHENGDU = receiver().model_copy(update={"region": Region(province="四川省", city="成都市", district="锦江区")})
URGENT = Notes(seller="加急")
ON_ACCOUNT = Customer(external_id="C1", terms=PaymentTerms.NET30)


@pytest.mark.parametrize(
    ("stage", "of", "hours", "row"),
    [
        (Stage.REVIEW, order(), 2, "review"),
        (Stage.REVIEW, order(notes=URGENT), 0.5, "review_urgent"),
        (Stage.SHIP, order(), 48, "ship_delta"),
        (Stage.SHIP, order(receiver=CHENGDU), 72, "ship"),
        (Stage.SHIP, order(receiver=LHASA), 120, "ship_far"),
        (Stage.SHIP, order(customer=ON_ACCOUNT, receiver=LHASA), 27, "ship_on_account"),
        (Stage.SIGN, order(), 48, "sign_delta"),
        (Stage.SIGN, order(receiver=CHENGDU), 72, "sign"),
        (Stage.SIGN, order(receiver=LHASA), 120, "sign_far"),
    ],
)
def test_limits(stage: Stage, of: Order, hours: float, row: str) -> None:
    found = limit(stage, of)
    assert found.lasts == timedelta(hours=hours)
    assert found.rules[0].startswith("sla_limits@")
    assert found.rules[0].endswith(f"/{row}")


def test_every_stage_of_every_order_has_a_limit_a_warning_and_somebody_who_hears_of_it() -> None:
    for stage, channel, notes in product(Stage, Channel, (Notes(), URGENT)):
        found = limit(stage, order(channel=channel, notes=notes))
        assert found.warn_before < found.lasts
        assert [level.after for level in found.path] == sorted(level.after for level in found.path)
        assert found.path[0].after == timedelta()


def test_a_review_is_done_in_office_hours_and_a_promise_holds_around_the_clock() -> None:
    assert limit(Stage.REVIEW, order()).hours == Hours(540, 1080, WorkWeek("12345", rests=True))
    assert limit(Stage.SHIP, order()).hours == Hours()


def test_what_waits_for_the_buyer_or_the_channel_stops_the_clock() -> None:
    stopping = {reason for reason in HoldReason if stops(Stage.SHIP, reason)}
    assert stopping == {"CHANNEL_LOCKED", "REFUND_PENDING", "ADDRESS_CHANGE", "BACKORDER"}
    assert not stops(Stage.SHIP, "SOMETHING_NEW")


def test_hours_that_cannot_be_read_are_named_with_their_row() -> None:
    draft = engine.Table("sla_calendars", changed("sla_calendars", "office", opens='"9 a.m."'))
    with engine.trying(draft), pytest.raises(BadRule, match=r"sla_calendars@.*/office: '9 a.m.' is not a time of day"):
        limit(Stage.REVIEW, order())
