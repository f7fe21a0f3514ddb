"""Customers on account in a review's demo: what does not fit their limit waits, and finance or they themselves end it.

A payment settles what was delivered, another order is called off, the limit is raised, somebody is trusted, or the
order itself is given up. Beside them an order that leaves in two parts, each with a credit and an invoice moment of its
own, and one that waits for its payment.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlmodel import col, func, select

from domain.golden import GoldenState
from domain.holds import HoldReason, Release
from domain.order import PaymentTerms
from embedded.scenarios.scenario import Stage, until
from sandbox.buyers import Draft
from store.tables import CreditEntryRow, CreditLimitRow, HoldRow, InvoiceMomentRow, OrderRow, PlanRow

_B2B = "b2b"
_PAYS_AFTER_S = 3
_LIMIT = HoldReason.CREDIT_LIMIT
_FREED_BY = {"limit": "raised", "paid": "settled", "release": "called_off", "return": "came_back"}


def credit_acts(stage: Stage, parts: Mapping[str, Sequence[Sequence[Draft]]]) -> list[Coroutine[Any, Any, None]]:
    """Everything that happens around limits, all at once."""
    play = {
        "settled": _settled,
        "called_off": _called_off,
        "raised": _raised,
        "refused": _refused,
        "let_in": _let_in,
        "in_parts": _in_parts,
        "prepaid": _prepaid,
    }
    return [play[kind](stage, part) for kind in play for part in parts.get(kind, ())]


async def _settled(stage: Stage, drafts: Sequence[Draft]) -> None:
    """The second order does not fit beside the first, until the customer has paid for what was delivered."""
    first, second = drafts
    customer = first.customer.id
    await stage.people.limit_credit(_B2B, customer, first.paid_fen + second.paid_fen // 2, "年度授信")
    [one] = await stage.order([first])
    await until(partial(stage.people.paid, one))
    two = await _waits(stage, second)

    async def owes_or_never_will() -> bool:
        return bool(await _owed(stage, customer)) or await stage.people.closed(one)

    await until(owes_or_never_will)
    if owed := await _owed(stage, customer):
        await stage.people.book_payment(_B2B, customer, owed, f"BANK-{two}")


async def _called_off(stage: Stage, drafts: Sequence[Draft]) -> None:
    """The second order does not fit beside the first, which waits for goods until the customer gives it up."""
    first, second = drafts
    await stage.people.limit_credit(_B2B, first.customer.id, first.paid_fen + second.paid_fen // 2, "年度授信")
    [one] = await stage.order([first])
    await until(partial(stage.people.waits_or_closed, one, HoldReason.STOCK_SHORT))
    await _waits(stage, second)
    stage.people.deeds.cancelled += await stage.people.cancel(one)


async def _raised(stage: Stage, drafts: Sequence[Draft]) -> None:
    """The limit is too small for the order: finance raises it."""
    [draft] = drafts
    await stage.people.limit_credit(_B2B, draft.customer.id, draft.paid_fen // 2, "首次授信")
    await _waits(stage, draft)
    await stage.people.limit_credit(_B2B, draft.customer.id, draft.paid_fen * 2, "客户增长，追加授信")


async def _refused(stage: Stage, drafts: Sequence[Draft]) -> None:
    """The customer gives the order up."""
    [draft] = drafts
    await stage.people.limit_credit(_B2B, draft.customer.id, draft.paid_fen // 2, "首次授信")
    order_id = await _waits(stage, draft)
    stage.people.deeds.cancelled += await stage.people.cancel(order_id)


async def _let_in(stage: Stage, drafts: Sequence[Draft]) -> None:
    """Finance lets the order pass over the limit, by name."""
    [draft] = drafts
    await stage.people.limit_credit(_B2B, draft.customer.id, draft.paid_fen // 2, "首次授信")
    order_id = await _waits(stage, draft)
    await stage.people.release_one(order_id, _LIMIT, "长期合作，本单放行")


async def _in_parts(stage: Stage, drafts: Sequence[Draft]) -> None:
    """The limit is large enough; the goods lie in two warehouses."""
    [draft] = drafts
    await stage.people.limit_credit(_B2B, draft.customer.id, draft.paid_fen * 2, "年度授信")
    await stage.order([draft])


async def _prepaid(stage: Stage, drafts: Sequence[Draft]) -> None:
    """Nothing is locked before the money is here."""
    [order_id] = await stage.order(drafts)
    channel, _, number = order_id.split(":")
    await until(partial(_known, stage, order_id))
    await asyncio.sleep(_PAYS_AFTER_S)
    async with stage.db.reading() as tx:
        row = await tx.get_one(OrderRow, order_id)
    if row.state is not None:
        raise RuntimeError(f"{order_id} is not paid, and has come to {row.state}")
    (await stage.sandbox.post(f"/control/{channel}/{number}/pay")).raise_for_status()


async def _known(stage: Stage, order_id: str) -> bool:
    async with stage.db.reading() as tx:
        return await tx.get(OrderRow, order_id) is not None


async def _waits(stage: Stage, draft: Draft) -> str:
    """Order, and wait until the order is held for its customer's credit."""
    [order_id] = await stage.order([draft])
    await until(partial(stage.people.waits_or_closed, order_id, _LIMIT))
    return order_id


async def _owed(stage: Stage, customer: str) -> int:
    async with stage.db.reading() as tx:
        row = await tx.get(CreditLimitRow, (_B2B, customer))
    return row.used_fen if row is not None else 0


# ---------------------------------------------------------------------------------------------------- what came of it


async def credit_report(stage: Stage) -> dict[str, Any]:
    """What was reserved, freed and owed, what waited for credit and what ended that, and the invoice moments."""
    entry, order, moment = CreditEntryRow, OrderRow, InvoiceMomentRow
    async with stage.db.reading() as tx:
        limits = int((await tx.execute(select(func.count()).select_from(CreditLimitRow))).scalar_one())
        entries = list((await tx.execute(select(entry).order_by(col(entry.seq)))).scalars())
        held = select(HoldRow, order.customer_id).join(order, col(order.order_id) == col(HoldRow.order_id))
        waited = (await tx.execute(held.where(HoldRow.reason == _LIMIT))).tuples().all()
        moments = list((await tx.execute(select(moment))).scalars())
        locked = select(order.order_id).where(
            order.channel == _B2B,
            col(order.order_id).in_(select(PlanRow.order_id)),
            col(order.state) != GoldenState.PAID,
        )
        sent = set((await tx.execute(locked)).scalars())
    parts = Counter(one.order_id for one in moments)
    prepaid = {one.order_id for one in moments if one.terms == PaymentTerms.PREPAID}
    return {
        "customers": limits,
        "orders": len({one.order_id for one in entries if one.order_id}),
        "reserved_fen": sum(one.reserved_delta for one in entries if one.kind in {"reserve", "forced"}),
        "released_fen": -sum(one.reserved_delta for one in entries if one.kind in {"release", "return"}),
        "used_fen": sum(one.used_delta for one in entries if one.kind == "use"),
        "paid_fen": -sum(one.used_delta for one in entries if one.kind == "paid"),
        "over_limit": len(waited),
        **{
            f"over_limit_{how}": count
            for how, count in sorted(Counter(_ended(hold, who, entries) for hold, who in waited).items())
        },
        "invoice_moments": len(moments),
        "orders_in_parts": sum(count > 1 for count in parts.values()),
        "prepaid_orders": len(prepaid & sent),
    }


def _ended(hold: HoldRow, customer: str, entries: Sequence[CreditEntryRow]) -> str:
    """What ended the hold of an order that did not fit: by the last thing that made room before it."""
    if hold.closed_at is None:
        return "open"
    if hold.how == Release.OPERATOR:
        return "let_in"
    if hold.how == Release.CANCEL:
        return "cancelled"
    freed = [one for one in entries if one.customer_id == customer and _made_room(one, hold.opened_at, hold.closed_at)]
    return _FREED_BY.get(freed[-1].kind, freed[-1].kind) if freed else "document"


def _made_room(entry: CreditEntryRow, after: datetime, before: datetime) -> bool:
    return after <= entry.at <= before and (entry.kind == "limit" or entry.reserved_delta + entry.used_delta < 0)
