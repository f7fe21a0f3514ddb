"""A review with something to find: every check finds something, and whoever is asked first looks at it.

Who orders what stands in `review_cast`, customers on account in `review_credit`. Most of what is found is released,
supplied, mended or agreed to; what the law forbids is cancelled.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from sqlmodel import col, select

from domain.approvals import Verdict
from domain.clock import utc_now
from domain.holds import HoldReason
from domain.tags import Tag
from domain.texts import text
from domain.warehouses import Warehouse
from embedded.plan import opening_stock
from embedded.scenarios.review_cast import (
    ARTICLES,
    ASKED_BACK,
    DEVICE,
    FORMULA,
    GONE,
    KEPT,
    LATE,
    LENS,
    LINE_DECLARED,
    PLASTER,
    THERE,
    cast,
    certificate,
)
from embedded.scenarios.review_credit import credit_acts
from embedded.scenarios.review_report import report
from embedded.scenarios.review_rules import open_rules, stricter_rules
from embedded.scenarios.scenario import Stage, until
from sandbox.buyers import Draft
from sandbox.faults import Fault
from store import articles, warehouses
from store.articles import TagOf
from store.tables import ApprovalLinkRow, ArticleTagRow, FlagRow, HoldRow

_HOME = "WH01"
_WAREHOUSES = (Warehouse(_HOME, "杭州仓", "浙江省", "杭州市"), Warehouse("WH02", "广州仓", "广东省", "广州市"))
_HEARD_S = 4
"""After which every process decides by what was published."""
_MANAGER_COMES_S = 5
"""So long a declaration waits for whoever completes it."""

_APPROVAL_SMS = "SMS_000000003"
_APPROVERS = {
    "sales_director": "13800007001",
    "technical_director": "13800007002",
    "sales_deputy": "13800007003",
    "general_manager": "13800007004",
}
_APPROVALS = (("approval", ""), ("deputy", "sales_director"), ("escalated", "technical_director"), ("taken_back", ""))
"""What is approved one after the other, and who is away meanwhile: only the first of them has a deputy."""
_TRIES = 60
"""A link that never takes a decision is about a question that is gone."""

_CODES = {"exporter_uscc": "99000000MA0000000X", "customs_reg_no": "9900999999", "shipper_name": "Example Trading"}
_OLD = Tag("device_registration", "国械注准20153540000", valid_to=date(2020, 1, 1))
_NUMBERS = {
    "unregistered": TagOf(FORMULA.sku, Tag("formula_registration", "国食注字YP20170001")),
    "expired": TagOf(DEVICE.sku, Tag("device_registration", "国械注准20203540000", valid_to=date(2099, 12, 31))),
    "malformed": TagOf(LENS.sku, Tag("device_registration", "国械注准20213160000")),
}
"""What compliance looks up, by the play that waits for it."""

_AT_ONCE = (
    *("large", "twice", "addresses", "abroad", "many", "to_the_eu", "forbidden", *_NUMBERS),
    *("no_oaid", "garbled", "safety", "priced", "again"),
)
"""Plays in which somebody orders, and that is all."""
_FLAWED = {
    "no_oaid": HoldReason.ADDRESS_INCOMPLETE,
    "garbled": HoldReason.FORMAT_INVALID,
}
"""What a document waits for that its platform mends."""
_LOSE_MIND = 3
"""Of so many duplicates one is cancelled, and the others were meant."""


class Review:
    """Half of the orders have nothing wrong with them, on all channels."""

    def __init__(self, orders: int, seed: int) -> None:
        self._cast = cast(orders, seed)
        self._ids: dict[str, set[str]] = {}
        self._asked: set[str] = set()
        self._mended: set[str] = set()
        self._doubts = False
        """Whether the sales director refuses first, and thinks better of it."""
        self._doubted: set[str] = set()
        self._to_decide: dict[str, list[Verdict]] = {}
        self._tries: Counter[str] = Counter()

    def world(self) -> dict[str, str]:
        """What the merchant has to declare for every order."""
        return {"ORDERHUB_COMPANY__DECLARATION": json.dumps(_CODES)}

    def faults(self) -> list[Fault]:
        """None of its own."""
        return []

    async def open(self, stage: Stage) -> None:
        """Two warehouses, articles and what is written down of them, who approves, and rules of the merchant's own."""
        async with stage.db.transaction() as tx:
            for warehouse in _WAREHOUSES:
                await warehouses.put(tx, warehouse, _HOME)
            await articles.put(tx, ARTICLES)
            await articles.put_tags(tx, [TagOf(DEVICE.sku, _OLD)])
            # As a build left it that was not yet so strict.
            tx.add(ArticleTagRow(sku=LENS.sku, kind="device_registration", value="械注2021", area="", issuer=""))
        # Those whose refund came too late order once more.
        more = [draft for part in self._cast.parts.get("asks_back", ()) for draft in part]
        wanted = opening_stock([*self._cast.drafts, *more], "", 0)
        elsewhere = {THERE.sku: wanted.pop(THERE.sku, 0)}
        await stage.receive({**wanted, LATE.sku: 0, GONE.sku: 0}, "opening")
        await stage.receive(elsewhere, "opening/WH02", "WH02")
        for who, phone in _APPROVERS.items():
            await stage.people.appoint(who, who, phone)
        await stage.people.stands_in("sales_director", "sales_deputy")
        await open_rules(stage.db)
        await asyncio.sleep(_HEARD_S)

    def crew(self, stage: Stage) -> list[Callable[[], Awaitable[object]]]:
        """Everybody whom a hold asks first."""
        people = stage.people

        async def quality_looks_at_risks() -> None:
            await people.release(HoldReason.RISK, "质控电话核实，确为本人购买")

        async def operations_looks_at_prices() -> None:
            await people.release(HoldReason.PRICE_CONFLICT, "门店经理已批准折扣")

        async def compliance_cancels_what_is_forbidden() -> None:
            for order_id in await people.held(HoldReason.COMPLIANCE_BLOCKED):
                people.deeds.cancelled += await people.cancel(order_id)

        return [
            quality_looks_at_risks,
            operations_looks_at_prices,
            compliance_cancels_what_is_forbidden,
            _named("service_asks_about_duplicates", partial(self._duplicates, stage)),
            _named("compliance_writes_down_numbers", partial(self._registrations, stage)),
            _named("manager_completes_declarations", partial(self._declare, stage)),
            _named("directors_decide", partial(self._decide, stage)),
            _named("platforms_mend_documents", partial(self._mend, stage)),
            people.clerk_types_numbers,
            people.finance_releases,
            people.service_completes_addresses,
            people.service_closes_undelivered,
        ]

    def acts(self, stage: Stage) -> list[Coroutine[Any, Any, None]]:
        """Buyers order; around some of it more happens."""
        several = (("asks_back", self._ask_back), ("phone", self._one_by_one), ("unlike", self._one_by_one))
        return [
            self._place(stage),
            self._approvals(stage),
            self._fields(stage),
            self._late_goods(stage),
            self._locked(stage),
            *(act(stage, part) for kind, act in several for part in self._cast.parts.get(kind, ())),
            *credit_acts(stage, self._cast.parts),
        ]

    async def report(self, stage: Stage) -> dict[str, Any]:
        """What was found, what stopped, and what became of it."""
        return await report(stage, self._cast.brings)

    # ------------------------------------------------------------------------------------------------------- buyers

    async def _place(self, stage: Stage) -> None:
        for kind in _AT_ONCE:
            for part in self._cast.parts.get(kind, ()):
                self._ids.setdefault(kind, set()).update(await stage.order(part))
            await asyncio.sleep(0.3)
        crowd = self._cast.crowd
        for start in range(0, len(crowd), 10):
            await stage.order(crowd[start : start + 10])
            await asyncio.sleep(0.5)
        stage.say(text("demo.placed", count=stage.orders))

    async def _one_by_one(self, stage: Stage, drafts: Sequence[Draft]) -> None:
        """What the last one is found to have rests on those before it: they must be here."""
        for draft in drafts:
            [order_id] = await stage.order([draft])
            await until(partial(stage.people.paid, order_id))

    async def _ask_back(self, stage: Stage, drafts: Sequence[Draft]) -> None:
        """A buyer asks for the money of some orders, one after the other, keeps one, and orders again."""
        asked = 0
        for _ in range(2 * ASKED_BACK):
            if asked == ASKED_BACK:
                break
            [order_id] = await stage.order([drafts[asked]])
            number = order_id.split(":")[2]
            wish = await stage.sandbox.post(f"/control/own/{number}/refund", json={"line": None})
            refund_id = wish.raise_for_status().json()["refund_id"]
            await until(partial(stage.people.waits_for_refund_or_left, order_id))
            # What was packed before anybody heard of it goes out: the buyer takes it back.
            verdict = "approve" if await stage.people.waits_for_refund(order_id) else "withdraw"
            answer = await stage.sandbox.post(f"/control/own/refunds/{refund_id}/{verdict}")
            stage.people.deeds.refunds += answer.is_success
            asked += verdict == "approve"
            await until(partial(stage.people.closed, order_id))
        await self._one_by_one(stage, drafts[-KEPT - 1 :])

    async def _late_goods(self, stage: Stage) -> None:
        """An article is sold before it is here."""
        ids = [order_id for part in self._cast.parts.get("late_goods", ()) for order_id in await stage.order(part)]
        for order_id in ids:
            await until(partial(stage.people.waits_or_closed, order_id, HoldReason.STOCK_SHORT))
        if ids:
            await stage.receive({LATE.sku: len(ids)}, "late")
            stage.say(text("demo.restocked", sku=LATE.sku, count=len(ids)))

    async def _locked(self, stage: Stage) -> None:
        """Orders wait for a number; meanwhile the platform's risk control takes them up, and lets them go again."""
        people = stage.people
        ids = [order_id for part in self._cast.parts.get("locked", ()) for order_id in await stage.order(part)]
        for reason, under_review in ((HoldReason.COMPLIANCE, True), (HoldReason.CHANNEL_LOCKED, False)):
            for order_id in ids:
                await until(partial(people.waits_or_closed, order_id, reason))
                channel, _, number = order_id.split(":")
                wish = {"under_review": under_review}
                (await stage.sandbox.post(f"/control/{channel}/{number}/risk", json=wish)).raise_for_status()
        if ids:
            async with stage.db.transaction() as tx:
                await articles.put_tags(tx, [TagOf(PLASTER.sku, Tag("device_filing", "国械备20150001"))])

    async def _fields(self, stage: Stage) -> None:
        """Serial numbers and a file are missing; while the orders wait, the merchant becomes stricter."""
        people, parts = stage.people, self._cast.parts
        serials = [order_id for part in parts.get("serials", ()) for order_id in await stage.order(part)]
        certified = [order_id for part in parts.get("certified", ()) for order_id in await stage.order(part)]
        for order_id in (*serials, *certified):
            await until(partial(people.waits_or_closed, order_id, HoldReason.FIELDS_MISSING))
        if serials:
            await stricter_rules(stage.db)
        for n, order_id in enumerate(serials):
            await until(partial(_found, stage, order_id, "fields.invalid"))
            values = {"customer": {"cost_centre": "CC-9"}, "lines": {"1": {"serial_no": f"SN-{n:06d}"}}}
            await until(partial(people.supply_fields, order_id, values))
        for n in range(len(certified)):
            await until(partial(people.hand_in, certificate(n)))

    # ---------------------------------------------------------------------------------------------------- approvals

    async def _approvals(self, stage: Stage) -> None:
        """Large orders, one kind after the other: all are there, somebody is away, somebody doubts."""
        for kind, away in _APPROVALS:
            parts = self._cast.parts.get(kind, ())
            if not parts:
                continue
            self._doubts = kind == "taken_back"
            if away:
                await stage.people.away(away, utc_now() + timedelta(days=1))
            for order_id in [order_id for part in parts for order_id in await stage.order(part)]:
                await until(partial(_agreed, stage, order_id))
            if away:
                await stage.people.away(away, None)

    async def _decide(self, stage: Stage) -> None:
        """Everybody opens the link in their SMS, and decides one thing at a time."""
        messages = (await stage.sandbox.get("/books/sms")).json()["messages"]
        for message in messages:
            code = message["params"].get("code", "")
            if message["template"] != _APPROVAL_SMS:
                continue
            if code not in self._to_decide:
                self._to_decide[code] = await self._what_to_decide(stage, code)
            left = self._to_decide[code]
            if not left or self._tries[code] == _TRIES:
                continue
            fen = int(Decimal(message["params"]["amount"].replace(",", "")) * 100)
            self._tries[code] += 1
            if await stage.people.decide(code, left[0], fen, "折扣过高" if left[0] is Verdict.REFUSE else "同意"):
                del left[0]
                self._tries[code] = 0

    async def _what_to_decide(self, stage: Stage, code: str) -> list[Verdict]:
        async with stage.db.reading() as tx:
            query = select(ApprovalLinkRow.order_id, ApprovalLinkRow.approver).where(ApprovalLinkRow.code == code)
            order_id, approver = (await tx.execute(query)).tuples().one()
        if not self._doubts or approver != "sales_director" or order_id in self._doubted:
            return [Verdict.APPROVE]
        self._doubted.add(order_id)
        return [Verdict.REFUSE, Verdict.WITHDRAW, Verdict.APPROVE]

    # ------------------------------------------------------------------------------------------------ everybody else

    async def _duplicates(self, stage: Stage) -> None:
        """Customer service calls the buyer: most were meant, one in a few was a slip of the finger."""
        people = stage.people
        for order_id in await people.held(HoldReason.DUPLICATE):
            if order_id not in self._asked and len(self._asked) % _LOSE_MIND == 0:
                people.deeds.cancelled += await people.cancel(order_id)
            self._asked.add(order_id)
        await people.release(HoldReason.DUPLICATE, "买家确认要两份")

    async def _registrations(self, stage: Stage) -> None:
        """Compliance looks up what an order waits for, and writes it down of the article: all that wait go on."""
        held = set(await stage.people.held(HoldReason.COMPLIANCE))
        found = [tag for kind, tag in _NUMBERS.items() if held & self._ids.get(kind, set())]
        if found:
            async with stage.db.transaction() as tx:
                await articles.put_tags(tx, found)

    async def _declare(self, stage: Stage) -> None:
        """The account manager comes after a while, and completes first what stands on the goods, then what the buyer
        must say."""
        for queued in await stage.people.declarations():
            order_id = queued["order_id"]
            if not await _waited(stage, order_id, HoldReason.DECLARATION_INCOMPLETE, _MANAGER_COMES_S):
                continue
            lines = {one["line_no"] for one in queued["missing"] if one["line_no"]}
            if lines:
                values: dict[str, Any] = {"lines": dict.fromkeys(lines, LINE_DECLARED)}
            else:
                number = order_id.split(":")[2]
                values = {"fields": {"consignee_email": "ann@example.com", "invoice_no": f"INV-{number}"}}
            await stage.people.supply_declaration(order_id, values)

    async def _mend(self, stage: Stage) -> None:
        """A platform looks into a document that the merchant complains about, once."""
        for kind, reason in _FLAWED.items():
            for order_id in self._ids.get(kind, set()).intersection(await stage.people.held(reason)) - self._mended:
                channel, _, number = order_id.split(":")
                (await stage.sandbox.post(f"/control/{channel}/{number}/mend")).raise_for_status()
                self._mended.add(order_id)


def _named(name: str, deed: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """A deed with a name for the notes of what went wrong."""

    async def do() -> None:
        await deed()

    do.__name__ = name
    return do


async def _found(stage: Stage, order_id: str, code: str) -> bool:
    """Whether something was found about an order, or cannot be any more."""
    async with stage.db.reading() as tx:
        query = select(FlagRow.code).where(FlagRow.order_id == order_id, FlagRow.code == code)
        there = (await tx.execute(query)).first() is not None
    return there or await stage.people.closed(order_id)


async def _agreed(stage: Stage, order_id: str) -> bool:
    """Whether everybody has agreed to an order, or need not any more."""
    async with stage.db.reading() as tx:
        query = select(HoldRow.n).where(
            HoldRow.order_id == order_id, HoldRow.reason == HoldReason.APPROVAL, col(HoldRow.closed_at).is_not(None)
        )
        ended = (await tx.execute(query)).first() is not None
    return ended or await stage.people.closed(order_id)


async def _waited(stage: Stage, order_id: str, reason: HoldReason, seconds: float) -> bool:
    """Whether an order has waited for so long."""
    async with stage.db.reading() as tx:
        query = select(HoldRow.n).where(
            HoldRow.order_id == order_id,
            HoldRow.reason == reason,
            col(HoldRow.closed_at).is_(None),
            col(HoldRow.opened_at) <= utc_now() - timedelta(seconds=seconds),
        )
        return (await tx.execute(query)).first() is not None
