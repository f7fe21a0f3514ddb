"""Gifts: every order brings one, and the warehouse forgets some, mixes some up, or scans what it then leaves out.

What the scan shows is stopped and mended before it leaves. What it does not show the buyer says, and it is sent after.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from sqlmodel import col, func, select

from domain.gifts import GiftStatus
from domain.golden import GoldenState
from domain.holds import HoldReason
from domain.texts import text
from embedded.plan import CHANNELS, opening_stock
from embedded.scenarios.scenario import Stage, until
from sandbox.buyers import Buyers, Draft
from sandbox.catalogue import GIFT_SKU
from sandbox.drafts import DraftLine
from sandbox.faults import Fault
from store import gifts, healings
from store.tables import GiftRow, HoldRow, NotificationRow, OrderRow, ParcelRow, WaybillRow

_WRONG = "TOWEL-01"
"""What is put into a box in place of a gift."""

_AT_ONCE = 10
_LEFT = (GoldenState.WAYBILL_RETURNED, GoldenState.SIGNED, GoldenState.WARRANTY_ACTIVATED)


class Gifts:
    """All channels sell, with a gift in every order. JD's documents do not say that it is one."""

    def __init__(self, orders: int, seed: int) -> None:
        crowd = Buyers(seed, hot_share=0)
        self._drafts = [_with_gift(crowd.drafts(1, [CHANNELS[n % len(CHANNELS)]])[0]) for n in range(orders)]
        self._mistakes = _mistakes(self._drafts)
        self._mended: set[str] = set()
        self._collected: set[str] = set()
        self._complaints = 0
        self._planned: dict[str, int] = {}

    def world(self) -> dict[str, str]:
        """As the demo's."""
        return {}

    def faults(self) -> list[Fault]:
        """None of its own."""
        return []

    async def open(self, stage: Stage) -> None:
        """Enough of everything, and gifts to be sent after."""
        wanted = opening_stock(self._drafts, "", 0)
        await stage.receive({**wanted, GIFT_SKU: wanted[GIFT_SKU] + len(self._drafts)}, "opening")

    def crew(self, stage: Stage) -> list[Callable[[], Awaitable[object]]]:
        """The clerk, at her messages; finance and customer service."""
        people = stage.people

        async def clerk_has_boxes_mended() -> None:
            await self._mend(stage)

        async def courier_collects_gifts() -> None:
            await self._collect(stage)

        service = [people.service_completes_addresses, people.service_closes_undelivered]
        return [
            clerk_has_boxes_mended,
            courier_collects_gifts,
            people.clerk_types_numbers,
            people.finance_releases,
            people.buyers_confirm,
            *service,
        ]

    def acts(self, stage: Stage) -> list[Coroutine[Any, Any, None]]:
        """Buyers order, the warehouse makes its mistakes, and those who miss their gift call."""
        return [self._play(stage)]

    async def report(self, stage: Stage) -> dict[str, Any]:
        """What was stopped, mended, sent after, and what is still missing: that must be nothing."""
        async with stage.db.reading() as tx:
            by_status = select(GiftRow.status, func.count()).group_by(GiftRow.status)
            given = dict((await tx.execute(by_status)).tuples().all())
            stops = select(HoldRow.detail).where(HoldRow.reason == HoldReason.SCAN_MISMATCH)
            stopped = list((await tx.execute(stops)).scalars())
            told = select(func.count()).where(NotificationRow.purpose == "scan", NotificationRow.status != "failed")
            messages = int((await tx.execute(told)).scalar_one())
            after = select(func.count()).where(col(GiftRow.sent_after) != "")
            sent_after = int((await tx.execute(after)).scalar_one())
            mended = (await healings.counts(tx))["gift"]
        return {
            "planned": self._planned,
            "stopped": len(stopped),
            "messages_to_clerk": messages,
            "boxes_mended": len(self._mended),
            "buyers_called": self._complaints,
            "sent_after": sent_after,
            "healed": mended["healed"],
            "gifts": {str(status): given.get(status, 0) for status in GiftStatus},
            "gift_omissions": await self._omissions(stage),
        }

    async def _play(self, stage: Stage) -> None:
        calls = []
        for start in range(0, len(self._drafts), _AT_ONCE):
            placed = await stage.order(self._drafts[start : start + _AT_ONCE])
            for n, order_id in enumerate(placed, start=start):
                mistake = self._mistakes.get(n, "")
                number = order_id.split(":")[2]
                if mistake == "left_out":
                    wrong = {"code_or_order_no": number, "sku": GIFT_SKU}
                    (await stage.sandbox.post("/control/qimen/forget", json=wrong)).raise_for_status()
                    calls.append(asyncio.create_task(self._call(stage, order_id)))
                elif mistake:
                    instead = _WRONG if mistake == "mixed_up" else ""
                    wrong = {"code_or_order_no": number, "drop_sku": GIFT_SKU, "scan_instead": instead}
                    (await stage.sandbox.post("/control/qimen/misscan", json=wrong)).raise_for_status()
                if mistake:
                    self._planned[mistake] = self._planned.get(mistake, 0) + 1
            await asyncio.sleep(0.6)
        stage.say(text("demo.placed", count=stage.orders))
        await asyncio.gather(*calls)

    async def _mend(self, stage: Stage) -> None:
        """For every message: the warehouse opens the box, puts right what is in it, and scans it again."""
        messages = (await stage.sandbox.get("/books/sms")).json()["messages"]
        problems = {message["out_id"]: message["params"] for message in messages if "problem" in message["params"]}
        fresh = {out_id: params["order"] for out_id, params in problems.items() if out_id not in self._mended}
        if not fresh:
            return
        deliveries = (await stage.sandbox.get("/books/qimen")).json()["deliveries"]
        for out_id, number in fresh.items():
            for delivery in deliveries:
                if delivery["status"] == "PACKED" and delivery["order_no"].endswith(number):
                    again = await stage.sandbox.post(f"/control/qimen/{delivery['code']}/confirm-again")
                    if again.is_success:
                        self._mended.add(out_id)

    async def _collect(self, stage: Stage) -> None:
        """A parcel with a gift that is sent after: no channel is told, and the courier comes all the same."""
        async with stage.db.reading() as tx:
            waybills = (
                select(WaybillRow.carrier, WaybillRow.number)
                .join(ParcelRow, col(ParcelRow.parcel_id) == col(WaybillRow.parcel_id))
                .join(GiftRow, col(GiftRow.sent_after) == col(WaybillRow.order_id))
                .where(WaybillRow.status == "live", col(ParcelRow.told_at).is_not(None))
            )
            found = (await tx.execute(waybills)).tuples().all()
        for carrier, number in found:
            if number not in self._collected:
                answer = await stage.sandbox.post(f"/control/road/{number}/collect", json={"carrier": carrier})
                answer.raise_for_status()
                self._collected.add(number)

    async def _call(self, stage: Stage, order_id: str) -> None:
        """The buyer opens the box, misses the gift and calls; customer service has it sent after, and asks twice."""

        async def has_left() -> bool:
            async with stage.db.reading() as tx:
                row = await tx.get(OrderRow, order_id)
                return row is not None and (row.state in _LEFT or row.exit is not None)

        await until(has_left)
        async with stage.db.reading() as tx:
            promised = [gift for gift in await gifts.of_order(tx, order_id) if gift.status == GiftStatus.GIVEN]
        for gift in promised:
            self._complaints += 1
            for _ in range(2):
                await stage.people.send_gift_after(order_id, gift.line_no)

    async def _omissions(self, stage: Stage) -> int:
        """Gifts that are promised still, and those that were in no box and are not sent after."""
        async with stage.db.reading() as tx:
            rows = list((await tx.execute(select(GiftRow))).scalars())
        deliveries = (await stage.sandbox.get("/books/qimen")).json()["deliveries"]
        left_out = {delivery["order_no"] for delivery in deliveries if delivery["left_out"]}
        return sum(
            row.status == GiftStatus.PENDING
            or (row.status == GiftStatus.GIVEN and not row.sent_after and row.order_id.split(":")[2] in left_out)
            for row in rows
        )


def _with_gift(draft: Draft) -> Draft:
    if any(line.gift_of is not None for line in draft.lines):
        return draft
    gift = DraftLine(sku=GIFT_SKU, title="帆布袋（赠品）", unit_price_fen=0, gift_of="1")
    return draft.model_copy(update={"lines": [*draft.lines, gift]})


def _mistakes(drafts: list[Draft]) -> dict[int, str]:
    """Which mistake the warehouse makes with which order: about a third of them, at least one of each where there is
    room."""
    kinds = ("forgotten", "", "mixed_up", "", "forgotten", "", "", "left_out", "")
    known = [n for n, draft in enumerate(drafts) if draft.channel != "jd"]
    return {n: kinds[i % len(kinds)] for i, n in enumerate(known) if kinds[i % len(kinds)]}
