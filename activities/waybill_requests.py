"""What a courier is asked for one parcel, and under which key."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from activities.contracts import WaybillAsk
from domain.ids import partner_key, short_key
from domain.order import Order
from domain.shipping import Carrier, Goods, Provider, WaybillRequest
from domain.weight import parcel_weight
from store import articles, merges, orders
from store.tables import ParcelRow


def waybill_key(ask: WaybillAsk) -> str:
    """The idempotency key that the courier is given: the same attempt is the same waybill."""
    own_key = f"{ask.parcel_id}/{ask.provider}-{ask.carrier}/{ask.attempt}"
    return short_key(own_key) if ask.provider == Provider.DOUYIN else partner_key(own_key, limit=40)


async def request_for(tx: AsyncSession, ask: WaybillAsk) -> WaybillRequest:
    """What the courier is asked about a parcel, or about the whole box that it shares."""
    parcel = await tx.get(ParcelRow, ask.parcel_id)
    order = await orders.body(tx, ask.order_id, parcel.revision if parcel is not None else None)
    pieces = _pieces(parcel)
    weight_g = parcel_weight(pieces, await articles.weights(tx, pieces))
    request = _request(order, parcel, ask, waybill_key(ask), weight_g)
    return await _of_box(tx, parcel, request) if parcel is not None and parcel.box else request


def _pieces(parcel: ParcelRow | None) -> Counter[str]:
    pieces: Counter[str] = Counter()
    for item in parcel.items if parcel is not None else []:
        pieces[item["sku"]] += item["quantity"]
    return pieces


def _request(order: Order, parcel: ParcelRow | None, ask: WaybillAsk, key: str, weight_g: int) -> WaybillRequest:
    titles = {line.sku: line.title for line in order.lines}
    items = parcel.items if parcel is not None else []
    return WaybillRequest(
        key=key,
        parcel_id=ask.parcel_id,
        channel=order.channel,
        shop=order.shop,
        channel_order_no=order.number_at_channel,
        carrier=Carrier(ask.carrier),
        receiver=order.receiver,
        goods=tuple(Goods(item["sku"], titles.get(item["sku"], item["sku"]), item["quantity"]) for item in items),
        requirements=order.notes.requirements,
        weight_g=weight_g,
        value_fen=order.amounts.goods_fen,
    )


async def _of_box(tx: AsyncSession, parcel: ParcelRow, request: WaybillRequest) -> WaybillRequest:
    """On the waybill of a shared box stands all that lies in it."""
    goods, value = list(request.goods), request.value_fen
    for member in await merges.box_of(tx, parcel.order_id, parcel.box):
        if member.order_id == parcel.order_id:
            continue
        order = await orders.body(tx, member.order_id, member.revision)
        titles = {line.sku: line.title for line in order.lines}
        inside = [item for box in member.boxes if box["box"] == parcel.box for item in box["items"]]
        goods += [Goods(item["sku"], titles.get(item["sku"], item["sku"]), item["quantity"]) for item in inside]
        value += order.amounts.goods_fen
    pieces: Counter[str] = Counter()
    for one in goods:
        pieces[one.sku] += one.quantity
    weight = parcel_weight(pieces, await articles.weights(tx, pieces))
    return replace(request, goods=tuple(goods), value_fen=value, weight_g=weight)
