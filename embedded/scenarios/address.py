"""Addresses that change in every phase, and refunds of parcels that have left: what couriers still make of them.

Before the warehouse knows of it, while it packs, at the platform that keeps the receiver encrypted, between packing and
pickup, on the road at SF and at a courier that cannot, and at the door; refunds before pickup and on the road.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from sqlmodel import col, select

from domain.order import PaymentTerms, Requirement
from domain.texts import text
from domain.warehouses import Warehouse
from embedded.plan import opening_stock
from embedded.scenarios.scenario import Stage, until
from sandbox.buyers import Buyers, Draft
from sandbox.drafts import DraftChannel, DraftCustomer
from sandbox.faults import Fault, FaultKind
from store import shipping, warehouses
from store.tables import AddressChangeRow, InterceptionRow, OrderRow, TaskRow

_CLEAR: list[DraftChannel] = ["own"]
_KINDS = ("packing", "on_the_road", "at_the_door", "encrypted", "unwanted", "sent_back", "incomplete")
_CALM_S = 25
_TOLD = 30
"""Sentences that the summary shows of each kind."""


class Address:
    """A fifth of the orders goes its way undisturbed; of the others, each kind has its share."""

    def __init__(self, orders: int, seed: int) -> None:
        share = max(1, orders // 9) if orders >= len(_KINDS) else 0
        clear = [_prepaid(draft) for draft in Buyers(seed).drafts(orders, _CLEAR)]
        cipher = Buyers(seed + 1).drafts(share, ["douyin", "pdd", "taobao"])
        self._encrypted: list[str] = []
        self._drafts: dict[str, list[Draft]] = {
            "crowd": clear[share * (len(_KINDS) - 1) :][: orders - share * len(_KINDS)]
        }
        for kind in _KINDS:
            source = cipher if kind == "encrypted" else clear
            self._drafts[kind], source[:share] = source[:share], []
        for kind in ("on_the_road", "sent_back"):
            # Cold chain goes by SF, which can stop a parcel on its way.
            self._drafts[kind] = [_cold(draft) if n % 2 == 0 else draft for n, draft in enumerate(self._drafts[kind])]
        self._drafts["incomplete"] = [_without_district(draft) for draft in self._drafts["incomplete"]]

    def world(self) -> dict[str, str]:
        """A slower road than the demo's: people need time to change their minds on it."""
        return {"ORDERHUB_SANDBOX__PACE__PICKUP_S": "15", "ORDERHUB_SANDBOX__PACE__TRANSIT_S": "24"}

    def faults(self) -> list[Fault]:
        """SF has too much to do for some parcels, which another courier takes; and it loses answers."""
        return [
            Fault(partner="sf", operation="create", kind=FaultKind.THROTTLE, probability=0.15),
            Fault(partner="sf", operation="intercept", kind=FaultKind.DONE_BUT_TIMEOUT, times=2, seconds=7),
            Fault(partner="sf", operation="intercept", kind=FaultKind.ERROR, times=1),
        ]

    async def open(self, stage: Stage) -> None:
        """Enough of everything, in a warehouse that has an address: freight goes by it."""
        async with stage.db.transaction() as tx:
            await warehouses.put(tx, Warehouse("WH01", "杭州仓", "浙江省", "杭州市"), "WH01")
        drafts = [draft for kind in self._drafts.values() for draft in kind]
        await stage.receive(opening_stock(drafts, "", 0), "opening")

    def crew(self, stage: Stage) -> list[Callable[[], Awaitable[object]]]:
        """The clerk, and customer service, which completes addresses and closes what came back."""
        people = stage.people
        service = [people.service_completes_addresses, people.service_closes_undelivered]
        return [people.clerk_types_numbers, people.buyers_confirm, *service]

    def acts(self, stage: Stage) -> list[Coroutine[Any, Any, None]]:
        """Buyers order, and change their minds."""
        return [self._place(stage)]

    async def _place(self, stage: Stage) -> None:
        plays = {
            "packing": self._change_in_time,
            "on_the_road": self._change_on_the_road,
            "at_the_door": self._change_at_the_door,
            "encrypted": self._change_encrypted,
            "unwanted": self._refund_before_pickup,
            "sent_back": self._refund_on_the_road,
        }
        acts: list[asyncio.Task[None]] = []
        crowd = self._drafts["crowd"]
        # Whatever the plan of faults has for SF begins with the first parcels; later ones find out that it is over.
        for part, pause_s in ((crowd[: len(crowd) * 2 // 3], _CALM_S), (crowd[len(crowd) * 2 // 3 :], _CALM_S / 3)):
            await self._order(stage, part)
            await asyncio.sleep(pause_s)
        for kind in _KINDS:
            placed = await self._order(stage, self._drafts[kind])
            if kind in plays:
                acts += [asyncio.create_task(plays[kind](stage, order)) for order in placed]
        stage.say(text("demo.placed", count=stage.orders))
        await asyncio.gather(*acts)

    async def _order(self, stage: Stage, drafts: list[Draft]) -> list[str]:
        placed: list[str] = []
        for start in range(0, len(drafts), 10):
            placed += await stage.order(drafts[start : start + 10])
            await asyncio.sleep(0.5)
        return placed

    async def _change_in_time(self, stage: Stage, order_id: str) -> None:
        await until(lambda: stage.people.paid(order_id))
        changed = await stage.people.change_address(order_id)
        stage.people.deeds.addresses_changed += changed
        stage.people.deeds.addresses_too_late += not changed

    async def _change_encrypted(self, stage: Stage, order_id: str) -> None:
        await until(lambda: stage.people.packed(order_id))
        self._encrypted.append(order_id)
        stage.people.deeds.addresses_too_late += not await stage.people.change_address(order_id)

    async def _change_on_the_road(self, stage: Stage, order_id: str) -> None:
        await until(lambda: _reached(stage, order_id, {"COLLECTED", "IN_TRANSIT"}))
        await stage.people.change_address(order_id)

    async def _change_at_the_door(self, stage: Stage, order_id: str) -> None:
        await until(lambda: _reached(stage, order_id, {"OUT_FOR_DELIVERY"}))
        await stage.people.change_address(order_id)

    async def _refund_before_pickup(self, stage: Stage, order_id: str) -> None:
        await until(lambda: _told(stage, order_id))
        await self._refund(stage, order_id)

    async def _refund_on_the_road(self, stage: Stage, order_id: str) -> None:
        await until(lambda: _reached(stage, order_id, {"COLLECTED", "IN_TRANSIT"}))
        await self._refund(stage, order_id)

    async def _refund(self, stage: Stage, order_id: str) -> None:
        """The buyer wants all of it back; whoever decides goes by what came of stopping the parcel."""
        channel, _, number = order_id.split(":")
        asked = await stage.sandbox.post(f"/control/{channel}/{number}/refund", json={"line": None})
        refund_id = asked.raise_for_status().json()["refund_id"]
        await until(lambda: _decided(stage, order_id))
        verdict = "approve" if await _stopped(stage, order_id) else "refuse"
        answer = await stage.sandbox.post(f"/control/{channel}/refunds/{refund_id}/{verdict}")
        stage.people.deeds.refunds += answer.is_success

    async def report(self, stage: Stage) -> dict[str, Any]:
        """What was changed, stopped and refused, and why."""
        async with stage.db.reading() as tx:
            wishes = (await tx.execute(select(AddressChangeRow).order_by(col(AddressChangeRow.at)))).scalars().all()
            asked = (await tx.execute(select(InterceptionRow).order_by(col(InterceptionRow.asked_at)))).scalars().all()
            freight = select(TaskRow).where(TaskRow.kind == "freight_differs").order_by(col(TaskRow.opened_at))
            dearer = (await tx.execute(freight)).scalars().all()
        stops = [wish for wish in asked if wish.kind == "stop"]
        return {
            "addresses": dict(Counter(wish.status for wish in wishes)),
            "addresses_refused_why": [f"{w.order_id}: {w.why}" for w in wishes if w.status == "refused" and w.why][
                :_TOLD
            ],
            "addresses_encrypted": len(self._encrypted),
            "addresses_encrypted_why": text("staff.encrypted_receiver"),
            "freight_differs": [f"{task.order_id}: {task.text}" for task in dearer][:_TOLD],
            "rerouted": [w.parcel_id for w in asked if w.how == "rerouted"][:_TOLD],
            "refund_stops": dict(Counter(wish.how for wish in stops)),
            "refund_stops_why": [
                f"{w.parcel_id}: {text(f'intercept.{w.how}')} {w.why}".rstrip() for w in stops if w.how
            ][:_TOLD],
        }


async def _reached(stage: Stage, order_id: str, codes: set[str]) -> bool:
    """Whether a parcel of an order is where it shall be, or beyond all that."""
    async with stage.db.reading() as tx:
        order = await tx.get(OrderRow, order_id)
        bills = [await shipping.live_waybill(tx, parcel.parcel_id) for parcel in await shipping.parcels(tx, order_id)]
    beyond = order is not None and order.closed_at is not None
    return beyond or any(bill is not None and bill.last_node_code in codes for bill in bills)


async def _told(stage: Stage, order_id: str) -> bool:
    async with stage.db.reading() as tx:
        order = await tx.get(OrderRow, order_id)
    return order is not None and (order.closed_at is not None or order.state == "WAYBILL_RETURNED")


async def _decided(stage: Stage, order_id: str) -> bool:
    """Whether it is known what came of stopping the order's parcels, or it came to its end otherwise."""
    async with stage.db.reading() as tx:
        order = await tx.get(OrderRow, order_id)
        query = select(InterceptionRow).where(InterceptionRow.order_id == order_id)
        asked = (await tx.execute(query)).scalars().all()
    closed = order is not None and order.closed_at is not None
    return closed or bool(asked and all(wish.decided_at is not None for wish in asked))


async def _stopped(stage: Stage, order_id: str) -> bool:
    async with stage.db.reading() as tx:
        query = select(InterceptionRow).where(InterceptionRow.order_id == order_id)
        asked = (await tx.execute(query)).scalars().all()
    return bool(asked) and all(wish.status == "done" for wish in asked)


def _prepaid(draft: Draft) -> Draft:
    customer = draft.customer.model_copy(update={"terms": PaymentTerms.PREPAID})
    return draft.model_copy(update={"customer": DraftCustomer.model_validate(customer.model_dump())})


def _cold(draft: Draft) -> Draft:
    return draft.model_copy(update={"requirements": [Requirement.COLD_CHAIN]})


def _without_district(draft: Draft) -> Draft:
    receiver = draft.receiver.model_copy(update={"district": "", "detail": "示例路"})
    return draft.model_copy(update={"receiver": receiver})
