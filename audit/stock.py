"""Stock adds up, and nothing is sold that was not there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func

from audit.evidence import Evidence, stream
from audit.report import Outcome
from store.tables import ReservationRow, StockLedgerRow, StockRow

Place = tuple[str, str]
"""SKU and warehouse."""

Amounts = tuple[int, ...]
"""On hand, reserved, frozen, defective, in transit."""

_QUANTITIES = ("on_hand", "reserved", "frozen", "defective", "in_transit")
_NOTHING = (0,) * len(_QUANTITIES)

_LOCKED, _SHIPPED = "locked", "shipped"
_SHIPMENT = "ship"
"""The ledger's reason for goods that left with an order; every other movement of what is on hand is a receipt."""


@dataclass
class _Account:
    """What four places say of one SKU in one warehouse."""

    stock: Amounts | None = None
    moved: Amounts = _NOTHING
    last: Amounts = _NOTHING
    locked: int = 0

    def faults(self) -> Iterator[str]:
        if self.stock is None:
            yield "has movements or reservations, but no stock"
            return
        on_hand, reserved, frozen, defective, in_transit = self.stock
        if min(self.stock) < 0 or on_hand < reserved + frozen:
            yield (
                f"negative: {on_hand} on hand, {reserved} reserved, {frozen} frozen, {defective} defective,"
                f" {in_transit} in transit"
            )
        names = "on hand, reserved, frozen, defective, in transit"
        if self.stock != self.moved:
            yield f"{names} are {self.stock}, but the ledger's movements sum to {self.moved}"
        if self.stock != self.last:
            yield f"{names} are {self.stock}, but the ledger's last line says {self.last}"
        if reserved != self.locked:
            yield f"{reserved} reserved, but orders have locked {self.locked}"


async def stock_conserved(evidence: Evidence) -> Outcome:
    """Stock is what its ledger sums to, reserved is what orders have locked, and what left is what was ordered."""
    seen = Outcome()
    async with evidence.snapshot() as tx:
        accounts = await _accounts(tx)
    for (sku, warehouse), account in sorted(accounts.items()):
        seen.looked_at += 1
        for fault in account.faults():
            seen.find(f"{sku}@{warehouse}", fault)
    for oid in evidence.orders:
        for fault in _order_faults(evidence, oid):
            seen.find(oid, fault)
    return seen


async def not_oversold(evidence: Evidence) -> Outcome:
    """What orders have locked or shipped of a SKU was received before."""
    seen = Outcome()
    ledger, reservation = StockLedgerRow, ReservationRow
    received = select(col(ledger.sku), func.sum(col(ledger.on_hand_delta))).where(col(ledger.reason) != _SHIPMENT)
    taken = select(col(reservation.sku), func.sum(col(reservation.quantity))).where(
        col(reservation.status).in_((_LOCKED, _SHIPPED))
    )
    async with evidence.snapshot() as tx:
        came = {sku: int(total) async for sku, total in stream(tx, received.group_by(col(ledger.sku)))}
        went = {sku: int(total) async for sku, total in stream(tx, taken.group_by(col(reservation.sku)))}
    for sku in sorted(came.keys() | went.keys()):
        seen.looked_at += 1
        if went.get(sku, 0) > came.get(sku, 0):
            seen.find(sku, f"oversold: {went[sku]} locked or shipped, {came.get(sku, 0)} received")
    return seen


async def _accounts(tx: AsyncSession) -> dict[Place, _Account]:
    stock, ledger, reservation = StockRow, StockLedgerRow, ReservationRow
    accounts: dict[Place, _Account] = {}
    rows = select(col(stock.sku), col(stock.warehouse), *(getattr(stock, name) for name in _QUANTITIES))
    async for sku, warehouse, *amounts in stream(tx, rows):
        accounts[sku, warehouse] = _Account(stock=tuple(amounts))
    sums = (
        select(
            col(ledger.sku),
            col(ledger.warehouse),
            *(func.sum(getattr(ledger, f"{name}_delta")).label(name) for name in _QUANTITIES),
            func.max(col(ledger.seq)).label("last"),
        )
        .group_by(col(ledger.sku), col(ledger.warehouse))
        .subquery()
    )
    after = [getattr(ledger, f"{name}_after") for name in _QUANTITIES]
    with_last = select(sums, *after).join(ledger, col(ledger.seq) == sums.c.last)
    async for sku, warehouse, *amounts in stream(tx, with_last):
        account = accounts.setdefault((sku, warehouse), _Account())
        account.moved = tuple(int(amount) for amount in amounts[: len(_QUANTITIES)])
        account.last = tuple(amounts[len(_QUANTITIES) + 1 :])
    locked = (
        select(col(reservation.sku), col(reservation.warehouse), func.sum(col(reservation.quantity)))
        .where(col(reservation.status) == _LOCKED)
        .group_by(col(reservation.sku), col(reservation.warehouse))
    )
    async for sku, warehouse, quantity in stream(tx, locked):
        accounts.setdefault((sku, warehouse), _Account()).locked = int(quantity)
    return accounts


def _order_faults(evidence: Evidence, oid: str) -> Iterator[str]:
    by_status: dict[str, Counter[str]] = {_LOCKED: Counter(), _SHIPPED: Counter()}
    for reservation in evidence.reservations.get(oid, []):
        if reservation.status in by_status:
            by_status[reservation.status][reservation.sku] += reservation.quantity
    gone: Counter[str] = Counter()
    for part in evidence.in_parts(oid):
        gone += part.pieces if part.status == "packed" else Counter()
    if not evidence.orders[oid].packed:
        if by_status[_SHIPPED] != gone:
            yield f"its stock left before it was packed: {_listed(by_status[_SHIPPED])}, packed are {_listed(gone)}"
        return
    if by_status[_LOCKED]:
        yield f"packed, but still has locked {_listed(by_status[_LOCKED])}"
    body = evidence.packed_body(oid)
    wanted = gone or (body.ordered if body is not None else by_status[_SHIPPED])
    if by_status[_SHIPPED] != wanted:
        yield f"ordered {_listed(wanted)}, but {_listed(by_status[_SHIPPED])} left the stock"


def _listed(pieces: Counter[str]) -> str:
    return ", ".join(f"{count} x {sku}" for sku, count in sorted(pieces.items())) or "nothing"
