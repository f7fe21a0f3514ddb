"""Statements without the ORM see what the session has not written yet, as the ORM's own do."""

from __future__ import annotations

from typing import Any

from store import dossiers, orders
from store.database import Database
from store.tables import OrderVersionRow, SkuRow
from tests.store.samples import NOON, order


async def test_what_is_pending_is_asked_for(database: Database) -> None:
    async with database.transaction() as tx:
        tx.add(SkuRow(sku="CUP", title="a cup"))
        known, _ = await dossiers.goods(tx, ["CUP"])
        assert known["CUP"].title == "a cup"
        (await tx.get_one(SkuRow, "CUP")).title = "a mug"
        known, _ = await dossiers.goods(tx, ["CUP"])
        assert known["CUP"].title == "a mug"


async def test_the_newest_body_is_not_always_what_was_sent(database: Database) -> None:
    one = order("SO1")
    mended = one.model_copy(update={"coupons": ("C1",)})
    async with database.transaction() as tx:
        await orders.take(tx, one)
        values: dict[str, Any] = {"order_id": one.order_id, "revision": 2, "version": 1, "fingerprint": "", "at": NOON}
        tx.add(OrderVersionRow(**values, body=mended.model_dump(mode="json"), origin=orders.HEALING))
        assert await orders.kept(tx, one.order_id) == orders.Kept(mended, orders.HEALING)
        assert await orders.kept(tx, one.order_id, 1) == orders.Kept(one, orders.CHANNEL)
        assert await orders.sent_body(tx, one.order_id) == one
