"""One order as its own shop sees it: how far it is, its parcels, and what is promised of it. Nothing personal, and
nothing of how the company runs (warehouses, purchases, holds)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import moment_json
from domain.sourcing import Reason
from domain.texts import text
from store import promises, shipping, taxes
from store.promises import Kept
from store.tables import OrderRow, ParcelRow


async def shop_view(tx: AsyncSession, order_id: str) -> dict[str, Any] | None:
    """The order as JSON; times at +08:00. None when it is not here (yet)."""
    row = await tx.get(OrderRow, order_id)
    if row is None:
        return None
    return {
        "order_no": row.channel_order_no,
        "order_id": row.order_id,
        "version": row.version,
        "status": row.status.lower(),
        "state": row.exit or row.state,
        "state_text": text(f"state.{row.exit or row.state or 'none'}"),
        "tax": await tax_view(tx, row),
        "parcels": [await _parcel(tx, parcel) for parcel in await shipping.parcels(tx, order_id)],
        "promises": await _promises(tx, row),
    }


async def tax_view(tx: AsyncSession, row: OrderRow) -> dict[str, Any] | None:
    """The tax in what was paid, and in each line; None of an order that was called off, or whose money is not clear."""
    lines = await taxes.newest(tx, row.order_id) if row.exit is None else []
    if not lines:
        return None
    return {
        "tax_fen": sum(line.tax_fen for line in lines),
        "net_fen": sum(line.gross_fen - line.tax_fen for line in lines),
        "revision": lines[0].revision,
        "lines": [
            {
                "line_no": line.line_no,
                "rate_permille": line.rate_permille,
                "gross_fen": line.gross_fen,
                "freight_fen": line.freight_fen,
                "tax_fen": line.tax_fen,
            }
            for line in lines
        ],
    }


async def _parcel(tx: AsyncSession, parcel: ParcelRow) -> dict[str, Any]:
    waybill = await shipping.live_waybill(tx, parcel.parcel_id)
    return {
        "parcel_no": parcel.parcel_id,
        "consignment": parcel.consignment,
        "status": parcel.status,
        "carrier": waybill.carrier if waybill is not None else "",
        "number": waybill.number if waybill is not None else "",
        "items": [{"sku": item["sku"], "quantity": item["quantity"]} for item in parcel.items],
    }


async def _promises(tx: AsyncSession, row: OrderRow) -> list[dict[str, Any]]:
    """What stands promised now, and what was promised before it moved; nothing of an order that was called off."""
    if row.exit is not None:
        return []
    kept = await promises.history(tx, row.order_id)
    return [
        {"consignment": now.n, **_promise(now), "before": [_promise(one) for one in before]}
        for now, before in latest(kept)
    ]


def latest(kept: Sequence[Kept]) -> list[tuple[Kept, list[Kept]]]:
    """The standing promise of each consignment with those before it, the oldest first; none that was withdrawn."""
    by_n: dict[int, list[Kept]] = {}
    for one in kept:
        by_n.setdefault(one.n, []).append(one)
    found = [(ones[-1], [one for one in ones[:-1] if one.ship_by is not None]) for _, ones in sorted(by_n.items())]
    return [(now, before) for now, before in found if now.ship_by is not None]


def _promise(kept: Kept) -> dict[str, Any]:
    return {
        "ship_by": moment_json(kept.ship_by),
        "deliver_by": moment_json(kept.deliver_by),
        "why": [_words(reason) for reason in kept.why],
        "promised_at": moment_json(kept.at),
    }


def _words(reason: Reason) -> str:
    """Why, without the number of a purchase of the company's."""
    if reason.key == "promise.purchase":
        return text("promise.goods_come", day=dict(reason.params)["day"])
    return reason.text()
