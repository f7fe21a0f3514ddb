"""Merging: buyers order again before their first order is packed, in the own shop, the mini-program and at the till.

Operations switched merging on. Some of those orders are cancelled, moved or let go by hand while the warehouse packs;
two of one buyer on a platform that keeps its receivers encrypted stay apart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from copy import deepcopy
from functools import partial
from typing import Any

from sqlmodel import col, select

from domain.merging import MemberState, MergeState
from domain.texts import text
from embedded.plan import opening_stock
from embedded.scenarios.scenario import Stage, until
from rules import engine
from runtime.rule_desk import RuleDesk
from sandbox.buyers import Buyers, Draft
from sandbox.drafts import DraftChannel, DraftCustomer
from sandbox.faults import Fault
from store import merges
from store.merges import Merge
from store.tables import MergeMemberRow, OrderRow, WaybillRow

_PLAYS: tuple[tuple[str, tuple[DraftChannel, ...]], ...] = (
    ("together", ("own", "wechat")),
    ("cancelled", ("own", "own", "wechat")),
    ("together", ("wechat", "pos", "own")),
    ("undone", ("own", "wechat")),
    ("encrypted", ("douyin", "douyin")),
    ("moved", ("wechat", "own")),
)
"""What becomes of the orders of one buyer, and where they order, one after the other."""
_TABLE = "merge_rules"
_HEARD_S = 4
"""After which every process decides by what was published."""
_PACKS_S = 25
_TOLD = 12
"""Sentences of a kind that the summary shows."""


class MergeOrders:
    """Buyers of several orders each, and what becomes of those."""

    def __init__(self, orders: int, seed: int) -> None:
        crowd = Buyers(seed, hot_share=0)
        self._groups: list[tuple[str, list[Draft]]] = []
        left, n = orders, 0
        while left:
            fate, channels = _PLAYS[n % len(_PLAYS)]
            channels = channels[:left]
            self._groups.append((fate, _of_one_buyer([crowd.drafts(1, [channel])[0] for channel in channels], n)))
            left, n = left - len(channels), n + 1

    def world(self) -> dict[str, str]:
        """A warehouse that takes its time, so that buyers can order again."""
        return {"ORDERHUB_SANDBOX__PACE__PACK_S": str(_PACKS_S)}

    def faults(self) -> list[Fault]:
        """None of its own."""
        return []

    async def open(self, stage: Stage) -> None:
        """Enough of everything; operations switches merging on, as it would any rule."""
        await stage.receive(opening_stock([draft for _, group in self._groups for draft in group], "", 0), "opening")
        desk = RuleDesk(stage.db, "WH01")
        version, _ = await desk.draft(_TABLE, _switched_on(), "demo", "", "demo")
        await desk.test(_TABLE, version, "demo")
        await desk.publish(_TABLE, version, "demo", text("demo.merging_on"), None, None)
        await asyncio.sleep(_HEARD_S)

    def crew(self, stage: Stage) -> list[Callable[[], Awaitable[object]]]:
        """The clerk, finance and customer service."""
        people = stage.people
        service = [people.service_completes_addresses, people.service_closes_undelivered]
        return [people.clerk_types_numbers, people.finance_releases, people.buyers_confirm, *service]

    def acts(self, stage: Stage) -> list[Coroutine[Any, Any, None]]:
        """A few buyers at a time."""
        return [self._play(stage)]

    async def report(self, stage: Stage) -> dict[str, Any]:
        """What was merged, what was undone, and why; how many parcels were saved."""
        async with stage.db.reading() as tx:
            found = await merges.newest(tx, 10_000)
            hidden = select(OrderRow.order_id).where(col(OrderRow.encrypted))
            encrypted = set((await tx.execute(hidden)).scalars())
            merged = set((await tx.execute(select(MergeMemberRow.order_id))).scalars())
            shared = select(WaybillRow.number).where(WaybillRow.of_parcel != "", WaybillRow.status == "live")
            saved = len(list((await tx.execute(shared)).scalars()))
        together = [one for one in found if len(_packed(one)) > 1]
        left = [(one, member) for one in found for member in one.members if member.state == MemberState.LEFT]
        return {
            "merges": len(found),
            "merged": sum(len(_packed(one)) for one in together),
            "merged_which": [f"{one.number}: {' + '.join(_packed(one))}" for one in together[:_TOLD]],
            "parcels_saved": saved,
            "merges_undone": sum(one.row.state == MergeState.UNDONE for one in found),
            "left_alone": len(left),
            "left_alone_why": [f"{member.order_id}: {member.why} ({member.left_by})" for _, member in left[:_TOLD]],
            "encrypted_apart": len(encrypted - merged),
            "encrypted_merged": len(encrypted & merged),
        }

    async def _play(self, stage: Stage) -> None:
        running: list[asyncio.Task[None]] = []
        for fate, drafts in self._groups:
            running.append(asyncio.create_task(self._group(stage, fate, drafts)))
            await asyncio.sleep(0.8)
        await asyncio.gather(*running)
        stage.say(text("demo.placed", count=stage.orders))

    async def _group(self, stage: Stage, fate: str, drafts: Sequence[Draft]) -> None:
        placed: list[str] = []
        for draft in drafts:
            placed += await stage.order([draft])
            await until(partial(stage.people.paid, placed[-1]))
            await asyncio.sleep(0.5)
        if fate in {"together", "encrypted"} or len(placed) < 2:
            return
        merge = await self._merged(stage, placed[-1])
        if merge is None:
            return
        match fate:
            case "cancelled":
                stage.people.deeds.cancelled += await stage.people.cancel(placed[0])
            case "moved":
                stage.people.deeds.addresses_changed += await stage.people.change_address(placed[-1])
            case _:
                await stage.people.undo_merge(merge.number)

    async def _merged(self, stage: Stage, order_id: str) -> Merge | None:
        """The merge of an order once the warehouse has been told of all; None when it went alone."""
        found: list[Merge | None] = [None]

        async def told() -> bool:
            async with stage.db.reading() as tx:
                found[0] = await merges.with_whom(tx, order_id)
                row = await tx.get(OrderRow, order_id)
            member = found[0].of(order_id) if found[0] is not None else None
            over = row is None or row.closed_at is not None or await stage.people.packed(order_id)
            return over or (member is not None and (bool(member.code) or member.state == MemberState.LEFT))

        await until(told)
        return found[0]


def _of_one_buyer(drafts: list[Draft], n: int) -> list[Draft]:
    """The same receiver for all of them, who asks for nothing special."""
    same = {"receiver": drafts[0].receiver, "customer": DraftCustomer(id=f"C9{n:04d}"), "requirements": []}
    return [draft.model_copy(update=same) for draft in drafts]


def _switched_on() -> dict[str, Any]:
    """The table as it was delivered, with merging on for the own shop, the mini-program and the tills."""
    document = deepcopy(engine.default(_TABLE))
    for node in document["nodes"]:
        for row in node.get("content", {}).get("rules", ()):
            if row["_id"] == "open":
                row["merge"] = "true"
    return document


def _packed(merge: Merge) -> list[str]:
    return [one.order_id for one in merge.members if one.state == MemberState.PACKED]
