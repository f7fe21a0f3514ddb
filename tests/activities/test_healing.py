"""What is wrong in one way only is mended as the order is taken in; it is counted once, and everybody can see it."""

from __future__ import annotations

from typing import Any

from sqlmodel import col, select

from activities import contracts as c
from domain.order import Amounts, ClearReceiver, OrderLine, Region
from domain.tax import tax_in
from store import articles, healings, orders, taxes
from store.tables import HealingRow, OrderEventRow, TaskRow
from tests.activities.conftest import Bench
from tests.store.samples import index_row, order, receiver

CUP = OrderLine(line_no="2", sku="CUP", title="杯子", quantity=1, unit_price_fen=1000, amount_fen=900)
MUG = OrderLine(line_no="1", sku="MUG", title="马克杯", quantity=1, unit_price_fen=4950, amount_fen=4000)
TWO: dict[str, Any] = {"lines": (MUG, CUP), "amounts": Amounts(goods_fen=5950, discount_fen=1050, paid_fen=4900)}


def lives(detail: str, **region: str) -> ClearReceiver:
    return receiver(detail).model_copy(update={"region": Region(**region)})


async def rows(bench: Bench) -> list[HealingRow]:
    async with bench.db.reading() as tx:
        return list((await tx.execute(select(HealingRow).order_by(col(HealingRow.seq)))).scalars())


async def choices(bench: Bench) -> dict[str, bool]:
    """The tasks to choose between places, and whether each is done."""
    async with bench.db.reading() as tx:
        found = (await tx.execute(select(TaskRow).where(TaskRow.kind == "address_choice"))).scalars()
        return {task.text: task.closed_at is not None for task in found}


async def accept(bench: Bench, oid: str, revision: int) -> c.Accepted:
    once, twice = [await bench.run(c.ACCEPT_ORDER, c.OrderAt(oid, revision)) for _ in range(2)]
    assert once == twice
    assert isinstance(once, c.Accepted)
    return once


async def test_a_missing_level_is_filled_in_a_revision_of_its_own(bench: Bench) -> None:
    placed = await bench.order(receiver=lives("余杭区文一西路1号", province="浙江省", city="杭州市"))
    accepted = await accept(bench, placed.order_id, 1)
    assert (accepted.paid, accepted.revision) == (True, 2)
    assert [(flag.code, flag.hold) for flag in accepted.flags] == [("healing.healed", "")]
    async with bench.db.reading() as tx:
        mended = await orders.body(tx, placed.order_id)
        as_sent = await orders.sent_body(tx, placed.order_id)
        row = await index_row(tx, placed.order_id)
        [event] = (await tx.execute(select(OrderEventRow).where(OrderEventRow.what == "healing.healed"))).scalars()
    assert mended.receiver == lives("余杭区文一西路1号", province="浙江省", city="杭州市", district="余杭区")
    assert as_sent == placed
    assert (row.revision, row.signalled_revision) == (2, 2)  # the answer itself tells the workflow
    assert event.why == "address: 浙江省杭州市（缺少区县） → 浙江省杭州市余杭区"
    assert [(row.rule, row.outcome, row.after) for row in await rows(bench)] == [
        ("address", "healed", "浙江省杭州市余杭区")
    ]


async def test_the_same_address_in_a_later_document_is_mended_again_and_counted_once(bench: Bench) -> None:
    there = lives("余杭区文一西路1号", province="浙江省", city="杭州市")
    placed = await bench.order(receiver=there)
    digest = (await accept(bench, placed.order_id, 1)).ship_digest
    async with bench.db.transaction() as tx:
        customer = placed.customer.model_copy(update={"name": "N"})
        await orders.take(tx, order(version=2, receiver=there, customer=customer))
    again = await accept(bench, placed.order_id, 3)
    # What the warehouse was told is still true.
    assert (again.revision, again.ship_digest) == (4, digest)
    assert len(await rows(bench)) == 1


async def test_of_several_places_a_person_is_offered_each(bench: Bench) -> None:
    placed = await bench.order(receiver=lives("中山路1号", province="江苏省", district="鼓楼区"))
    accepted = await accept(bench, placed.order_id, 1)
    assert accepted.revision == 1
    assert {flag.hold for flag in accepted.flags} == {"ADDRESS_INCOMPLETE"}
    places = "江苏省南京市鼓楼区 / 江苏省徐州市鼓楼区"
    # Where people may live is in the store, and not in what the workflow is told.
    assert all("鼓楼" not in flag.detail for flag in accepted.flags)
    assert await choices(bench) == {f"地址不完整，可能是 {places}：请与买家确认后修改地址": False}
    # The buyer says which: the choice is made.
    told = lives("中山路1号", province="江苏省", city="徐州市", district="鼓楼区")
    async with bench.db.transaction() as tx:
        await orders.take(tx, order(version=2, receiver=told))
    await accept(bench, placed.order_id, 2)
    assert list((await choices(bench)).values()) == [True]
    async with bench.db.reading() as tx:
        assert (await healings.counts(tx))["address"] == {"healed": 0, "failed": 0, "person": 1}


async def test_what_nothing_tells_is_a_failure_and_stays_with_a_person(bench: Bench) -> None:
    placed = await bench.order(receiver=lives("示例大厦", province="江苏省", city="南京市"))
    accepted = await accept(bench, placed.order_id, 1)
    assert [flag.code for flag in accepted.flags] == ["address.district_missing"]
    assert [(row.outcome, row.after) for row in await rows(bench)] == [("failed", "")]


async def test_a_split_that_went_wrong_with_the_lines_is_made_anew(bench: Bench) -> None:
    placed = await bench.order(**TWO)
    await accept(bench, placed.order_id, 1)
    # The channel adds a gift, and its own split is a fen off.
    gift = CUP.model_copy(update={"line_no": "3", "sku": "G", "unit_price_fen": 0, "amount_fen": 0, "gift_of": "1"})
    lines = (MUG, CUP.model_copy(update={"amount_fen": 901}), gift)
    async with bench.db.transaction() as tx:
        await orders.take(tx, order(version=2, **{**TWO, "lines": lines}))
    accepted = await accept(bench, placed.order_id, 2)
    assert (accepted.revision, [flag.hold for flag in accepted.flags]) == (3, [""])
    async with bench.db.reading() as tx:
        mended = await orders.body(tx, placed.order_id)
    assert [line.amount_fen for line in mended.lines] == [4076, 824, 0]
    assert mended.amounts == placed.amounts
    [healing] = await rows(bench)
    assert (healing.rule, healing.outcome) == ("amounts", "healed")
    assert healing.before == "行 40.00+9.01+0.00，商品 59.50，运费 0.00，优惠 10.50，实付 49.00"


async def test_a_document_that_never_added_up_is_no_business_of_ours(bench: Bench) -> None:
    placed = await bench.order(**{**TWO, "lines": (MUG, CUP.model_copy(update={"amount_fen": 901}))})
    accepted = await accept(bench, placed.order_id, 1)
    assert [flag.hold for flag in accepted.flags] == ["FORMAT_INVALID"]
    assert await rows(bench) == []


async def test_what_could_be_mended_in_two_ways_is_a_persons(bench: Bench) -> None:
    placed = await bench.order(**TWO)
    await accept(bench, placed.order_id, 1)
    amounts = Amounts(goods_fen=5950, discount_fen=1050, paid_fen=4899)
    lines = (MUG.model_copy(update={"amount_fen": 3900}), CUP)
    async with bench.db.transaction() as tx:
        await orders.take(tx, order(version=2, lines=lines, amounts=amounts))
    accepted = await accept(bench, placed.order_id, 2)
    assert {flag.hold for flag in accepted.flags} == {"FORMAT_INVALID"}
    assert [(row.rule, row.outcome) for row in await rows(bench)] == [("amounts", "person")]


async def taxed(bench: Bench, oid: str) -> tuple[int, list[tuple[str, int, int]]]:
    """The newest revision with taxes, and each line's rate and tax."""
    async with bench.db.reading() as tx:
        kept = await taxes.newest(tx, oid)
    return kept[0].revision, [(row.line_no, row.rate_permille, row.tax_fen) for row in kept]


async def test_the_tax_follows_the_lines(bench: Bench) -> None:
    async with bench.db.transaction() as tx:
        await articles.put(tx, [articles.Article("CUP", category="books")])
    placed = await bench.order(**TWO)
    await accept(bench, placed.order_id, 1)
    assert await taxed(bench, placed.order_id) == (1, [("1", 130, tax_in(4000, 130)), ("2", 90, tax_in(900, 90))])
    # The channel's own split is a fen off with another line of its: the discount is divided anew.
    gift = CUP.model_copy(update={"line_no": "3", "sku": "G", "unit_price_fen": 0, "amount_fen": 0, "gift_of": "1"})
    lines = (MUG, CUP.model_copy(update={"amount_fen": 901}), gift)
    async with bench.db.transaction() as tx:
        await orders.take(tx, order(version=2, **{**TWO, "lines": lines}))
    assert (await accept(bench, placed.order_id, 2)).revision == 3
    told = (3, [("1", 130, tax_in(4076, 130)), ("2", 90, tax_in(824, 90)), ("3", 130, 0)])
    assert await taxed(bench, placed.order_id) == told
    # The cup is paid back: what is left is taxed anew.
    less = Amounts(goods_fen=4950, discount_fen=874, paid_fen=4076)
    left = (MUG.model_copy(update={"amount_fen": 4076}),)
    async with bench.db.transaction() as tx:
        await orders.take(tx, order(version=3, lines=left, amounts=less))
    await accept(bench, placed.order_id, 4)
    assert await taxed(bench, placed.order_id) == (4, [("1", 130, tax_in(4076, 130))])
