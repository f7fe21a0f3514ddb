"""What drafts are tried on: orders as they were at their review, and whatever else the store knows of."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import time_machine

from activities.contracts import OrderAt
from activities.review import ReviewSteps
from domain.clock import utc_now
from domain.order import ClearReceiver, Order, Region
from domain.pauses import Measure, Slice
from domain.refund import Refund, RefundKind, RefundStatus
from domain.words import About, Word
from intake.linking import Linker
from rules import engine
from rules.documents import Document, version_of
from rules.dry_run import DryRun
from rules.statuses import words_of
from runtime.rule_desk import RuleDesk
from runtime.rule_explaining import explain
from runtime.rules import keep_defaults
from store import links, listings, orders, pauses, refunds, rules, stock, words
from store.articles import Article, put
from store.database import Database
from store.listings import Named
from store.rules import Version
from tests.rules.documents import changed
from tests.store.samples import NOON, index_row, order

LINKER = Linker(b"test")
MINUTE = timedelta(minutes=1)
US = ClearReceiver(
    name="Ann Test", phone="+12015550100", region=Region(country="US", province="NJ", city="Newark"), detail="1 Main St"
)


async def _reviewed(db: Database, number: str, **changes: Any) -> Order:
    one = order(number, **changes)
    async with db.transaction() as tx:
        await orders.take(tx, one)
        await links.keep(tx, one.order_id, LINKER.digests(one))
    await ReviewSteps(db, 0).accept_order(OrderAt(one.order_id, 1))
    return one


async def _run(db: Database, name: str, row: str, **cells: str) -> DryRun:
    return await RuleDesk(db, "WH01").against(name, changed(name, row, **cells), 500)


async def _publish(db: Database, name: str, document: Document) -> None:
    version, now = version_of(document), utc_now()
    async with db.transaction() as tx:
        await rules.draft(tx, Version(name, version, document, "command", now), "li", "")
        await rules.publish(tx, name, version, "li", "", now)


async def test_an_order_is_judged_by_what_was_known_at_its_review(database: Database) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        first = await _reviewed(database, "SO1")
        clock.shift(3 * MINUTE)
        second = await _reviewed(database, "SO2", placed_at=NOON + 3 * MINUTE)
        clock.shift(60 * MINUTE)
        await _reviewed(database, "SO3", placed_at=NOON + 50 * MINUTE, receiver=US)
        clock.shift(MINUTE)
        async with database.transaction() as tx:
            row = await index_row(tx, first.order_id)
            row.exit, row.closed_at = "CANCELLED", utc_now()
            asked = {"status": RefundStatus.REQUESTED, "kind": RefundKind.RETURN, "asked_at": utc_now()}
            about = {"channel": "own", "shop": "main", "channel_order_no": "SO1"}
            await refunds.take(tx, Refund(**about, refund_id="R1", version=1, amount_fen=100, **asked))
        clock.shift(timedelta(days=2))

        run = await _run(database, "risk_rules", "many_articles", skus="", orders=">= 1")
        assert (run.tried, run.changed) == (3, 2)
        known = {one.about[-3:]: one.facts for one in run.differences}
        assert {no: (facts["orders_30d"], facts["returns_24h"]) for no, facts in known.items()} == {
            "SO2": (1, 0), "SO3": (2, 0),
        }  # fmt: skip

        run = await _run(database, "duplicate_rules", "at_once", does='"note"')
        [one] = run.differences
        assert (one.about, one.facts["minutes"]) == (second.order_id, 3)

        run = await _run(database, "declaration_rules", "us", day=">= 20270101")
        assert {(one.about[-3:], one.facts["day"]) for one in run.differences} == {("SO3", 20260301)}
        assert (await _run(database, "tax_rates", "standard", rate="30")).changed == 3

        await keep_defaults(database)
        steps = await explain(RuleDesk(database, "WH01"), second.order_id)
        [review] = [one for one in steps if one.what == "order.accepted"]
        tables = {one.table for one in review.decisions}
        assert {"duplicate_rules", "tax_rates", "invoice_types"} <= tables
        assert [one for one in review.decisions if one.facts is None] == []
        assert [one.row for one in review.decisions if one.table == "risk_rules"] == []

        await _publish(database, "risk_rules", changed("risk_rules", "very_large", amount=">= 4950"))
        [again] = [one for one in await explain(RuleDesk(database, "WH01"), second.order_id) if one.step == review.step]
        assert again.decisions[: len(review.decisions)] == review.decisions
        [one_more] = again.decisions[len(review.decisions) :]
        assert (one_more.table, one_more.row, one_more.result, one_more.now) == ("risk_rules", "", {}, "very_large")
        assert one_more.version == version_of(engine.default("risk_rules")) != one_more.in_force
        assert (one_more.differs_now or {})["score"] == (None, 60)


async def test_words_listings_articles_and_counts_are_what_other_tables_are_tried_on(database: Database) -> None:
    async with database.transaction() as tx:
        await words.keep(tx, Word("jd", About.ORDER, "ON_HOLD"), 2)
        await put(tx, [Article("MUG", "马克杯", abc="A", safety_stock=20, below_safety="suggest")])
        await stock.receive(tx, "MUG", "WH01", 10, stock.Movement("k", "receive", "test"))
        await listings.put(tx, [Named("own", "main", "i1", "s1", "MUG"), Named("own", "main", "i2", "s2", "CUP")])
        facts = {"window_minutes": 15, "count": 60, "sample": 80}
        measure = str(Measure.COURIER_FAILURES)
        await pauses.begin(tx, Slice.COURIER, "sf", "60/80", "orderhub", now=utc_now(), measure=measure, facts=facts)
        await pauses.begin(tx, Slice.SKU, "MUG", "盘点", "wei", now=utc_now())

    run = await _run(database, "status_map", "jd.order.LOCKED", word='"LOCKED","ON_HOLD"')
    assert {one.about: one.changed["ours"] for one in run.differences} == {"京东 · 订单 · ON_HOLD ×2": (None, "LOCKED")}
    assert run.tried == 1 + len(words_of(engine.default("status_map")))

    run = await _run(database, "publish_stock", "a", formula='"available"')
    assert (run.tried, run.totals) == (2, {"pieces": (0, 10)})
    assert run.effects == {"own main i1 s1 MUG": {"pieces": (0, 10)}}

    run = await _run(database, "replenishment", "a", factor="100")
    assert (run.tried, run.rows, run.totals) == (1, {"a": 1}, {"quantity": (10, 10)}), "nothing was sold"

    run = await _run(database, "anomalies", "courier", count=">= 100")
    [one] = run.differences
    assert (one.rows_before, one.rows_after, run.totals) == (("courier",), ("calm",), {"paused": (1, 0)})
    assert one.about.endswith("15 min · 快递渠道“顺丰”的取号 · 取号失败 60/80")
