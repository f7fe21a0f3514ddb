"""Waybills: asking couriers, settling what is unknown, and voiding."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.contracts import (
    REQUEST_WAYBILL,
    SETTLE_WAYBILL,
    VOID_WAYBILLS,
    ParcelRef,
    WaybillAnswer,
    WaybillAsk,
    WaybillOutcome,
)
from activities.partners import HubConfig, answered
from activities.waybill_requests import request_for, waybill_key
from connectors.errors import Misconfigured, OutcomeUnknown, PartnerError, Rejected
from connectors.ports import Courier
from domain.clock import utc_now
from domain.pauses import Slice
from domain.shipping import Carrier, Provider, VoidOutcome, Waybill, WaybillRequest
from domain.texts import partner_name, text
from store import merges, pauses, shipping
from store.database import Database
from store.holds import open_task
from store.steps import Done, load_order, record
from store.tables import ParcelRow, WaybillRow

_MAY_BE_LIVE = frozenset({"asked", "unknown", "live"})
LIVE, NONE, UNKNOWN = WaybillOutcome.LIVE, WaybillOutcome.NONE, WaybillOutcome.UNKNOWN


class WaybillSteps:
    """Stage five, first half. A parcel never has two live waybills: a unique index of the store has the last word."""

    def __init__(self, db: Database, couriers: Mapping[Provider, Courier], config: HubConfig) -> None:
        self._db = db
        self._couriers = couriers
        self._config = config

    @activity.defn(name=REQUEST_WAYBILL.name)
    async def request_waybill(self, ask: WaybillAsk) -> WaybillAnswer:
        """Ask one courier for one parcel's waybill.

        A lost answer is asked after at once: what is found is adopted. Otherwise the outcome is UNKNOWN, and
        `settle_waybill` goes on asking while the next courier gets its turn.
        """
        async with self._db.reading() as tx:
            paused = None
            before = await tx.get(WaybillRow, waybill_key(ask))
            if before is None or before.status == "asked":
                paused = await pauses.stops(tx, ask.order_id, Slice.COURIER, [ask.provider])
        if paused is not None and before is None:
            return WaybillAnswer(NONE, why=paused.why)
        row, request, again = await self._prepare(ask, asking=paused is None)
        if row.status != "asked":
            return await self._known(row)
        courier = self._couriers.get(Provider(ask.provider))
        if courier is None:
            return await self._failed(
                row, "absent", text("waybill.no_such_courier", courier=partner_name(ask.provider))
            )
        if paused is not None:  # since it was asked: whatever came of that, it is not asked once more
            return await self._ask_after(ask, row, courier, request, paused.why)
        try:
            return await self._keep(ask, await courier.create(request))
        except PartnerError as error:
            if isinstance(error, Misconfigured):
                async with self._db.transaction() as tx:
                    key = f"misconfigured/{error.partner}/{error.operation}/{error.code}"
                    await open_task(tx, key, "misconfigured", error.operator_text, alert=True)
            # A worker that died in an earlier run may have got through to the courier: what this run was told says
            # nothing about that.
            if again or isinstance(error, OutcomeUnknown):
                return await self._ask_after(ask, row, courier, request, error.operator_text)
            status = "refused" if isinstance(error, Rejected) else "absent"
            return await self._failed(row, status, error.operator_text)

    @activity.defn(name=SETTLE_WAYBILL.name)
    async def settle_waybill(self, ask: WaybillAsk) -> WaybillAnswer:
        """Ask after a lost answer until it is certain: what exists is adopted, or voided when the parcel has another.

        "Not found" is believed only some time after the question, since it may have been on its way.
        """
        row, request, _ = await self._prepare(ask, asking=False)
        if row.status not in {"asked", "unknown"}:
            return await self._known(row)
        found = await self._found(row, request)
        if found is None:
            return WaybillAnswer(NONE, why=text("waybill.absent", courier=partner_name(ask.provider)))
        return await self._keep(ask, found)

    @activity.defn(name=VOID_WAYBILLS.name)
    async def void_waybills(self, ref: ParcelRef) -> None:
        """A parcel does not leave: void whatever any courier has made for it, or may still turn out to have made."""
        for row in await self._to_void(ref):
            ask = WaybillAsk(row.order_id, row.parcel_id, row.provider, row.carrier, row.attempt)
            if row.provider == Provider.MANUAL:
                await self._voided(ask, row.key, row.number, VoidOutcome.NOT_FOUND)
                continue
            number = row.number
            if row.status != "live":
                _, request, _ = await self._prepare(ask, asking=False)
                found = await self._found(row, request)
                if found is None:
                    continue
                number = found.number
            waybill = Waybill(row.key, Provider(row.provider), Carrier(row.carrier), number)
            await self._voided(ask, row.key, number, await self._outcome(ask, waybill))

    async def _to_void(self, ref: ParcelRef) -> list[WaybillRow]:
        """Of a box that leaves with others' goods, the number stays live: they are told it. Whoever is the last of them
        to give it up voids it. One that gives it up before there is a number leaves the asking to the others."""
        async with self._db.transaction() as tx:
            parcel = await tx.get_one(ParcelRow, ref.parcel_id)
            rows = [row for row in await shipping.waybills(tx, ref.parcel_id) if row.status in _MAY_BE_LIVE]
            if not parcel.box:
                return rows
            goes_on = bool(await merges.shares_box(tx, parcel))
            for row in [row for row in rows if row.of_parcel]:
                row.status, row.detail, row.updated_at = "void", text("merge.number_of_others"), utc_now()
                tx.add(row)
            if not goes_on:
                for one in await merges.parcels_in(tx, parcel.box):
                    others = await shipping.waybills(tx, one.parcel_id)
                    rows += [row for row in others if one.parcel_id != ref.parcel_id and row.status in _MAY_BE_LIVE]
            elif parcel.asks and not any(row.status == "live" for row in rows):
                parcel.asks = False
                tx.add(parcel)
                await merges.tell_box(tx, parcel)
            elif parcel.asks:
                rows = [row for row in rows if row.status != "live"]
            return [row for row in rows if not row.of_parcel]

    async def _prepare(self, ask: WaybillAsk, *, asking: bool) -> tuple[WaybillRow, WaybillRequest, bool]:
        """The question as it is kept, what the courier is asked, and whether it may have been asked before."""
        key = waybill_key(ask)
        async with self._db.transaction() as tx:
            row = await tx.get(WaybillRow, key)
            again = row is not None
            if row is not None and asking and row.status == "asked":
                row.asked_at = utc_now()  # from now on "not found" needs the full time to be believed
                tx.add(row)
            if row is None:
                now = utc_now()
                row = WaybillRow(
                    key=key,
                    parcel_id=ask.parcel_id,
                    order_id=ask.order_id,
                    provider=ask.provider,
                    carrier=ask.carrier,
                    attempt=ask.attempt,
                    status="asked",
                    asked_at=now,
                    updated_at=now,
                )
                tx.add(row)
            return row, await request_for(tx, ask), again

    async def _known(self, row: WaybillRow) -> WaybillAnswer:
        """What an earlier run of the same question came to."""
        if row.status == "live":
            return WaybillAnswer(LIVE, row.number)
        return WaybillAnswer(UNKNOWN if row.status == "unknown" else NONE, why=row.detail)

    async def _ask_after(
        self, ask: WaybillAsk, row: WaybillRow, courier: Courier, request: WaybillRequest, why: str
    ) -> WaybillAnswer:
        try:
            found = await courier.find(request)
        except PartnerError:
            found = None
        if found is not None:
            return await self._keep(ask, found)
        await self._failed(row, "unknown", why)
        return WaybillAnswer(UNKNOWN, why=why)

    async def _keep(self, ask: WaybillAsk, waybill: Waybill) -> WaybillAnswer:
        """Make a courier's waybill the parcel's live one; void it when the parcel has another."""
        try:
            async with self._db.transaction() as tx:
                order = await load_order(tx, ask.order_id)
                row = await _waybill(tx, waybill_key(ask))
                if row.status != "live":
                    row.status, row.number, row.updated_at = "live", waybill.number, utc_now()
                    tx.add(row)
                    await tx.flush()
                    await shipping.numbered(tx, order, row)
                    await merges.tell_box(tx, await tx.get(ParcelRow, ask.parcel_id))
                    done = Done("waybill.live", f"{ask.provider}:{ask.carrier} {waybill.number}")
                    await record(tx, order, f"waybill/{row.key}", ask.provider, done)
                return WaybillAnswer(LIVE, row.number)
        except IntegrityError:
            return await self._void(ask, waybill)

    async def _void(self, ask: WaybillAsk, waybill: Waybill) -> WaybillAnswer:
        await self._voided(ask, waybill_key(ask), waybill.number, await self._outcome(ask, waybill))
        async with self._db.transaction() as tx:
            live = await shipping.live_waybill(tx, ask.parcel_id)
        return WaybillAnswer(LIVE, live.number) if live is not None else WaybillAnswer(NONE)

    async def _found(self, row: WaybillRow, request: WaybillRequest) -> Waybill | None:
        """What a question without an answer came to; None once that is nothing.

        Raises ApplicationError while the question may still be on its way.
        """
        refused = ""
        async with answered(self._db, row.order_id):
            try:
                found = await self._couriers[Provider(row.provider)].find(request)
            except Rejected as refusal:
                # Where a platform has no search it is asked once more for the same, and may say no to what has happened
                # since (the buyer has the money back). That says nothing of the first question: a person looks.
                found, refused = None, refusal.operator_text
        if found is not None:
            return found
        if utc_now() - row.asked_at < self._config.settle_after:
            raise ApplicationError("not found, but it may still be on its way", type="NotSettled")
        if refused:
            async with self._db.transaction() as tx:
                name, sentence = f"{row.parcel_id}/unsettled_waybill", text("task.unsettled_waybill", why=refused)
                await open_task(tx, name, "unsettled_waybill", sentence, order_id=row.order_id)
        await self._failed(row, "absent", refused or text("waybill.absent", courier=partner_name(row.provider)))
        return None

    async def _outcome(self, ask: WaybillAsk, waybill: Waybill) -> VoidOutcome:
        """What the courier says to voiding it. A refusal for another reason is TOO_LATE: only a person can find out."""
        async with answered(self._db, ask.order_id):
            try:
                return await self._couriers[Provider(ask.provider)].void(waybill)
            except Rejected:
                return VoidOutcome.TOO_LATE

    async def _voided(self, ask: WaybillAsk, key: str, number: str, outcome: VoidOutcome) -> None:
        async with self._db.transaction() as tx:
            order = await load_order(tx, ask.order_id)  # orders before waybills, as everywhere
            row = await _waybill(tx, key)
            row.status, row.number, row.updated_at = "void", number, utc_now()
            row.detail = text("waybill.voided")
            tx.add(row)
            await record(tx, order, f"void/{row.key}", "orderhub", Done("waybill.void", f"{outcome} {number}"))
            if outcome is VoidOutcome.TOO_LATE:
                task, sentence = f"{ask.parcel_id}/second_waybill", text("task.second_waybill", number=number)
                await open_task(tx, task, "second_waybill", sentence, order_id=ask.order_id, alert=True)

    async def _failed(self, row: WaybillRow, status: str, why: str) -> WaybillAnswer:
        async with self._db.transaction() as tx:
            kept = await _waybill(tx, row.key)
            if kept.status in {"asked", "unknown"}:
                kept.status, kept.detail, kept.updated_at = status, why[:300], utc_now()
                tx.add(kept)
        return WaybillAnswer(NONE, why=why)


async def _waybill(tx: AsyncSession, key: str) -> WaybillRow:
    row = await tx.get(WaybillRow, key, with_for_update=True)
    if row is None:
        raise LookupError(f"no such waybill question: {key}")
    return row
