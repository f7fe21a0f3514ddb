"""The staff API of the stock pool: what `orderhub stock` does, for programs of the warehouse and of procurement."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, Field
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.deps import Gateway, Hub, UpdateRefused
from gateway.staff_api import Body, By, ByOperations, Words
from store.stock import desk, incoming, shares, transfers

router = APIRouter(prefix="/api/v1/staff/stock", tags=["staff"])

Pieces = Annotated[int, Field(ge=1, le=10_000_000)]
Signed = Annotated[int, Field(ge=-10_000_000, le=10_000_000)]
Goods = Annotated[dict[Words, Pieces], Field(min_length=1, max_length=200)]


class Receipt(Body):
    """Good pieces that came in by a delivery note."""

    sku: Words
    warehouse: Words
    quantity: Pieces
    note: Words


class Correction(Body):
    """Pieces, signed, and why. `key` makes it happen once."""

    sku: Words
    warehouse: Words
    quantity: Signed
    key: Words
    why: Words


class Count(Body):
    """How many good pieces there are."""

    sku: Words
    warehouse: Words
    counted: int = Field(ge=0, le=10_000_000)
    key: Words
    why: Words


class Freeze(Body):
    """Goods (SKU to pieces) that are to move, and for how long they are bound."""

    number: Words
    source: Words
    target: Words
    goods: Goods
    hours: float = Field(2, gt=0, le=720)


class Arrival(Body):
    """What arrived of articles that did not all arrive."""

    arrived: dict[Words, Annotated[int, Field(ge=0)]] = Field({}, max_length=200)


class Purchase(Body):
    """One article of a purchase."""

    number: Words
    sku: Words
    warehouse: Words
    quantity: Pieces
    expected_at: AwareDatetime


class PurchaseCame(Body):
    """Goods (SKU to pieces) of a purchase that came in by a delivery note."""

    goods: Goods
    note: Words


class CallOff(Body):
    """The article that will not come."""

    sku: Words


class Share(Body):
    """Percent of the pool; "*" as the SKU: each that has no share of its own."""

    sku: Words
    channel: Words
    percent: int = Field(ge=0, le=100)


class NoShare(Body):
    """Whose share ends."""

    sku: Words
    channel: Words


@router.get("")
async def pool(hub: Hub, by: By, sku: str = "") -> dict[str, Any]:
    """Every article in every warehouse, or one."""
    async with hub.db.reading() as tx:
        return {"stock": await desk.pool(tx, sku)}


@router.get("/ledger")
async def ledger(
    hub: Hub, by: By, sku: str, warehouse: str = "", limit: Annotated[int, Query(ge=1, le=1000)] = 50
) -> dict[str, Any]:
    """The last movements of an article, the newest first."""
    async with hub.db.reading() as tx:
        return {"movements": await desk.ledger(tx, sku, warehouse, limit)}


@router.post("/receive")
async def receive(wish: Receipt, hub: Hub, by: ByOperations) -> dict[str, Any]:
    """Book goods that came in, once per note."""
    return await _do(hub, lambda tx: desk.receive(tx, wish.sku, wish.warehouse, wish.quantity, wish.note, by))


@router.post("/adjust")
async def adjust(wish: Correction, hub: Hub, by: ByOperations) -> dict[str, Any]:
    """Correct what is on hand."""
    return await _do(hub, lambda tx: desk.adjust(tx, wish.sku, wish.warehouse, wish.quantity, wish.key, wish.why, by))


@router.post("/count")
async def count(wish: Count, hub: Hub, by: ByOperations) -> dict[str, Any]:
    """Set what is on hand to what was counted."""
    return await _do(hub, lambda tx: desk.count(tx, wish.sku, wish.warehouse, wish.counted, wish.key, wish.why, by))


@router.post("/defective")
async def defective(wish: Correction, hub: Hub, by: ByOperations) -> dict[str, Any]:
    """Good pieces are defective, or below zero the other way round."""
    return await _do(
        hub, lambda tx: desk.defective(tx, wish.sku, wish.warehouse, wish.quantity, wish.key, wish.why, by)
    )


@router.post("/scrap")
async def scrap(wish: Correction, hub: Hub, by: ByOperations) -> dict[str, Any]:
    """Defective pieces leave for good."""
    return await _do(hub, lambda tx: desk.scrap(tx, wish.sku, wish.warehouse, wish.quantity, wish.key, wish.why, by))


@router.get("/transfers")
async def list_transfers(hub: Hub, by: By, every: bool = False) -> dict[str, Any]:
    """Transfers that are under way; with `every` those that are over too."""
    async with hub.db.reading() as tx:
        return {"transfers": [row.model_dump(mode="json") for row in await transfers.list_transfers(tx, every=every)]}


@router.post("/transfers")
async def freeze(wish: Freeze, hub: Hub, by: ByOperations) -> dict[str, Any]:
    """Bind the goods of a transfer for some hours."""
    lasts = timedelta(hours=wish.hours)
    return await _do(hub, lambda tx: desk.freeze(tx, wish.number, wish.goods, wish.source, wish.target, lasts, by))


@router.post("/transfers/{number}/send")
async def send(number: str, hub: Hub, by: ByOperations) -> dict[str, Any]:
    """The goods leave. 409 when the freeze is not good any more; people were told then."""
    said = await _do(hub, lambda tx: desk.send(tx, number, by))
    if not said["sent"]:
        raise UpdateRefused(said["text"])
    return said


@router.post("/transfers/{number}/receive")
async def take_in(number: str, wish: Arrival, hub: Hub, by: ByOperations) -> dict[str, Any]:
    """The goods are there."""
    return await _do(hub, lambda tx: desk.take_in(tx, number, wish.arrived, by))


@router.post("/transfers/{number}/cancel")
async def cancel(number: str, hub: Hub, by: ByOperations) -> dict[str, Any]:
    """Let the goods go."""
    return await _do(hub, lambda tx: desk.cancel(tx, number, by))


@router.get("/incoming")
async def list_incoming(hub: Hub, by: By, sku: str = "", every: bool = False) -> dict[str, Any]:
    """Purchases on their way, the earliest first; with `every` those that are over too."""
    async with hub.db.reading() as tx:
        rows = await incoming.purchases(tx, sku=sku, every=every)
    return {"incoming": [row.model_dump(mode="json") for row in rows]}


@router.post("/incoming")
async def expect(wish: Purchase, hub: Hub, by: ByOperations) -> dict[str, Any]:
    """Keep an article of a purchase, or its better known date or quantity."""
    return await _do(
        hub, lambda tx: desk.expect(tx, wish.number, wish.sku, wish.warehouse, wish.quantity, wish.expected_at)
    )


@router.post("/incoming/{number}/receive")
async def came(number: str, wish: PurchaseCame, hub: Hub, by: ByOperations) -> dict[str, Any]:
    """Goods of a purchase came in. `ready` are the orders that have everything now."""
    return await _do(hub, lambda tx: desk.came(tx, number, wish.goods, wish.note, by))


@router.post("/incoming/{number}/call-off")
async def call_off(number: str, wish: CallOff, hub: Hub, by: ByOperations) -> dict[str, Any]:
    """What has not come will not come. `orders` are those that must be planned again."""
    return await _do(hub, lambda tx: desk.call_off(tx, number, wish.sku, by))


@router.get("/shares")
async def list_shares(hub: Hub, by: By) -> dict[str, Any]:
    """Every share."""
    async with hub.db.reading() as tx:
        return {"shares": [row.model_dump(mode="json") for row in await shares.list_shares(tx)]}


@router.post("/shares")
async def set_share(wish: Share, hub: Hub, by: ByOperations) -> dict[str, Any]:
    """Let a channel take at most so much of the pool."""
    return await _do(hub, lambda tx: desk.set_share(tx, wish.sku, wish.channel, wish.percent, by))


@router.post("/shares/remove")
async def remove_share(wish: NoShare, hub: Hub, by: ByOperations) -> dict[str, Any]:
    """Let a channel take what it can get."""
    return await _do(hub, lambda tx: desk.remove_share(tx, wish.sku, wish.channel))


async def _do(hub: Gateway, deed: Callable[[AsyncSession], Awaitable[desk.Said]]) -> dict[str, Any]:
    """200 with what came of it; what is refused is UpdateRefused."""
    try:
        async with desk.at_desk(hub.db) as tx:
            said = await deed(tx)
    except desk.Refused as refused:
        raise UpdateRefused(refused.text) from None
    return said.public()
