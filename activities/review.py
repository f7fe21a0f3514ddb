"""Taking an order in: payment, format, address; and passing the review."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.approvals import Missing, demand
from activities.contracts import ACCEPT_ORDER, PASS_REVIEW, Accepted, FlagFact, OrderAt, OrderRef, StagesDue
from activities.dossiers import collect, files_named, with_articles_held
from activities.gifting import add_gifts
from activities.healing import count, heal
from activities.results import from_json, stages, to_json
from domain.clock import utc_now
from domain.declaring import HOME
from domain.extensions import for_warehouse
from domain.golden import GoldenState, Trigger, reached
from domain.holds import OF_ARTICLES, OF_THE_HOUSE, HoldReason
from domain.money import Fen, format_yuan
from domain.order import ChannelStatus, Order
from domain.review import Dossier, Flag, review
from domain.review.fields import NO_FILE
from domain.tax import LineTax, taxes
from domain.texts import text
from rules.credit import asks_bureau
from rules.fields import definitions
from rules.invoices import invoice
from rules.taxes import rates
from store import credit_limits, declarations, extensions, holds, invoices, orders
from store import flags as flags_kept
from store import taxes as taxes_kept
from store.database import Database
from store.healings import Healing
from store.steps import STAGES, Done, run_step
from store.tables import OrderRow


class ReviewSteps:
    """Stages one and two."""

    def __init__(self, db: Database, credit_above_fen: int, house: Mapping[str, str] | None = None) -> None:
        """`house` are the fields of a declaration that hold for every order."""
        self._db = db
        self._house = house or {}
        self._credit_above = Fen(credit_above_fen)

    @activity.defn(name=ACCEPT_ORDER.name)
    async def accept_order(self, at: OrderAt) -> Accepted:
        """Mend what is wrong in one way only, and run every check on one revision; a sound paid one becomes PAID."""
        healed: list[Healing] = []

        async def work(tx: AsyncSession, row: OrderRow) -> Done:
            # Whoever started this order may have died before noting it.
            orders.note_started(tx, row, at.revision)
            done, healed[:] = await self.look(tx, row, at.revision)
            return done

        kept = await run_step(self._db, at.order_id, f"accept/{at.revision}", "orderhub", work)
        count(healed)
        accepted = from_json(Accepted, kept)
        # What others are told of stands in what was kept: a worker may have died before it told them.
        if accepted.revision > 1 and await self._freed_credit(at.order_id, accepted.revision):
            await credit_limits.wake_after(self._db, at.order_id)
        if any(flag.code == NO_FILE for flag in accepted.flags):
            # Whoever handed one in meanwhile could not see yet that this order waits for it.
            await self._look_for_files(at.order_id)
        return accepted

    async def _freed_credit(self, order_id: str, revision: int) -> bool:
        async with self._db.reading() as tx:
            return await credit_limits.freed_by(tx, order_id, revision)

    async def _look_for_files(self, order_id: str) -> None:
        async with self._db.reading() as tx:
            order = await extensions.order_of(tx, order_id)
            named = files_named(order, definitions()) if order is not None else set()
            here = named - set(await extensions.files_lacking(tx, named))
        if here:
            await extensions.wake_for(self._db, here)

    async def look(self, tx: AsyncSession, row: OrderRow, revision: int) -> tuple[Done, list[Healing]]:
        """Mend and check one revision in the caller's transaction: what is to be recorded, and what was mended."""
        kept = await orders.kept(tx, row.order_id, revision)
        # The newest revision, as its channel sent it, is what was bought: nobody need look for that any more.
        bought = kept.order if kept.origin == orders.CHANNEL and revision == row.revision else None
        mended = await heal(tx, row, kept.order, revision)
        mended = await add_gifts(tx, row, mended)
        order = mended.order
        dossier = await collect(tx, order, mended.revision, utc_now(), self._house, bought)
        found = _holding_still(row, review(dossier))
        if any(flag.hold in OF_ARTICLES for flag in found):
            dossier = await with_articles_held(tx, dossier, self._house)
            found = _holding_still(row, review(dossier))
        await declarations.keep(tx, row.order_id, dossier.declared)
        await taxes_kept.keep(tx, row.order_id, mended.revision, _taxes(dossier))
        await invoices.choose(tx, row.order_id, mended.revision, order, invoice(order, dossier.articles))
        paid = order.paid and not any(flag.hold is HoldReason.FORMAT_INVALID for flag in found)
        cancelled = ChannelStatus.CANCELLED in (order.status, row.status)
        missing = await demand(tx, row, order, mended.revision) if paid and not cancelled else Missing()
        found += missing.flags(mended.revision)
        found += await _credit(tx, row, order, mended.revision) if paid and not cancelled else []
        holding = await flags_kept.keep(tx, row, mended.revision, found)
        for reason in OF_THE_HOUSE:
            if said := "；".join(flag.detail for flag in holding if flag.hold is reason):
                await holds.say_again(tx, row.order_id, reason, said)
        # Notes, and what a person has released, are nothing to the workflow: they are in the store.
        flags = [FlagFact(flag.code, str(flag.hold), flag.detail) for flag in holding] + mended.notes
        accepted = Accepted(
            revision=mended.revision,
            paid=paid,
            cancelled=cancelled,
            paid_at=order.paid_at,
            amount_fen=order.amounts.paid_fen,
            needs_credit=asks_bureau(order, self._credit_above) and await credit_limits.find(tx, order) is None,
            ship_digest=_digest(_receiver(order), order.notes.model_dump_json(), *await _fields(tx, dossier, revision)),
            goods_digest=_digest(*(f"{line.sku}×{line.quantity}" for line in order.lines)),
            flags=flags,
            again=revision > 1 and orders.ours(kept.origin),
            approve_by=missing.by,
        )
        trigger = Trigger.PAYMENT_CONFIRMED if paid else None
        why = "; ".join([flag.code for flag in found] + [note.code for note in mended.notes])
        newest = order if mended.revision == row.revision else None
        return Done("order.accepted", why, trigger, result=to_json(accepted), body=newest), mended.healings

    @activity.defn(name=PASS_REVIEW.name)
    async def pass_review(self, ref: OrderRef) -> StagesDue | None:
        """Every blocking flag is clear or released: RISK_PASSED."""

        async def work(tx: AsyncSession, row: OrderRow) -> Done:
            return Done("review.passed", trigger=Trigger.REVIEW_CLEAR, result={STAGES: None})

        return stages(await run_step(self._db, ref.order_id, "pass_review", "orderhub", work))


def _taxes(dossier: Dossier) -> tuple[LineTax, ...]:
    """The tax in every line, at the rate of its article's class."""
    return taxes(dossier.order, rates(dossier.order, dossier.articles))


async def _credit(tx: AsyncSession, row: OrderRow, order: Order, revision: int) -> list[Flag]:
    """Reserve what the order costs of its customer's own limit; a flag when that does not fit."""
    if not credit_limits.may_hold(row):
        return []
    standing = await credit_limits.reserve(tx, order, revision)
    if standing is None or standing.lacks_fen <= 0:
        return []
    amounts = {"limit": format_yuan(standing.limit_fen), "free": format_yuan(max(standing.free_fen, 0))}
    words = text("credit.over_limit", amount=format_yuan(order.amounts.paid_fen), **amounts)
    return [Flag("credit.limit", HoldReason.CREDIT_LIMIT, words, str(order.amounts.paid_fen))]


def _holding_still(row: OrderRow, found: list[Flag]) -> list[Flag]:
    """What the house itself objects to stops no packed order, unless it did so before: it is a note then."""
    if not reached(GoldenState(row.state) if row.state else None, GoldenState.PACKED):
        return found
    return [
        replace(flag, hold=None) if flag.hold in OF_THE_HOUSE and flag.hold not in row.holds else flag for flag in found
    ]


def ordered(order: Order) -> dict[str, int]:
    """How much of each SKU an order needs, gifts included."""
    wanted: dict[str, int] = {}
    for line in order.lines:
        wanted[line.sku] = wanted.get(line.sku, 0) + line.quantity
    return wanted


def _receiver(order: Order) -> str:
    """The receiver as text. Orders from before there were countries must not look changed."""
    at_home = order.receiver.region.country == HOME
    return order.receiver.model_dump_json(exclude={"region": {"country"}} if at_home else None)


async def _fields(tx: AsyncSession, dossier: Dossier, revision: int) -> list[str]:
    """The merchant's own fields that a warehouse is told of, as text. What comes later makes a revision of its own."""
    order = await extensions.whole(tx, dossier.order) if revision > 1 else dossier.order
    told = for_warehouse(order, dossier.field_rules)
    return [f"{one.place.scope}/{one.place.line_no}/{one.key}={one.value}" for one in told]


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
