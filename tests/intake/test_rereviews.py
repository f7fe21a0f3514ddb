"""Orders that wait by rules are reviewed again when others decide."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.clock import utc_now
from domain.declaring import Judged, Standing
from domain.holds import HoldReason
from domain.review import Flag
from domain.rulesets import RuleEvent, What, last_change
from intake.rereviews import Rereviews
from rules.documents import version_of
from store import declarations, flags, holds, rules
from store.rules import Version
from store.tables import OrderVersionRow
from tests.intake.stage import Stage
from tests.rules.documents import changed, with_row
from tests.store.samples import NOON, index_row, order

LATER = timedelta(seconds=1)
AT_ONCE = timedelta()
RISKS = changed("risk_rules", "many_articles", score="50")
DECLARATIONS = changed("declaration_rules", "all", _description="anders")


async def _waits(stage: Stage, number: str, reason: HoldReason, *, released: bool = False, state: str = "PAID") -> str:
    """An order that a review found something about."""
    one = order(number)
    await stage.started(one)
    async with stage.db.transaction() as tx:
        row = await index_row(tx, one.order_id)
        row.state = state
        await flags.keep(tx, row, 1, [Flag("some.finding", reason, "…")])
        if released:
            await flags.release(tx, one.order_id, reason, "zhang", "看过了")
    return one.order_id


async def _publish(stage: Stage, name: str, document: dict[str, object], begins: datetime | None = None) -> None:
    version = version_of(document)
    async with stage.db.transaction() as tx:
        await rules.draft(tx, Version(name, version, document, "xlsx", utc_now()), "li", "")
        await rules.publish(tx, name, version, "li", "大促", begins or utc_now())


async def _revisions(stage: Stage, *orders: str) -> list[int]:
    return [(await stage.index(order_id)).revision for order_id in orders]


async def test_who_waits_by_other_rules_is_reviewed_again_once(stage: Stage) -> None:
    orders = [
        await _waits(stage, "SO1", HoldReason.RISK),
        await _waits(stage, "SO2", HoldReason.RISK, released=True),
        await _waits(stage, "SO3", HoldReason.COMPLIANCE),
        await _waits(stage, "SO4", HoldReason.RISK, state="PACKED"),
    ]
    rereviews, other = Rereviews(stage.db, 50, AT_ONCE), Rereviews(stage.db, 50, AT_ONCE)
    assert await rereviews.look(utc_now() + LATER) == 0
    await _publish(stage, "risk_rules", RISKS)
    assert await rereviews.look(utc_now() - timedelta(minutes=1)) == 0, "not before every worker decides by it"
    assert await rereviews.look(utc_now() + LATER) == 1
    assert await _revisions(stage, *orders) == [2, 1, 1, 1]
    assert await rereviews.look(utc_now() + LATER) == 0
    assert await other.look(utc_now() + LATER) == 0, "another process has nothing to do"
    assert await _revisions(stage, *orders) == [2, 1, 1, 1]


async def test_who_was_reviewed_before_every_worker_knew_is_reviewed_again(stage: Stage) -> None:
    published, spread = utc_now() - timedelta(seconds=8), timedelta(seconds=5)
    before, meanwhile, after = [await _waits(stage, f"SO{n}", HoldReason.RISK) for n in (1, 2, 3)]
    async with stage.db.transaction() as tx:
        for order_id, seconds in ((before, -60), (meanwhile, 4), (after, 6)):
            version = await tx.get_one(OrderVersionRow, (order_id, 1))
            version.at = published + timedelta(seconds=seconds)
            tx.add(version)
    await _publish(stage, "risk_rules", RISKS, published)
    rereviews = Rereviews(stage.db, 50, spread)
    assert [await rereviews.look(utc_now() - spread) for _ in range(2)] == [2, 0]
    assert await _revisions(stage, before, meanwhile, after) == [2, 2, 1]


async def test_many_are_reviewed_in_batches(stage: Stage) -> None:
    orders = [await _waits(stage, f"SO{n}", HoldReason.RISK) for n in range(5)]
    await _publish(stage, "risk_rules", RISKS)
    rereviews = Rereviews(stage.db, 2, AT_ONCE)
    assert [await rereviews.look(utc_now() + LATER) for _ in range(4)] == [2, 2, 1, 0]
    assert await _revisions(stage, *orders) == [2] * 5


async def test_orders_that_go_abroad_are_looked_at_whether_or_not_they_wait(stage: Stage) -> None:
    abroad, home = order("SO1"), order("SO2")
    await stage.started(abroad, home)
    async with stage.db.transaction() as tx:
        for one in (abroad, home):
            (await index_row(tx, one.order_id)).state = "STOCK_LOCKED"
        await declarations.keep(tx, abroad.order_id, Judged("US", Standing.COMPLETE, ()))
    await _publish(stage, "declaration_rules", DECLARATIONS)
    assert await Rereviews(stage.db, 50, AT_ONCE).look(utc_now() + LATER) == 1
    assert await _revisions(stage, abroad.order_id, home.order_id) == [2, 1]


async def test_who_waits_for_approvals_and_who_may_need_some_now(stage: Stage) -> None:
    waits = await _waits(stage, "SO1", HoldReason.APPROVAL)
    approved = await _waits(stage, "SO2", HoldReason.APPROVAL, released=True, state="STOCK_LOCKED")
    taken_back = await _waits(stage, "SO3", HoldReason.APPROVAL, released=True)
    address = await _waits(stage, "SO4", HoldReason.ADDRESS_INCOMPLETE)
    passed = await _waits(stage, "SO5", HoldReason.ADDRESS_INCOMPLETE, state="STOCK_LOCKED")
    orders = [waits, approved, taken_back, address, passed]
    async with stage.db.transaction() as tx:
        held = ((taken_back, "APPROVAL"), (address, "ADDRESS_INCOMPLETE"), (passed, "ADDRESS_INCOMPLETE"))
        for order_id, reason in held:
            row = await index_row(tx, order_id)
            await holds.open_hold(tx, row, 1, reason, "…", utc_now())
    await _publish(stage, "sla_calendars", changed("sla_calendars", "office", opens='"08:30"'))
    assert await Rereviews(stage.db, 50, AT_ONCE).look(utc_now() + LATER) == 2
    assert await _revisions(stage, *orders) == [2, 1, 2, 1, 1]
    days = with_row("official_days", "2026_labour", _id="break", row='"break"', day="20260306")
    await _publish(stage, "official_days", days)
    assert await Rereviews(stage.db, 50, AT_ONCE).look(utc_now() + LATER) == 2, "their deadlines, too"
    assert await _revisions(stage, *orders) == [3, 1, 3, 1, 1]
    await _publish(stage, "approvals", changed("approvals", "large", amount="> 10000000"))
    rereviews = Rereviews(stage.db, 2, AT_ONCE)
    assert [await rereviews.look(utc_now() + LATER) for _ in range(3)] == [2, 1, 0]
    assert await _revisions(stage, *orders) == [4, 1, 4, 2, 1]


def test_a_window_changes_twice_and_a_withdrawal_once() -> None:
    hour = timedelta(hours=1)
    window = RuleEvent(1, "risk_rules", "v1", What.PUBLISHED, "li", "", NOON, NOON + hour, NOON + 3 * hour)
    taken_back = RuleEvent(2, "risk_rules", "v1", What.WITHDRAWN, "li", "", NOON + 2 * hour, of=1)
    tested = RuleEvent(3, "risk_rules", "v2", What.TESTED, "li", "", NOON + 2 * hour)
    names = ("risk_rules",)
    assert last_change([window], names, NOON) is None
    assert last_change([window], names, NOON + 2 * hour) == NOON + hour
    assert last_change([window], names, NOON + 4 * hour) == NOON + 3 * hour
    assert last_change([window, taken_back, tested], names, NOON + 2.5 * hour) == NOON + 2 * hour
    assert last_change([window], ("freight",), NOON + 4 * hour) is None
