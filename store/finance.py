"""What finance's export is made of, page by page by the orders' ids. Orders in shadow are the old system's.

Pages read columns and not rows, so that nothing of a page is kept when the next one is read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import and_, col, func, or_

from domain.extensions import FieldRule, Place, Scope, rule_of, values, with_supplied
from domain.finance import (
    ConsignmentLine,
    FieldLine,
    Head,
    Period,
    RefundLineRow,
    Sale,
    invoice_words,
    refund_row,
)
from domain.money import split
from domain.order import Order
from domain.refund import Refund
from domain.shipping import TrackCode
from domain.texts import text
from store import planning
from store.tables import (
    ConsignmentRow,
    CreditEntryRow,
    InvoiceChoiceRow,
    InvoiceMomentRow,
    OrderPriceRow,
    OrderRow,
    OrderTaxRow,
    OrderVersionRow,
    ParcelRow,
    PlanRow,
    RefundRow,
    ShadowOrderRow,
    SuppliedFieldRow,
    TrackNodeRow,
    WaybillRow,
)

PAGE = 200


async def sales(
    tx: AsyncSession, of: Period, rules: Sequence[FieldRule], page: int = PAGE
) -> AsyncIterator[list[tuple[Sale, list[FieldLine]]]]:
    """The orders that were paid in a period, each with the values that finance needs."""
    row = OrderRow
    last = ""
    while True:
        query = _orders(of).where(col(row.paid_at) >= of.begins, col(row.paid_at) < of.ends, row.order_id > last)
        found = list((await tx.execute(query.order_by(col(row.order_id)).limit(page))).all())
        if not found:
            return
        last = found[-1].order_id
        yield await _sales(tx, found, rules)


async def _sales(
    tx: AsyncSession, found: Sequence[Any], rules: Sequence[FieldRule]
) -> list[tuple[Sale, list[FieldLine]]]:
    ids = [one.order_id for one in found]
    sent = await _bodies(tx, ids)
    price, tax = OrderPriceRow, OrderTaxRow
    priced = await _by_order(tx, _pick(price.order_id, price.priced).where(col(price.order_id).in_(ids)))
    permilles: dict[str, dict[str, int]] = defaultdict(dict)
    query = _pick(tax.order_id, tax.line_no, tax.rate_permille).where(col(tax.order_id).in_(ids))
    for order_id, line_no, permille in (await tx.execute(query.order_by(col(tax.revision)))).tuples():
        permilles[order_id][line_no] = permille
    invoices = await _invoice_types(tx, ids)
    supplied = await _supplied(tx, ids)
    made = []
    for one in found:
        order = sent[one.order_id]
        head, paid_at = _head(one), one.paid_at
        sale = Sale(
            head=head,
            order=order,
            paid_at=paid_at,
            state=_state(one),
            priced=priced.get(one.order_id),
            permilles=permilles.get(one.order_id, {}),
            invoice_type=invoice_words(invoices.get(one.order_id, "")),
        )
        later = supplied.get(one.order_id, {})
        whole = with_supplied(order, {key: value for key, (value, _) in later.items()})
        fields = []
        for value in values(whole):
            at = later.get((value.place, value.key), ("", None))[1]
            if (line := _field(head, paid_at, value.place, value.key, value.value, at, rules)) is not None:
                fields.append(line)
        made.append((sale, fields))
    return made


async def late_fields(
    tx: AsyncSession, of: Period, rules: Sequence[FieldRule], page: int = PAGE
) -> AsyncIterator[list[FieldLine]]:
    """The values that were handed in in a period for orders that were paid before it."""
    row, field = OrderRow, SuppliedFieldRow
    keys = sorted({rule.key for rule in rules if rule.to_finance})
    last = ("", "", "", "")
    while keys:
        after = or_(
            field.order_id > last[0],
            and_(
                field.order_id == last[0],
                or_(
                    field.scope > last[1],
                    and_(
                        field.scope == last[1],
                        or_(field.line_no > last[2], and_(field.line_no == last[2], field.key > last[3])),
                    ),
                ),
            ),
        )
        query = _orders(of, field.scope, field.line_no, field.key, field.value, field.at)
        query = query.join(field, col(field.order_id) == col(row.order_id)).where(
            col(row.paid_at) < of.begins,
            col(field.at) >= of.begins,
            col(field.at) < of.ends,
            col(field.key).in_(keys),
            after,
        )
        places = (col(field.order_id), col(field.scope), col(field.line_no), col(field.key))
        found = list((await tx.execute(query.order_by(*places).limit(page))).all())
        if not found:
            return
        last = (found[-1].order_id, found[-1].scope, found[-1].line_no, found[-1].key)
        lines = [
            _field(_head(one), one.paid_at, Place(Scope(one.scope), one.line_no), one.key, one.value, one.at, rules)
            for one in found
        ]
        yield [line for line in lines if line is not None]


async def refunds(tx: AsyncSession, of: Period, page: int = PAGE) -> AsyncIterator[list[RefundLineRow]]:
    """The refunds whose newest status came in a period."""
    row, refund = OrderRow, RefundRow
    last = ("", "")
    while True:
        query = _orders(of, refund.refund_id, refund.body, refund.updated_at)
        query = query.join(refund, col(refund.order_id) == col(row.order_id)).where(
            col(refund.updated_at) >= of.begins,
            col(refund.updated_at) < of.ends,
            or_(refund.order_id > last[0], and_(refund.order_id == last[0], refund.refund_id > last[1])),
        )
        query = query.order_by(col(refund.order_id), col(refund.refund_id)).limit(page)
        found = list((await tx.execute(query)).all())
        if not found:
            return
        last = (found[-1].order_id, found[-1].refund_id)
        yield [refund_row(_head(one), Refund.model_validate(one.body), one.updated_at) for one in found]


async def consignments(tx: AsyncSession, of: Period, page: int = PAGE) -> AsyncIterator[list[ConsignmentLine]]:
    """The consignments whose last parcel left in a period: its channel took the number then."""
    row, parcel = OrderRow, ParcelRow
    last = ""
    while True:
        mine = (parcel.order_id == row.order_id, col(parcel.told_at) >= of.begins, col(parcel.told_at) < of.ends)
        left = _pick(parcel.order_id).where(*mine).exists()
        query = _orders(of).where(left, row.order_id > last).order_by(col(row.order_id)).limit(page)
        found = list((await tx.execute(query)).all())
        if not found:
            return
        last = found[-1].order_id
        yield await _consignments(tx, of, found)


async def _consignments(tx: AsyncSession, of: Period, found: Sequence[Any]) -> list[ConsignmentLine]:
    ids = [one.order_id for one in found]
    parcels = await _grouped(
        tx,
        _pick(ParcelRow.order_id, ParcelRow.parcel_id, ParcelRow.consignment, ParcelRow.told_at, ParcelRow.status)
        .where(col(ParcelRow.order_id).in_(ids))
        .order_by(col(ParcelRow.order_id), col(ParcelRow.n)),
    )
    live = _pick(WaybillRow.order_id, WaybillRow.parcel_id, WaybillRow.carrier, WaybillRow.number)
    waybills = await _grouped(tx, live.where(col(WaybillRow.order_id).in_(ids), WaybillRow.status == "live"))
    numbers = {one.number for many in waybills.values() for one in many}
    signed = await _signed(tx, numbers)
    kept = _pick(ConsignmentRow.order_id, ConsignmentRow.n, ConsignmentRow.warehouse, ConsignmentRow.lines)
    standing = kept.where(col(ConsignmentRow.order_id).in_(ids), ConsignmentRow.status != planning.OFF)
    parts = await _grouped(tx, standing.order_by(col(ConsignmentRow.n)))
    plans = _pick(PlanRow.order_id, PlanRow.freight_fen).where(col(PlanRow.order_id).in_(ids))
    freight = await _by_order(tx, plans.order_by(col(PlanRow.n)))
    said = InvoiceMomentRow
    about = _pick(said.order_id, said.consignment, said.terms, said.amount_fen, said.at, said.due_at, said.voided_at)
    moments = await _grouped(tx, about.where(col(said.order_id).in_(ids)))
    entry = CreditEntryRow
    booked = _pick(entry.order_id, entry.key, entry.reserved_delta, entry.used_delta)
    credit = await _grouped(tx, booked.where(col(entry.order_id).in_(ids), entry.kind == "use"))
    invoices = await _invoice_types(tx, ids)
    rows = []
    for one in found:
        of_order = parts.get(one.order_id, [])
        shares = _freight(freight.get(one.order_id, 0), of_order)
        boxes: dict[int, list[Any]] = defaultdict(list)
        for box in parcels.get(one.order_id, []):
            boxes[box.consignment].append(box)
        for n, mine in sorted(boxes.items()):
            times = [box.told_at for box in mine]
            if any(at is None for at in times) or not of.holds(max(times)):
                continue
            part = next((p for p in of_order if p.n == n), of_order[0] if len(of_order) == 1 else None)
            ids_of_boxes = {box.parcel_id for box in mine}
            numbered = [w for w in waybills.get(one.order_id, []) if w.parcel_id in ids_of_boxes]
            came = [signed.get(w.number) for w in numbered]
            all_signed = all(box.status == "signed" for box in mine) and came and all(came)
            moment = next((m for m in moments.get(one.order_id, []) if m.consignment == n), None)
            use = next((c for c in credit.get(one.order_id, []) if c.key == f"{one.order_id}/used/{n}"), None)
            rows.append(
                ConsignmentLine(
                    head=_head(one),
                    state=_state(one),
                    consignment=n or 1,
                    warehouse=part.warehouse if part is not None else "",
                    parcels=len(mine),
                    couriers=", ".join(sorted({text(f"carrier.{w.carrier}") for w in numbered})),
                    waybills=", ".join(sorted(w.number for w in numbered)),
                    freight_estimate_fen=shares.get(n, 0) if n else sum(shares.values()),
                    shipped_at=max(times),
                    signed_at=max(at for at in came if at is not None) if all_signed else None,
                    invoice_type=invoice_words(invoices.get(one.order_id, "")),
                    terms=moment.terms if moment is not None else "",
                    invoice_at=moment.at if moment is not None else None,
                    invoice_fen=moment.amount_fen if moment is not None else None,
                    invoice_due_at=moment.due_at if moment is not None else None,
                    invoice_voided_at=moment.voided_at if moment is not None else None,
                    credit_released_fen=-use.reserved_delta if use is not None else 0,
                    credit_used_fen=use.used_delta if use is not None else 0,
                )
            )
    return rows


def _freight(total: int, parts: Sequence[Any]) -> dict[int, int]:
    """An order's estimate, divided over its consignments by their pieces; all of it where none are kept."""
    if not parts:
        return {0: total}
    pieces = [sum(int(line["quantity"]) for line in part.lines) for part in parts]
    return {part.n: int(share) for part, share in zip(parts, split(total, pieces), strict=True)}


def _orders(of: Period, *more: Any) -> Any:
    row = OrderRow
    shadow = _pick(ShadowOrderRow.order_id).where(ShadowOrderRow.order_id == row.order_id).exists()
    query = _pick(row.order_id, row.channel, row.shop, row.channel_order_no, row.state, row.exit, row.paid_at, *more)
    query = query.where(~shadow)
    if of.channel:
        query = query.where(row.channel == of.channel)
    return query.where(row.shop == of.shop) if of.shop else query


def _head(row: Any) -> Head:
    return Head(row.order_id, text(f"channel.{row.channel}"), row.shop, row.channel_order_no)


def _state(row: Any) -> str:
    return text(f"state.{row.exit or row.state or 'none'}")


def _field(
    head: Head, paid_at: datetime, place: Place, key: str, value: str, at: datetime | None, rules: Sequence[FieldRule]
) -> FieldLine | None:
    rule = rule_of(rules, place.scope, key)
    if rule is None or not rule.to_finance:
        return None
    scope = text(f"ext.of.{place.scope}", line=place.line_no).strip()
    return FieldLine(head, paid_at, scope, place.line_no, key, rule.title, value, at)


async def _bodies(tx: AsyncSession, ids: Collection[str]) -> dict[str, Order]:
    """What their channels sent last; of what no channel sent, the first body."""
    row = OrderVersionRow
    query = _pick(row.order_id, row.body).where(col(row.order_id).in_(ids))
    newest = (
        _pick(row.order_id, func.max(row.revision).label("revision"))
        .where(col(row.order_id).in_(ids), row.origin == "channel")
        .group_by(col(row.order_id))
        .subquery()
    )
    sent = query.join(newest, and_(newest.c.order_id == row.order_id, newest.c.revision == row.revision))
    found = {order_id: Order.model_validate(body) for order_id, body in (await tx.execute(sent)).tuples()}
    if missing := [one for one in ids if one not in found]:
        first = _pick(row.order_id, row.body).where(col(row.order_id).in_(missing), row.revision == 1)
        found |= {order_id: Order.model_validate(body) for order_id, body in (await tx.execute(first)).tuples()}
    return found


async def _supplied(tx: AsyncSession, ids: Collection[str]) -> dict[str, dict[tuple[Place, str], tuple[str, datetime]]]:
    row = SuppliedFieldRow
    query = _pick(row.order_id, row.scope, row.line_no, row.key, row.value, row.at).where(col(row.order_id).in_(ids))
    found: dict[str, dict[tuple[Place, str], tuple[str, datetime]]] = defaultdict(dict)
    for one in (await tx.execute(query)).all():
        found[one.order_id][Place(Scope(one.scope), one.line_no), one.key] = one.value, one.at
    return found


async def _invoice_types(tx: AsyncSession, ids: Collection[str]) -> dict[str, str]:
    row = InvoiceChoiceRow
    return await _by_order(tx, _pick(row.order_id, row.type).where(col(row.order_id).in_(ids)))


async def _signed(tx: AsyncSession, numbers: Collection[str]) -> dict[str, datetime]:
    row = TrackNodeRow
    query = _pick(row.number, func.max(row.at)).where(col(row.number).in_(sorted(numbers)))
    query = query.where(row.code == TrackCode.SIGNED).group_by(col(row.number))
    return {one[0]: one[1] for one in (await tx.execute(query)).all()}


async def _by_order(tx: AsyncSession, query: Any) -> dict[str, Any]:
    """The second column by the first; of several rows the last."""
    return {one[0]: one[1] for one in (await tx.execute(query)).all()}


async def _grouped(tx: AsyncSession, query: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for one in (await tx.execute(query)).all():
        found[one.order_id].append(one)
    return found


def _pick(*columns: Any) -> Any:
    """Columns and not rows: nothing of a page is kept."""
    return sa.select(*columns)
