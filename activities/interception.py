"""Parcels that have a number, stopped at their courier: re-routed, not collected, or brought back.

A courier's interface takes no key of ours, so each wish is asked once: after a lost answer the courier's own books are
looked at until they show it, or for `settle_after` show nothing; then a person decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.contracts import (
    FINISH_REROUTE,
    FINISH_STOP,
    INTERCEPT_PARCEL,
    InterceptAsk,
    Intercepted,
    InterceptHow,
    InterceptWish,
    RerouteEnd,
    StopEnd,
)
from activities.partners import HubConfig, answered
from connectors.errors import OutcomeUnknown, PartnerError, Rejected
from connectors.ports import Courier, Interceptor
from domain.clock import utc_now
from domain.ids import partner_key
from domain.order import ClearReceiver
from domain.proposals import Proposal, ProposalKind, for_refused_reroute, for_stopped
from domain.shipping import Carrier, Interception, InterceptKind, Provider, VoidOutcome, Waybill
from domain.texts import text
from store import merges, shipping, tracking
from store.database import Database
from store.holds import open_task
from store.steps import Done, load_order, record, run_step
from store.tables import AddressChangeRow, InterceptionRow, OrderRow, ParcelRow, WaybillRow

_DECIDED = frozenset({"done", "refused"})
_MAYBE = frozenset({"asked", "unknown"})


@dataclass(frozen=True)
class _Case:
    """One wish, with all that its courier is asked with."""

    row: InterceptionRow
    parcel: ParcelRow
    waybill: WaybillRow | None
    receiver: ClearReceiver | None
    collected: bool
    impossible: str
    """Why no courier needs to be asked; "" when one does."""


class InterceptSteps:
    """Asks couriers, and says what came of it."""

    def __init__(self, db: Database, couriers: Mapping[Provider, Courier], config: HubConfig) -> None:
        self._db = db
        self._couriers = couriers
        self._config = config

    @activity.defn(name=INTERCEPT_PARCEL.name)
    async def intercept_parcel(self, ask: InterceptAsk) -> Intercepted:
        """Ask the courier of one parcel, once, and go on until it is certain what came of it."""
        case = await self._prepare(ask)
        if case.row.status in _DECIDED:
            return Intercepted(ask.parcel_id, _how(case.row), case.row.why)
        if case.impossible or case.waybill is None:
            return await self._decide(ask, InterceptHow.REFUSED, case.impossible or text("intercept.no_waybill"))
        courier = self._couriers.get(Provider(case.waybill.provider))
        never_asked = case.row.status not in _MAYBE
        if ask.wish is InterceptWish.STOP and never_asked and not case.collected and courier is not None:
            # Voiding is the same the second time, and leaves nothing to look after.
            async with answered(self._db, ask.order_id):
                try:
                    outcome = await courier.void(_waybill(case.waybill))
                except Rejected:
                    outcome = VoidOutcome.TOO_LATE
            if outcome is not VoidOutcome.TOO_LATE:
                return await self._decide(ask, InterceptHow.VOID)
        kind = InterceptKind.REROUTE if ask.wish is InterceptWish.REROUTE else InterceptKind.RETURN
        if not isinstance(courier, Interceptor) or kind not in courier.intercepts:
            name = text(f"carrier.{case.waybill.carrier}")
            return await self._decide(ask, InterceptHow.REFUSED, text("intercept.not_supported", courier=name))
        return await self._ask(ask, case, case.waybill, courier, kind)

    async def _ask(
        self, ask: InterceptAsk, case: _Case, waybill: WaybillRow, courier: Interceptor, kind: InterceptKind
    ) -> Intercepted:
        key = partner_key(f"{ask.parcel_id}/intercept/{ask.n}", limit=40)
        done = InterceptHow.REROUTED if kind is InterceptKind.REROUTE else InterceptHow.RETURNING
        request = Interception(key, _waybill(waybill), kind, case.row.asked_at, case.receiver)
        if case.row.status in _MAYBE:
            async with answered(self._db, ask.order_id):
                shown = await courier.intercepted(request)
            if shown:
                return await self._decide(ask, done)
            if utc_now() - case.row.asked_at < self._config.settle_after:
                raise ApplicationError("no sign of it, but it may still come", type="NotSettled")
            return await self._decide(ask, InterceptHow.REFUSED, text("intercept.no_sign"))
        await self._set(ask, "asked")
        async with answered(self._db, ask.order_id):
            try:
                await courier.intercept(request)
            except Rejected as no:
                return await self._decide(ask, InterceptHow.REFUSED, no.operator_text)
            except OutcomeUnknown:
                await self._set(ask, "unknown")
                raise
            except PartnerError:
                await self._set(ask, "planned")  # it surely did not happen: the next try may ask
                raise
        return await self._decide(ask, done)

    async def _prepare(self, ask: InterceptAsk) -> _Case:
        async with self._db.transaction() as tx:
            order = await load_order(tx, ask.order_id)
            parcel = await tx.get_one(ParcelRow, ask.parcel_id)
            waybill = await shipping.live_waybill(tx, ask.parcel_id)
            change = await tx.get(AddressChangeRow, (ask.order_id, ask.address_n)) if ask.address_n else None
            row = await tx.get(InterceptionRow, (ask.parcel_id, ask.n))
            if row is None:
                row = InterceptionRow(
                    parcel_id=ask.parcel_id,
                    n=ask.n,
                    order_id=ask.order_id,
                    kind=ask.wish,
                    status="planned",
                    number=waybill.number if waybill is not None else "",
                    address_n=ask.address_n or None,
                    asked_by=ask.by,
                    asked_at=utc_now(),
                )
                tx.add(row)
            if change is not None and change.status == "wished":
                change.status = "asked"
                tx.add(change)
            receiver = ClearReceiver.model_validate(change.receiver) if change is not None else None
            collected = waybill is not None and waybill.last_node_at is not None
            # Once the courier may have been asked, what became of the parcel since is no reason: it may be the outcome.
            impossible = "" if row.status in _MAYBE else _impossible(ask, order, parcel, waybill)
            if row.status not in _MAYBE and (others := await merges.shares_box(tx, parcel)):
                impossible = text("intercept.shared", orders="、".join(others))
            return _Case(row, parcel, waybill, receiver, collected, impossible)

    async def _set(self, ask: InterceptAsk, status: str) -> None:
        async with self._db.transaction() as tx:
            row = await tx.get_one(InterceptionRow, (ask.parcel_id, ask.n), with_for_update=True)
            row.status = status
            if status == "asked":
                row.asked_at = utc_now()
            tx.add(row)

    async def _decide(self, ask: InterceptAsk, how: InterceptHow, why: str = "") -> Intercepted:
        """Keep what came of it, with the order's event. Decided once: another try gives the same."""
        async with self._db.transaction() as tx:
            order = await load_order(tx, ask.order_id)
            row = await tx.get_one(InterceptionRow, (ask.parcel_id, ask.n), with_for_update=True)
            if row.status in _DECIDED:
                return Intercepted(ask.parcel_id, _how(row), row.why)
            row.status = "refused" if how is InterceptHow.REFUSED else "done"
            row.how, row.why, row.decided_at = how, why[:300], utc_now()
            tx.add(row)
            if how is InterceptHow.VOID:
                await _called_off(tx, ask)
            done = Done(f"parcel.{how}", f"{ask.parcel_id} {why}".strip())
            await record(tx, order, f"intercept/{ask.parcel_id}/{ask.n}", ask.by, done)
            return Intercepted(ask.parcel_id, how, row.why)

    @activity.defn(name=FINISH_REROUTE.name)
    async def finish_reroute(self, end: RerouteEnd) -> None:
        """Say what became of the wish; what a courier refused is a person's."""

        async def work(tx: AsyncSession, row: OrderRow) -> Done:
            refused = [one for one in end.parcels if one.how is InterceptHow.REFUSED]
            taken = len(end.parcels) > len(refused)
            status = "refused" if not taken else "rerouted_in_part" if refused else "rerouted"
            why = end.why or "；".join(dict.fromkeys(one.why for one in refused))
            change = await tx.get(AddressChangeRow, (end.order_id, end.n))
            if change is not None:
                change.status, change.why = status, why[:300]
                tx.add(change)
            for one in refused:
                sentence = text("task.reroute_refused", parcel=one.parcel_id, why=one.why)
                key = f"{one.parcel_id}/reroute/{end.n}"
                await _ask_person(tx, one, key, "reroute_refused", sentence, for_refused_reroute())
            return Done(f"address.{status}", why)

        await run_step(self._db, end.order_id, f"address/{end.n}/reroute", end.by, work)

    @activity.defn(name=FINISH_STOP.name)
    async def finish_stop(self, end: StopEnd) -> None:
        """Ask whoever decides the refund to decide it by what came of stopping the parcels."""

        async def work(tx: AsyncSession, row: OrderRow) -> Done:
            for one in end.parcels:
                kind = "refund_not_stopped" if one.how is InterceptHow.REFUSED else "refund_stopped"
                said = text(f"intercept.{one.how}")
                sentence = text("task.refund_stop", parcel=one.parcel_id, what=said, why=one.why)
                key = f"{one.parcel_id}/refund/{end.refund_id}"
                await _ask_person(tx, one, key, kind, sentence, _proposal(one.how))
            outcomes = ", ".join(f"{one.parcel_id} {one.how}" for one in end.parcels)
            return Done("refund.parcels_asked", outcomes)

        await run_step(self._db, end.order_id, f"refund/{end.refund_id}/stop", "orderhub", work)


def _how(row: InterceptionRow) -> InterceptHow:
    return InterceptHow(row.how)


def _proposal(how: InterceptHow) -> Proposal:
    match how:
        case InterceptHow.VOID:
            return for_stopped(ProposalKind.KEEP_AND_REFUND)
        case InterceptHow.REFUSED:
            return for_stopped(ProposalKind.REFUSE_REFUND)
        case _:
            return for_stopped(ProposalKind.GRANT_REFUND)


def _impossible(ask: InterceptAsk, order: OrderRow, parcel: ParcelRow, waybill: WaybillRow | None) -> str:
    if waybill is None:
        return text("intercept.no_waybill")
    if parcel.status != "numbered":
        return text("intercept.over", status=text(f"parcel.{parcel.status}"))
    if ask.wish is InterceptWish.REROUTE and order.encrypted:
        # The platform's own e-waybill takes its ciphertext only, and forbids to go round it.
        return text("intercept.encrypted")
    return ""


def _waybill(row: WaybillRow) -> Waybill:
    return Waybill(row.key, Provider(row.provider), Carrier(row.carrier), row.number)


async def _called_off(tx: AsyncSession, ask: InterceptAsk) -> None:
    """The parcel stays in the warehouse, and its number is void."""
    parcel = await tx.get_one(ParcelRow, ask.parcel_id, with_for_update=True)
    waybill = await shipping.live_waybill(tx, ask.parcel_id)
    parcel.status = "stopped"
    tx.add(parcel)
    if waybill is not None:
        waybill.status, waybill.detail, waybill.updated_at = "void", text("intercept.void"), utc_now()
        tx.add(waybill)
    await tracking.close_parcel(tx, parcel)


async def _ask_person(
    tx: AsyncSession, one: Intercepted, key: str, kind: str, sentence: str, proposal: Proposal
) -> None:
    parcel = await tx.get_one(ParcelRow, one.parcel_id)
    kept, due = proposal.as_json(one.parcel_id), utc_now() + proposal.within
    await open_task(tx, key, kind, sentence, order_id=parcel.order_id, alert=True, due_at=due, proposal=kept)
