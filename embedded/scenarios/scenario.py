"""What a scenario is, and the stage that it is played on."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import httpx

from domain.ids import order_id as make_order_id
from embedded.people import People
from sandbox.buyers import CATALOGUE, Draft
from sandbox.faults import Fault
from store import listings, stock
from store.database import Database
from store.listings import Named


@dataclass(frozen=True)
class Stage:
    """Where a scenario plays: the sandbox that sells, the people of the merchant, and the store to look into."""

    orders: int
    seed: int
    dice: random.Random
    people: People
    db: Database
    sandbox: httpx.AsyncClient
    say: Callable[[str], None]

    async def order(self, drafts: Sequence[Draft]) -> list[str]:
        """Let buyers order. Returns the order ids, in the order of the drafts."""
        if not drafts:
            return []
        answer = await self.sandbox.post("/control/orders", json=[draft.model_dump(mode="json") for draft in drafts])
        answer.raise_for_status()
        return [make_order_id(order["channel"], order["shop"], order["order_no"]) for order in answer.json()]

    async def clear_shelves(self) -> None:
        """The warehouse begins as empty as our books do."""
        empty = {item.sku: 0 for item in CATALOGUE}
        (await self.sandbox.put("/control/qimen/stock", json=empty)).raise_for_status()

    async def offer(self) -> None:
        """Every shop offers the whole catalogue, and wants to be told its stock."""
        answer = (await self.sandbox.get("/control/listings")).raise_for_status()
        named = [Named(row["channel"], row["shop"], row["item_id"], row["sku_id"], row["sku"]) for row in answer.json()]
        async with self.db.transaction() as tx:
            await listings.put(tx, named)

    async def receive(self, quantities: Mapping[str, int], key: str, warehouse: str = "WH01") -> None:
        """Goods come into a warehouse, and both it and we book them. The same key again changes nothing here."""
        for sku, quantity in quantities.items():
            if quantity:
                goods = {"sku": sku, "quantity": quantity, "warehouse": warehouse, "order_type": "CGRK"}
                (await self.sandbox.post("/control/qimen/stock", json=goods)).raise_for_status()
        async with self.db.transaction() as tx:
            for sku, quantity in sorted(quantities.items()):
                if quantity:
                    movement = stock.Movement(f"demo/{key}/{sku}", key, "demo")
                    await stock.receive(tx, sku, warehouse, quantity, movement)


class Scenario(Protocol):
    """One play. It is made from a number of orders and a seed, and draws everything from them."""

    def world(self) -> dict[str, str]:
        """Settings (environment variables) that differ from the demo's own."""
        ...

    def faults(self) -> list[Fault]:
        """What goes wrong at partners, beside the plan that `--faults` names."""
        ...

    async def open(self, stage: Stage) -> None:
        """Before the first order: what is in stock, which warehouses there are."""
        ...

    def crew(self, stage: Stage) -> list[Callable[[], Awaitable[object]]]:
        """Deeds that people do again and again until the end."""
        ...

    def acts(self, stage: Stage) -> list[Coroutine[Any, Any, None]]:
        """What is played, all at once. Ended acts and `orders` closed orders end the run."""
        ...

    async def report(self, stage: Stage) -> dict[str, Any]:
        """What happened, for the summary."""
        ...


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Look again and again, as a person would."""
    for _ in range(5000):
        if await true():
            return
        await asyncio.sleep(0.2)
