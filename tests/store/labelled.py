"""Packed parcels with their numbers, as the warehouse and the couriers leave them in the store."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from domain.order import Notes, OrderLine, Requirement
from domain.paper import Size
from printing.desk import Ask, Desk
from store.database import Database
from store.orders import take
from store.tables import OrderRow, ParcelRow, ReservationRow, WaybillRow
from tests.store.samples import NOON, index_row, order, receiver

ADDRESS = "http://hub.test"
LINES = (
    OrderLine(line_no="1", sku="MUG", title="马克杯 350ml", quantity=2, unit_price_fen=4950, amount_fen=9900),
    OrderLine(line_no="2", sku="PAD", title="<b>杯垫</b>", quantity=1, unit_price_fen=0, amount_fen=0, gift_of="1"),
)
BOX = [{"sku": "MUG", "quantity": 2, "line_no": "1"}, {"sku": "PAD", "quantity": 1, "line_no": "2"}]


def desk(db: Database) -> Desk:
    return Desk(db, ADDRESS, timedelta(hours=72))


def ask(size: Size = Size.SMALL, since: datetime = NOON, **changes: Any) -> Ask:
    return Ask(since, size, **changes)


def pid(number: str, n: int = 1) -> str:
    return f"own:main:{number}#{n}"


async def pack(
    db: Database,
    number: str = "SO1",
    *,
    at: datetime = NOON,
    carrier: str = "SF",
    district: str = "余杭区",
    warehouse: str = "WH01",
    parcels: int = 1,
    requirements: tuple[Requirement, ...] = (),
    **changes: Any,
) -> str:
    """An order whose parcels got their numbers at a moment. Returns its id."""
    to = receiver()
    to = to.model_copy(update={"region": to.region.model_copy(update={"district": district})})
    document = order(number, lines=LINES, notes=Notes(requirements=requirements), **{"receiver": to, **changes})
    oid = document.order_id
    async with db.transaction() as tx:
        await take(tx, document)
        row = await index_row(tx, oid)
        row.state = "PACKED"
        tx.add(row)
        for sku in ("MUG", "PAD"):
            tx.add(ReservationRow(order_id=oid, sku=sku, warehouse=warehouse, quantity=2, status="shipped", at=at))
        for n in range(1, parcels + 1):
            box = BOX if parcels == 1 else BOX[n - 1 : n] or BOX[:1]
            tx.add(
                ParcelRow(
                    parcel_id=f"{oid}#{n}",
                    order_id=oid,
                    n=n,
                    package_code=f"BOX{n}",
                    items=box,
                    status="numbered",
                    whole_order=parcels == 1,
                )
            )
            tx.add(live(f"{oid}#{n}", at, carrier))
    return oid


def live(parcel_id: str, at: datetime, carrier: str = "SF", attempt: int = 1) -> WaybillRow:
    """A parcel's live waybill; its number is made of the parcel."""
    number = "".join(filter(str.isdigit, parcel_id)).zfill(11)[-11:]
    return WaybillRow(
        key=f"K{attempt}-{parcel_id}",
        parcel_id=parcel_id,
        order_id=parcel_id.partition("#")[0],
        provider="sf",
        carrier=carrier,
        attempt=attempt,
        number=f"{carrier}{attempt}{number}",
        status="live",
        asked_at=at,
        live_at=at,
        updated_at=at,
    )


async def void(db: Database, parcel_id: str, new_at: datetime | None = None) -> None:
    """A parcel's waybill is voided; with `new_at` it gets another number then."""
    async with db.transaction() as tx:
        old = await tx.get_one(WaybillRow, f"K1-{parcel_id}")
        old.status = "void"
        tx.add(old)
        await tx.flush()
        if new_at is not None:
            tx.add(live(parcel_id, new_at, old.carrier, attempt=2))


async def change(db: Database, order_id: str, **values: Any) -> None:
    """Let something happen to an order."""
    async with db.transaction() as tx:
        row: OrderRow = await index_row(tx, order_id)
        for name, value in values.items():
            setattr(row, name, value)
        tx.add(row)
