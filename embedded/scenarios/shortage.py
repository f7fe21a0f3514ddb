"""A shortage: three warehouses of which none has everything, purchases on their way, a share, and an article too few.

Every piece that is sold comes in before the end, so every order that is not cancelled must be delivered.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from functools import partial
from typing import Any

from sqlmodel import col, select

from domain.clock import utc_now
from domain.holds import HoldReason
from domain.texts import text
from domain.warehouses import Warehouse
from embedded.plan import CHANNELS
from embedded.scenarios.scenario import Stage, until
from sandbox.buyers import Buyers
from sandbox.catalogue import GIFT_SKU, HOT_SKU
from sandbox.faults import Fault
from store import orders, stock, warehouses
from store.tables import ConsignmentRow, HoldRow, OrderEventRow, OrderRow, PlanRow

_HOME = "WH01"
_WAREHOUSES = (
    Warehouse(_HOME, "杭州仓", "浙江省", "杭州市"),
    Warehouse("WH02", "广州仓", "广东省", "广州市"),
    Warehouse("WH03", "成都仓", "四川省", "成都市"),
)
_PARTS = ((_HOME, 5), ("WH02", 3), ("WH03", 2))
"""Which tenths of an article lie where."""
_PURCHASE = "PO-20261111"
_SHARE = 20
"""The percent of the scarce article that one channel may take, until operations sees to it."""
_SHARED = "douyin"
_AWAITED = 5
"""How many articles wait for a purchase."""
_TOLD = 12
"""Sentences of a kind that the summary shows."""


class Shortage:
    """Orders of all channels on too little stock."""

    def __init__(self, count: int, seed: int) -> None:
        dice = random.Random(seed)
        self._drafts = Buyers(seed, hot_share=0.15).drafts(count, CHANNELS)
        self._demand: Counter[str] = Counter()
        for line in (line for draft in self._drafts for line in draft.lines):
            self._demand[line.sku] += line.quantity
        ordinary = sorted(set(self._demand) - {HOT_SKU, GIFT_SKU})
        # Of what sells best, most is still on its way.
        wanted_most = sorted(ordinary, key=lambda sku: (-self._demand[sku], sku))[:_AWAITED]
        self._awaited = {sku: count for sku in wanted_most if (count := self._demand[sku] * 7 // 10)}
        self._short = {HOT_SKU: self._demand[HOT_SKU] // 3} if self._demand[HOT_SKU] >= 3 else {}
        self._placed = asyncio.Event()
        self._transfers = 0
        self._cancelled = sorted(dice.sample(range(count), max(1, count // 50)))

    def world(self) -> dict[str, str]:
        """As the demo's."""
        return {}

    def faults(self) -> list[Fault]:
        """None of its own."""
        return []

    async def open(self, stage: Stage) -> None:
        """Three warehouses, a purchase under way, and a share of the scarce article."""
        async with stage.db.transaction() as tx:
            for warehouse in _WAREHOUSES:
                await warehouses.put(tx, warehouse, _HOME)
            for sku, count in sorted(self._awaited.items()):
                await stock.expect(tx, _PURCHASE, sku, _HOME, count, utc_now() + timedelta(days=1))
            await stock.set_share(tx, HOT_SKU, _SHARED, _SHARE, "demo")
        opening: dict[str, dict[str, int]] = {code: {} for code, _ in _PARTS}
        for sku, count in self._demand.items():
            left = count - self._awaited.get(sku, 0) - self._short.get(sku, 0)
            for code, tenths in _PARTS[1:]:
                opening[code][sku] = left * tenths // 10
            opening[_HOME][sku] = left - sum(opening[code][sku] for code, _ in _PARTS[1:])
        for code, goods in opening.items():
            await stage.receive(goods, f"opening/{code}", code)

    def crew(self, stage: Stage) -> list[Callable[[], Awaitable[object]]]:
        """The clerk, finance, and whoever moves goods between warehouses."""
        people = stage.people
        return [
            people.clerk_types_numbers,
            people.finance_releases,
            people.buyers_confirm,
            partial(self._transfer, stage),
        ]

    def acts(self, stage: Stage) -> list[Coroutine[Any, Any, None]]:
        """Buyers order, goods come in, operations lifts the share."""
        return [self._place(stage), self._goods_come(stage)]

    async def _place(self, stage: Stage) -> None:
        placed: list[str] = []
        for start in range(0, len(self._drafts), 10):
            placed += await stage.order(self._drafts[start : start + 10])
            await asyncio.sleep(0.5)
        stage.say(text("demo.placed", count=len(placed)))
        self._placed.set()
        await asyncio.gather(*(self._cancel(stage, placed[n]) for n in self._cancelled))

    async def _cancel(self, stage: Stage, order_id: str) -> None:
        await until(lambda: stage.people.paid(order_id))
        cancelled = await stage.people.cancel(order_id)
        stage.people.deeds.cancelled += cancelled
        stage.people.deeds.cancelled_too_late += not cancelled

    async def _goods_come(self, stage: Stage) -> None:
        """The purchase comes in two deliveries once all have ordered, then the scarce article; the share ends."""
        await self._placed.wait()
        await asyncio.sleep(15)
        for note, part in (("1", 2), ("2", 1)):
            goods = {sku: count // 2 if part == 2 else count - count // 2 for sku, count in self._awaited.items()}
            goods = {sku: count for sku, count in goods.items() if count}
            if goods:
                async with stage.db.transaction() as tx:
                    await stock.receive_incoming(tx, _PURCHASE, goods, note, "demo")
                stage.say(text("demo.purchase", number=_PURCHASE, count=sum(goods.values())))
            await asyncio.sleep(5)
        await stage.receive(self._short, "restock")
        async with stage.db.transaction() as tx:
            await stock.remove_share(tx, HOT_SKU, _SHARED)
        for sku, count in self._short.items():
            stage.say(text("demo.restocked", sku=sku, count=count))

    async def _transfer(self, stage: Stage) -> None:
        """Operations brings together what an order needs, where it lies in several warehouses, each with too little."""
        async with stage.db.reading() as tx:
            held = select(HoldRow.order_id).where(
                HoldRow.reason == HoldReason.STOCK_SHORT, col(HoldRow.closed_at).is_(None)
            )
            waiting = (await tx.execute(held.order_by(col(HoldRow.opened_at)))).scalars().all()
        for order_id in waiting:
            with contextlib.suppress(stock.StockShort):  # somebody was quicker
                self._transfers += await self._bring_together(stage, order_id)

    async def _bring_together(self, stage: Stage, order_id: str) -> bool:
        async with stage.db.transaction() as tx:
            wanted: Counter[str] = Counter()
            for line in (await orders.body(tx, order_id)).lines:
                wanted[line.sku] += line.quantity
            there = await stock.snapshot(tx, wanted, firm=True)
            free = {(item.sku, item.warehouse): item.available for item in there.on_hand}
            lacks = {sku: count - free.get((sku, _HOME), 0) for sku, count in wanted.items()}
            lacks = {sku: count for sku, count in lacks.items() if count > 0}
            moves: dict[str, dict[str, int]] = {}
            for sku in sorted(lacks):
                for code, _ in _PARTS[1:]:
                    taken = min(lacks[sku], max(0, free.get((sku, code), 0)))
                    lacks[sku] -= taken
                    if taken:
                        moves.setdefault(code, {})[sku] = taken
                if lacks[sku]:
                    return False  # not even together: it must come in
            for code, goods in sorted(moves.items()):
                number = f"TR-{self._transfers + 1}-{code}"
                await stock.freeze(tx, number, goods, code, _HOME, "demo")
                await stock.send(tx, number, "demo")
                await stock.take_in(tx, number, "demo")
        return bool(moves)

    async def report(self, stage: Stage) -> dict[str, Any]:
        """What was planned, split, backordered, stopped, and why."""
        async with stage.db.reading() as tx:
            plans = (await tx.execute(select(PlanRow).order_by(col(PlanRow.order_id), col(PlanRow.n)))).scalars().all()
            parts = (await tx.execute(select(ConsignmentRow))).scalars().all()
            held = (await tx.execute(select(HoldRow).order_by(col(HoldRow.opened_at)))).scalars().all()
            gone = (await tx.execute(select(OrderRow.order_id).where(OrderRow.exit == "CANCELLED"))).scalars().all()
            why = select(OrderEventRow).where(OrderEventRow.step == "cancelled")
            ended = {event.order_id: event.why for event in (await tx.execute(why)).scalars()}
        present = {plan.order_id: plan for plan in plans}
        of_order = Counter(part.order_id for part in parts)
        split = sorted(order_id for order_id, count in of_order.items() if count > 1)
        waited = [hold for hold in held if hold.reason == HoldReason.BACKORDER]
        short = [hold for hold in held if hold.reason == HoldReason.STOCK_SHORT]
        return {
            "planned": dict(Counter(plan.strategy for plan in present.values()).most_common()),
            "planned_again": len(plans) - len(present),
            "warehouses": dict(sorted(Counter(part.warehouse for part in parts).items())),
            "split": len(split),
            "split_why": [f"{order_id}: {present[order_id].reason}" for order_id in split[:_TOLD]],
            "backordered": len({hold.order_id for hold in waited}),
            "backordered_why": [f"{hold.order_id}: {hold.detail}" for hold in waited[:_TOLD]],
            "short": len({hold.order_id for hold in short}),
            "transfers": self._transfers,
            "short_why": [f"{hold.order_id}: {hold.detail}" for hold in short[:_TOLD]],
            "stopped": len(gone),
            "stopped_why": [f"{order_id}: {ended.get(order_id, '')}" for order_id in sorted(gone)[:_TOLD]],
        }
