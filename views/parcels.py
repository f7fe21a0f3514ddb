"""The way of an order's goods: where from, by when, what warehouses were told, and the parcels with their journeys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from domain.clock import format_beijing, moment_json, utc_now
from domain.texts import CATALOGUE, partner_name, text
from store import deadlines, merges, planning, promises, shipping
from store.deadline_report import seen
from store.promises import Kept
from store.tables import InterceptionRow, OrderRow, ParcelRow, TrackNodeRow, WaybillRow
from views.history import who_words
from views.shop import latest


async def routing_view(tx: AsyncSession, order_id: str) -> dict[str, Any] | None:
    """How the order was routed last, with every score; None before."""
    plan = await planning.plan(tx, order_id)
    if plan is None:
        return None
    return {
        "strategy": plan.strategy,
        "reason": plan.reason,
        "freight_fen": plan.freight_fen,
        "scores": plan.scores,
        "planned_at": moment_json(plan.at),
    }


async def consignments_view(tx: AsyncSession, order_id: str) -> list[dict[str, Any]]:
    """The parts that one warehouse each delivers."""
    return [
        {
            "n": row.n,
            "warehouse": row.warehouse,
            "status": row.status,
            "status_text": text(f"consignment.is.{row.status}"),
            "lines": row.lines,
            "waits_until": moment_json(row.waits_until),
        }
        for row in await planning.consignments(tx, order_id)
    ]


async def promises_view(tx: AsyncSession, row: OrderRow) -> list[dict[str, Any]]:
    """What stands promised now, and what was before it moved; nothing of an order that was called off."""
    if row.exit is not None:
        return []
    kept = await promises.history(tx, row.order_id)
    return [
        {"consignment": now.n, **_promise(now), "before": [_promise(one) for one in before]}
        for now, before in latest(kept)
    ]


def _promise(kept: Kept) -> dict[str, Any]:
    return {
        "warehouse": kept.warehouse,
        "ship_by": moment_json(kept.ship_by),
        "deliver_by": moment_json(kept.deliver_by),
        "why": [reason.text() for reason in kept.why],
        "revision": kept.revision,
        "promised_at": moment_json(kept.at),
    }


async def deadlines_view(tx: AsyncSession, order_id: str) -> list[dict[str, Any]]:
    """By when each stage should be over, and why then."""
    return [seen(row, utc_now()) for row in await deadlines.of_order(tx, order_id)]


async def deliveries_view(tx: AsyncSession, order_id: str) -> list[dict[str, Any]]:
    """What warehouses were told, and where each instruction is; one that is stopping is so until it is certain."""
    return [
        {
            "code": row.code,
            "consignment": row.consignment,
            "warehouse": row.warehouse,
            "revision": row.revision,
            "status": row.status,
            "status_text": text(f"delivery.{row.status}"),
            "at": moment_json(row.at),
        }
        for row in await shipping.deliveries(tx, order_id)
    ]


async def merge_view(tx: AsyncSession, order_id: str) -> dict[str, Any] | None:
    """The other orders that it is, or was to be, packed with; None where there were none."""
    merge = await merges.with_whom(tx, order_id)
    return merges.facts(merge) if merge is not None else None


async def parcels_view(tx: AsyncSession, order_id: str) -> list[dict[str, Any]]:
    """The parcels, each with its waybills and their journeys."""
    query = select(WaybillRow).where(WaybillRow.order_id == order_id).order_by(col(WaybillRow.asked_at))
    waybills = (await tx.execute(query)).scalars().all()
    numbers = {waybill.number for waybill in waybills if waybill.number}
    nodes = select(TrackNodeRow).where(col(TrackNodeRow.number).in_(numbers)).order_by(col(TrackNodeRow.at))
    tracks: dict[str, list[TrackNodeRow]] = {}
    for node in (await tx.execute(nodes)).scalars() if numbers else ():
        tracks.setdefault(node.number, []).append(node)
    return [_parcel(parcel, waybills, tracks) for parcel in await shipping.parcels(tx, order_id)]


def _track(nodes: Sequence[TrackNodeRow]) -> list[dict[str, Any]]:
    """A journey, the newest first. Not in the courier's words, which name people and their telephones."""
    known = [(node, f"track.{node.code}") for node in reversed(nodes)]
    return [
        {
            "at": moment_json(node.at),
            "code": node.code,
            "text": text(key) if key in CATALOGUE else node.code,
            "place": node.place,
        }
        for node, key in known
    ]


def _became(waybill: WaybillRow) -> str:
    """What became of asking for it, in words. Most reasons name the partner, or say what it is now, themselves."""
    partner, status = who_words(waybill.provider), text(f"desk.waybill.{waybill.status}")
    if waybill.detail:
        status = (
            waybill.detail if status in waybill.detail else text("desk.waybill.why", what=status, why=waybill.detail)
        )
    named = partner in waybill.detail
    return " ".join(part for part in ("" if named else partner, waybill.number, status) if part)


def _unknown(waybill: WaybillRow) -> dict[str, Any] | None:
    """The word of a tracker that its news stop at, since nobody knows what it means; None for nearly all."""
    if not waybill.unknown_word or waybill.unknown_since is None or waybill.status != "live":
        return None
    partner, _, word = waybill.unknown_word.split("/", 2)
    since = format_beijing(waybill.unknown_since)
    return {
        "word": waybill.unknown_word,
        "since": moment_json(waybill.unknown_since),
        "text": text("parcel.unknown_word", partner=partner_name(partner), word=word, since=since),
    }


def _parcel(
    parcel: ParcelRow, waybills: Sequence[WaybillRow], tracks: Mapping[str, Sequence[TrackNodeRow]]
) -> dict[str, Any]:
    return {
        "parcel_id": parcel.parcel_id,
        "n": parcel.n,
        "consignment": parcel.consignment,
        "status": parcel.status,
        "status_text": text(f"desk.parcel_is.{parcel.status}"),
        "items": parcel.items,
        "box": parcel.box,
        "told_at": moment_json(parcel.told_at),
        "courier_phone": parcel.courier_phone or "",
        "waybills": [
            {
                "provider": waybill.provider,
                "provider_text": who_words(waybill.provider),
                "carrier": waybill.carrier,
                "carrier_text": text(f"carrier.{waybill.carrier}"),
                "number": waybill.number,
                "status": waybill.status,
                "status_text": text(f"desk.waybill.{waybill.status}"),
                "detail": waybill.detail,
                "text": _became(waybill),
                "asked_at": moment_json(waybill.asked_at),
                "last_node_at": moment_json(waybill.last_node_at),
                "stuck_since": moment_json(waybill.stuck_since),
                "unknown": _unknown(waybill),
                "track": _track(tracks.get(waybill.number, ())) if waybill.status != "void" else [],
            }
            for waybill in waybills
            if waybill.parcel_id == parcel.parcel_id
        ],
    }


async def interceptions_view(tx: AsyncSession, order_id: str) -> list[dict[str, Any]]:
    """What couriers were asked to stop, and what came of it."""
    query = select(InterceptionRow).where(InterceptionRow.order_id == order_id)
    return [
        {
            "parcel_id": row.parcel_id,
            "n": row.n,
            "kind": row.kind,
            "status": row.status,
            "how": row.how,
            "how_text": text(f"intercept.{row.how or 'waiting'}"),
            "why": row.why,
            "asked_by": row.asked_by,
            "asked_at": moment_json(row.asked_at),
            "decided_at": moment_json(row.decided_at),
        }
        for row in (await tx.execute(query.order_by(col(InterceptionRow.asked_at)))).scalars()
    ]
