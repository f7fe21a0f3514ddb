"""An everyday: all channels sell, with changed addresses, cancellations, refunds, bad credit and a short article."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from domain.texts import text
from embedded.plan import RefundWish, opening_stock, scarce_article, write_script
from embedded.scenarios.scenario import Stage, until
from sandbox.buyers import Draft
from sandbox.faults import Fault


class Everyday:
    """First those orders that something happens to, then the crowd, then duplicates and stale versions."""

    def __init__(self, orders: int, seed: int) -> None:
        self._script = write_script(orders, seed)
        self._scarce, self._missing = scarce_article(self._script.drafts)

    def world(self) -> dict[str, str]:
        """As the demo's."""
        return {}

    def faults(self) -> list[Fault]:
        """None of its own."""
        return []

    async def open(self, stage: Stage) -> None:
        """Enough of everything but the scarce article."""
        await stage.receive(opening_stock(self._script.drafts, self._scarce, self._missing), "opening")

    def crew(self, stage: Stage) -> list[Callable[[], Awaitable[object]]]:
        """The clerk, finance and customer service."""
        people = stage.people
        service = [people.service_completes_addresses, people.service_closes_undelivered]
        return [people.clerk_types_numbers, people.finance_releases, people.buyers_confirm, *service]

    def acts(self, stage: Stage) -> list[Coroutine[Any, Any, None]]:
        """Buyers order, and the scarce article comes in."""
        return [self._place(stage), self._restock(stage)]

    async def report(self, stage: Stage) -> dict[str, Any]:
        """The summary says it all."""
        return {}

    async def _place(self, stage: Stage) -> None:
        """Buyers order: first those that something happens to, then the crowd, then duplicates and stale versions."""
        script = self._script
        numbers: dict[str, list[str]] = {}
        for name in ("refused_credit", "by_person", "address_in_time", "address_too_late", "cancelled", "bad_address"):
            numbers[name] = await stage.order(getattr(script, name))
        special = [asyncio.create_task(self._change_in_time(stage, order)) for order in numbers["address_in_time"]]
        special += [asyncio.create_task(self._change_too_late(stage, order)) for order in numbers["address_too_late"]]
        special += [asyncio.create_task(self._cancel(stage, order)) for order in numbers["cancelled"]]
        for draft, wish in script.refunds:
            [order_id] = await stage.order([draft])
            special.append(asyncio.create_task(self._refund(stage, order_id, wish)))
        await self._export(stage, script.exported)
        placed = []
        for start in range(0, len(script.crowd), 10):
            placed += await stage.order(script.crowd[start : start + 10])
            await asyncio.sleep(0.6)
        stage.say(text("demo.placed", count=stage.orders))
        await self._noise(stage, placed)
        await asyncio.gather(*special)

    async def _export(self, stage: Stage, drafts: list[Draft]) -> None:
        """Orders that the shop's app may not read: the back office's export lies on a server, half of it at first,
        and once more under another name."""
        numbers = [order_id.split(":")[2] for order_id in await stage.order(drafts)]
        if not numbers:
            return
        wish = {"order_nos": numbers, "partly": True, "bad_rows": 1}
        answer = (await stage.sandbox.post("/control/jd/export", json=wish)).raise_for_status()
        name = answer.json()["name"]
        await asyncio.sleep(1)
        (await stage.sandbox.post(f"/control/jd/files/{name}/complete")).raise_for_status()
        (await stage.sandbox.post(f"/control/jd/files/{name}/again")).raise_for_status()

    async def _noise(self, stage: Stage, placed: list[str]) -> None:
        """Channels send again what they sent, and an old version after a newer one; a warehouse confirms twice."""
        sample = stage.dice.sample(placed, min(len(placed), 5 + len(placed) // 10))
        for order_id in sample:
            channel, _, number = order_id.split(":")
            await stage.sandbox.post(f"/control/{channel}/{number}/touch")
        changed = [order_id for order_id in sample if order_id.startswith("own:")][:3]
        for order_id in changed:
            number = order_id.split(":")[2]
            await stage.sandbox.post(f"/control/own/{number}/change", json={"buyer_note": "请尽快"})
            await stage.sandbox.post(f"/control/own/{number}/resend", json={"version": 1})
        packed = [d for d in (await stage.sandbox.get("/books/qimen")).json()["deliveries"] if d["status"] == "PACKED"]
        for delivery in packed[:3]:
            await stage.sandbox.post(f"/control/qimen/{delivery['code']}/confirm-again")
        stage.say(text("demo.noise", count=len(sample) + len(changed)))

    async def _change_in_time(self, stage: Stage, order_id: str) -> None:
        await until(lambda: stage.people.paid(order_id))
        changed = await stage.people.change_address(order_id)
        stage.people.deeds.addresses_changed += changed

    async def _change_too_late(self, stage: Stage, order_id: str) -> None:
        await until(lambda: stage.people.packed(order_id))
        changed = await stage.people.change_address(order_id)
        stage.people.deeds.addresses_too_late += not changed

    async def _refund(self, stage: Stage, order_id: str, wish: RefundWish) -> None:
        """A buyer applies for a refund at once; the merchant decides when the order is seen to wait for it."""
        channel, _, number = order_id.split(":")
        asked = await stage.sandbox.post(f"/control/{channel}/{number}/refund", json={"line": wish.line})
        refund_id = asked.raise_for_status().json()["refund_id"]
        await until(lambda: stage.people.waits_for_refund_or_left(order_id))
        # An order that was packed before anybody heard of the refund goes out: the buyer takes it back.
        verdict = wish.verdict if await stage.people.waits_for_refund(order_id) else "withdraw"
        answer = await stage.sandbox.post(f"/control/{channel}/refunds/{refund_id}/{verdict}")
        stage.people.deeds.refunds += answer.is_success

    async def _cancel(self, stage: Stage, order_id: str) -> None:
        await until(lambda: stage.people.paid(order_id))
        await asyncio.sleep(stage.dice.random() * 3)
        cancelled = await stage.people.cancel(order_id)
        stage.people.deeds.cancelled += cancelled
        stage.people.deeds.cancelled_too_late += not cancelled

    async def _restock(self, stage: Stage) -> None:
        await asyncio.sleep(15)
        await stage.receive({self._scarce: self._missing}, "restock")
        stage.say(text("demo.restocked", sku=self._scarce, count=self._missing))
