"""Orders of one buyer are found together, stay apart, and nothing personal is kept to find them by."""

from __future__ import annotations

from sqlmodel import select

from domain.news import OrderNews
from domain.order import Channel, Customer, Order
from intake.apply import apply
from intake.linking import Linker
from store import links
from store.tables import OrderLinkRow
from tests.intake.stage import Stage
from tests.store.samples import order, receiver

LINKER = Linker(b"made-up")


async def _arrive(stage: Stage, *orders: Order) -> None:
    for each in orders:
        await apply(stage.db, stage.orders, OrderNews(each), LINKER)


async def _linked(stage: Stage, order_id: str) -> dict[str, list[str]]:
    async with stage.db.transaction() as tx:
        return await links.linked(tx, order_id)


async def test_orders_of_one_phone_and_one_member_are_linked_across_channels(stage: Stage) -> None:
    member = Customer(external_id="T1", member_code="VIP7")
    shop = order("SO1", customer=Customer(external_id="C1", member_code="VIP7"))
    till = order("P1", channel=Channel.POS, shop="till", customer=member)
    other = order(
        "SO2", receiver=receiver().model_copy(update={"phone": "13800000009"}), customer=Customer(external_id="C2")
    )
    await _arrive(stage, shop, till, other)
    assert await _linked(stage, shop.order_id) == {till.order_id: ["member", "phone"]}
    assert await _linked(stage, other.order_id) == {}


async def test_children_of_a_split_purchase_are_linked_with_it(stage: Stage) -> None:
    nobody = Customer(external_id="")
    away = receiver().model_copy(update={"phone": "13800000000-1234"})  # everybody's number: links nothing
    parent = order("1", customer=nobody, receiver=away)
    children = [order(number, customer=nobody, receiver=away, parent_no="1") for number in ("2", "3")]
    await _arrive(stage, parent, *children)
    assert await _linked(stage, parent.order_id) == {child.order_id: ["purchase"] for child in children}


async def test_a_changed_phone_links_anew_and_nothing_personal_is_kept(stage: Stage) -> None:
    first = order("SO1", customer=Customer(external_id="C1"))
    second = order("SO2", customer=Customer(external_id="C2"))
    await _arrive(stage, first, second)
    assert await _linked(stage, first.order_id) == {second.order_id: ["phone"]}
    moved = receiver().model_copy(update={"phone": "13800000008"})
    await _arrive(stage, second.model_copy(update={"version": 2, "receiver": moved}))
    assert await _linked(stage, first.order_id) == {}
    async with stage.db.transaction() as tx:
        kept = str([row.model_dump() for row in (await tx.execute(select(OrderLinkRow))).scalars()])
    assert "13800000000" not in kept


def test_the_same_mark_has_another_digest_in_another_house() -> None:
    assert Linker(b"one").digests(order()) != Linker(b"two").digests(order())
