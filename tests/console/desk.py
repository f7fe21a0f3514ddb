"""A parcel that waits for its number, the link to its form, and an order that takes the number as the real one does."""

from __future__ import annotations

from datetime import timedelta

from activities.contracts import ManualWaybill, WaybillOutcome
from activities.typed_waybills import TypedWaybillSteps
from domain.clock import utc_now
from domain.links import form_code
from domain.order import Notes, OrderLine, Receiver, Requirement
from domain.shipping import Carrier
from domain.texts import text
from gateway.deps import Wish
from store.database import Database
from store.orders import take
from store.tables import FormLinkRow, ParcelRow, WaybillRow
from tests.store.samples import NOON, order, receiver
from workflows.contracts import Outcome, RecordWaybill

SECRET = b"links"
ORDER = "own:main:SO20260301000123"
PARCEL = f"{ORDER}#1"
CODE = form_code(SECRET, PARCEL, 1)
NUMBER = "SF1000000000001"


class Desk:
    """Living orders as the clerk's form knows them: the workflow's place is taken, its activity is the real one."""

    def __init__(self, db: Database) -> None:
        self.asked: list[tuple[str, str, RecordWaybill]] = []
        self.refuse_with = ""
        self._steps = TypedWaybillSteps(db)

    async def update(self, order_id: str, name: str, argument: Wish) -> Outcome:
        assert isinstance(argument, RecordWaybill)
        self.asked.append((order_id, name, argument))
        if self.refuse_with:
            return Outcome(False, self.refuse_with)
        typed = ManualWaybill(order_id, argument.parcel_id, argument.carrier, argument.number, argument.by)
        answer = await self._steps.record_manual_waybill(typed)
        taken = answer.outcome is WaybillOutcome.LIVE
        return Outcome(taken, text("waybill.taken", number=answer.number) if taken else answer.why)


async def lay_out(db: Database, *, parcels: int = 1, to: Receiver | None = None) -> None:
    """An order whose parcels wait for a number, and the link for the first of them."""
    lines = (
        OrderLine(line_no="1", sku="MUG", title="马克杯 350ml", quantity=2, unit_price_fen=4950, amount_fen=9900),
        OrderLine(
            line_no="2", sku="TEA", title="<b>明前龙井</b> 礼盒", quantity=1, unit_price_fen=19900, amount_fen=19900
        ),
    )
    notes = Notes(requirements=(Requirement.COLD_CHAIN, Requirement.FRAGILE))
    document = order("SO20260301000123", lines=lines, notes=notes, receiver=to or receiver())
    items = [{"sku": "MUG", "quantity": 2, "line_no": "1"}, {"sku": "TEA", "quantity": 1, "line_no": "2"}]
    async with db.transaction() as tx:
        await take(tx, document)
        for n in range(1, parcels + 1):
            tx.add(
                ParcelRow(
                    parcel_id=f"{ORDER}#{n}",
                    order_id=ORDER,
                    n=n,
                    package_code=f"BOX{n}",
                    items=items[n - 1 :],
                    status="packed",
                )
            )
    await link(db)


async def link(db: Database, *, n: int = 1, expires_in: timedelta = timedelta(hours=12), code: str = "") -> str:
    """The nth link to the parcel's form. Returns its code."""
    row = FormLinkRow(
        code=code or form_code(SECRET, PARCEL, n),
        order_id=ORDER,
        parcel_id=PARCEL,
        n=n,
        expires_at=utc_now() + expires_in,
    )
    async with db.transaction() as tx:
        tx.add(row)
    return row.code


async def give_number(db: Database, parcel_id: str, number: str) -> None:
    """A courier's waybill."""
    async with db.transaction() as tx:
        tx.add(
            WaybillRow(
                key=f"K-{number}",
                parcel_id=parcel_id,
                order_id=parcel_id.partition("#")[0],
                provider="sf",
                carrier=Carrier.SF,
                attempt=1,
                number=number,
                status="live",
                asked_at=NOON,
                updated_at=NOON,
            )
        )
