from __future__ import annotations

from typing import Any

import pytest

from domain.declaring import Supplied
from domain.extensions import Place, Scope, Value
from domain.golden import GoldenState
from domain.holds import HoldReason
from domain.order import Amounts, ChannelStatus, Declaration, Notes, OrderLine, Region
from domain.tags import Tag
from rules import engine, fields
from store import articles, declarations, extensions, orders
from store.articles import Article, TagOf
from store.tables import FlagRow, HoldRow, OrderRow, TaskRow
from tests.rules.documents import changed
from tests.rules.test_fields import published
from tests.store.samples import receiver
from tests.workflows.goods import mugs, short_address
from tests.workflows.stage import Living, Stage
from workflows.contracts import AddressWish, CancelOrder, DeclarationSupply, OrderEnd, ReleaseHold


async def test_an_order_that_does_not_add_up_waits_for_a_sound_document(stage: Stage) -> None:
    order = await stage.start(amounts=Amounts(goods_fen=4950, paid_fen=4949))
    await order.held(HoldReason.FORMAT_INVALID)
    assert (await order.row()).state is None
    assert "4949" in (await order.hold(HoldReason.FORMAT_INVALID)).detail
    assert await order.tasks() == {"hold.FORMAT_INVALID"}

    await order.document(amounts=Amounts(goods_fen=4950, paid_fen=4950))
    await order.reaches(GoldenState.STOCK_LOCKED)
    assert not await order.tasks()


async def test_nobody_may_release_an_order_that_does_not_add_up_by_hand(stage: Stage) -> None:
    order = await stage.start(amounts=Amounts(goods_fen=4950, paid_fen=4949))
    await order.held(HoldReason.FORMAT_INVALID)
    words = await order.refusal("release_hold", ReleaseHold("FORMAT_INVALID", "王", "让它过"))
    assert "不能人工放行" in words
    assert (await order.row()).holds == ["FORMAT_INVALID"]


async def test_a_region_that_lacks_a_level_is_completed_and_the_warehouse_told(stage: Stage) -> None:
    lacking = receiver("余杭区示例路1号").model_copy(update={"region": Region(province="浙江省", city="杭州市")})
    order = await stage.start(receiver=lacking)
    code = await order.instructed()
    told = stage.town.warehouse.orders[code].receiver
    assert told == lacking.model_copy(update={"region": Region(province="浙江省", city="杭州市", district="余杭区")})
    assert not (await order.row()).holds
    # Nothing is left to be told by the dispatcher.
    row = await order.row()
    assert (row.revision, row.signalled_revision) == (2, 2)
    await order.packed()
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")
    assert len(await order.deliveries()) == 1


async def test_all_reasons_are_shown_at_once(stage: Stage) -> None:
    order = await stage.start(amounts=Amounts(goods_fen=4950, paid_fen=4949), receiver=short_address())
    await order.held(HoldReason.FORMAT_INVALID, HoldReason.ADDRESS_INCOMPLETE)
    # One is mended, the other stays.
    await order.document(amounts=Amounts(goods_fen=4950, paid_fen=4950))
    await order.held(HoldReason.ADDRESS_INCOMPLETE)
    assert (await order.row()).state == "PAID"


async def _by_operator(order: Living) -> None:
    outcome = await order.ask("release_hold", ReleaseHold("ADDRESS_INCOMPLETE", "王", "电话确认过"))
    assert outcome.done
    assert "地址不完整" in outcome.text


async def _by_document(order: Living) -> None:
    await order.document(receiver=receiver())


async def _by_address_change(order: Living) -> None:
    await order.wishes(1, receiver())
    assert (await order.ask("change_address", AddressWish(1, "buyer"))).done
    await order.held(HoldReason.ADDRESS_CHANGE, HoldReason.ADDRESS_INCOMPLETE)
    assert (await order.ask("confirm_address", AddressWish(1, "王"))).done


@pytest.mark.parametrize("release", [_by_operator, _by_document, _by_address_change])
async def test_an_incomplete_address_is_released(stage: Stage, release) -> None:  # type: ignore[no-untyped-def]
    order = await stage.start(receiver=short_address())
    await order.held(HoldReason.ADDRESS_INCOMPLETE)
    await release(order)
    await order.packed()
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")
    assert not (await order.row()).holds


async def test_a_hold_that_is_not_open_cannot_be_released(stage: Stage) -> None:
    order = await stage.start()
    await order.instructed()
    assert "地址不完整" in await order.refusal("release_hold", ReleaseHold("ADDRESS_INCOMPLETE", "王", ""))
    assert "NO_SUCH" in await order.refusal("release_hold", ReleaseHold("NO_SUCH", "王", ""))


async def test_a_hold_that_nobody_releases_is_escalated_again_and_again(stage: Stage) -> None:
    order = await stage.start(receiver=short_address())
    await order.held(HoldReason.ADDRESS_INCOMPLETE)
    first = (await order.hold(HoldReason.ADDRESS_INCOMPLETE)).deadline
    await order.pass_time(hours=2, minutes=1)
    await order.step("hold.escalated")
    await order.pass_time(hours=2, minutes=1)
    await order.step("hold.escalated", times=2)

    hold = await order.hold(HoldReason.ADDRESS_INCOMPLETE)
    assert hold.escalated == 2
    assert (hold.deadline - first).total_seconds() == pytest.approx(4 * 3600, abs=120)
    alerts = [task for task in await order.rows(TaskRow) if task.severity == "alert"]
    assert [task.kind for task in alerts] == ["hold_overdue", "hold_overdue"]

    await order.document(receiver=receiver())
    await order.reaches(GoldenState.STOCK_LOCKED)


async def test_a_document_that_cancels_ends_the_order(stage: Stage) -> None:
    order = await stage.start(receiver=short_address())
    await order.held(HoldReason.ADDRESS_INCOMPLETE)
    await order.document(status=ChannelStatus.CANCELLED)
    assert (await order.end()).exit == "CANCELLED"
    assert not (await order.row()).holds


# --------------------------------------------------------------------------------------- what the house objects to


def _risky() -> dict[str, Any]:
    """Six articles for 36,000 yuan."""
    lines = [
        OrderLine(line_no=str(n), sku="MUG" if n == 1 else f"A{n}", title="x", quantity=1, unit_price_fen=600_000,
                  amount_fen=600_000)
        for n in range(1, 7)
    ]  # fmt: skip
    return {"lines": tuple(lines), "amounts": Amounts(goods_fen=3_600_000, paid_fen=3_600_000)}


async def test_a_risk_waits_for_quality_control_which_is_asked_once(stage: Stage) -> None:
    order = await stage.start(**_risky())
    await order.held(HoldReason.RISK)
    hold = await order.hold(HoldReason.RISK)
    # The channel says something new, and the finding is the same: the hold stays, and its deadline with it.
    await order.document(notes=Notes(buyer="请尽快"))
    await order.step("order.accepted", times=2)
    assert (await order.hold(HoldReason.RISK)).deadline == hold.deadline

    assert (await order.ask("release_hold", ReleaseHold("RISK", "质控王", "电话核实"))).done
    await order.held(HoldReason.STOCK_SHORT)
    await order.document(notes=Notes(buyer="再快些"))
    await order.channel_cancels()
    assert (await order.end()).exit == "CANCELLED"
    risks = [row for row in await order.rows(HoldRow) if row.reason == HoldReason.RISK]
    assert [(row.closed_by, row.how) for row in risks] == [("质控王", "OPERATOR")]
    flags = [flag for flag in await order.rows(FlagRow) if flag.hold]
    assert {(flag.code, flag.released_by, flag.released_why) for flag in flags} == {
        ("risk.many_articles", "质控王", "电话核实"),
        ("risk.very_large", "质控王", "电话核实"),
    }


async def test_a_risk_that_is_gone_ends_its_hold_by_itself(stage: Stage) -> None:
    order = await stage.start(**_risky())
    await order.held(HoldReason.RISK)
    await order.document(**mugs(1))
    await order.reaches(GoldenState.STOCK_LOCKED)
    (row,) = [row for row in await order.rows(HoldRow) if row.reason == HoldReason.RISK]
    assert row.how == "DOCUMENT"


def _priced(paid: int) -> dict[str, Any]:
    """A mug for 300 yuan in the shop that has promotions: 88 折 in Hangzhou, so that 264 are due."""
    line = OrderLine(line_no="1", sku="MUG", title="x", quantity=1, unit_price_fen=30000, amount_fen=paid)
    amounts = Amounts(goods_fen=30000, discount_fen=30000 - paid, paid_fen=paid)
    return {"shop": "示例店铺", "lines": (line,), "amounts": amounts}


async def test_another_price_than_promised_waits_is_escalated_and_released_once(stage: Stage) -> None:
    order = await stage.start(**_priced(26000))
    await order.held(HoldReason.PRICE_CONFLICT)
    assert "应付 264.00" in (await order.hold(HoldReason.PRICE_CONFLICT)).detail
    await order.pass_time(hours=4, minutes=1)
    await order.step("hold.escalated")
    assert "hold_overdue" in await order.tasks()
    assert (await order.ask("release_hold", ReleaseHold("PRICE_CONFLICT", "运营王", "差价已核实"))).done
    await order.reaches(GoldenState.STOCK_LOCKED)
    await order.document(notes=Notes(buyer="请尽快"))
    await order.step("order.accepted", times=2)
    assert not (await order.row()).holds


async def test_a_document_with_the_price_that_is_due_ends_the_hold(stage: Stage) -> None:
    order = await stage.start(**_priced(30000))
    await order.held(HoldReason.PRICE_CONFLICT)
    await order.document(**_priced(26400))
    await order.reaches(GoldenState.STOCK_LOCKED)
    (row,) = [row for row in await order.rows(HoldRow) if row.reason == HoldReason.PRICE_CONFLICT]
    assert row.how == "DOCUMENT"


async def test_goods_that_lack_a_registration_wait_until_it_is_written_down(stage: Stage) -> None:
    async with stage.db.transaction() as tx:
        await articles.put(tx, [Article("MUG", category="infant_formula", grade=1)])
    order = await stage.start()
    await order.held(HoldReason.COMPLIANCE)
    assert "不能人工放行" in await order.refusal("release_hold", ReleaseHold("COMPLIANCE", "王", ""))
    async with stage.db.transaction() as tx:
        tag = Tag("formula_registration", "国食注字YP20170001")
        await articles.put_tags(tx, [TagOf("MUG", tag)])
    await order.told()
    await order.reaches(GoldenState.STOCK_LOCKED)
    (row,) = await order.rows(HoldRow)
    assert (row.closed_by, row.how) == ("orderhub", "RETRY")


async def test_goods_that_the_law_forbids_are_cancelled(stage: Stage) -> None:
    async with stage.db.transaction() as tx:
        await articles.put(tx, [Article("MUG", category="never_online")])
    order = await stage.start()
    await order.held(HoldReason.COMPLIANCE_BLOCKED)
    assert (await order.ask("cancel", CancelOrder("禁售", "王"))).done
    assert (await order.end()).exit == "CANCELLED"


async def test_a_field_that_the_merchant_asks_for_waits_until_it_is_supplied(stage: Stage) -> None:
    document = changed(fields.NAME, "serials", required="true", channel='"own"')
    document["orderhub"].pop("examples")
    engine.use(published(document))
    try:
        order = await stage.start()
        await order.held(HoldReason.FIELDS_MISSING)
        assert "ext.serial_no" in (await order.hold(HoldReason.FIELDS_MISSING)).detail
        assert "不能人工放行" in await order.refusal("release_hold", ReleaseHold("FIELDS_MISSING", "王", ""))
        async with stage.db.transaction() as tx:
            line_no = (await orders.body(tx, order.id)).lines[0].line_no
            value = Value(Place(Scope.LINE, line_no), "serial_no", "SN-1")
            await extensions.supply(tx, await tx.get_one(OrderRow, order.id), [value], "王", fields.definitions())
        await order.told()
        code = await order.instructed()
    finally:
        engine.use(engine.Book())
    assert stage.town.warehouse.orders[code].lines[0].extras == {"serial_no": "SN-1"}
    (row,) = await order.rows(HoldRow)
    assert (row.closed_by, row.how) == ("orderhub", "RETRY")


_HERE = {
    "consignee_name": "Ann Test",
    "consignee_addr": "1 Test St",
    "consignee_city": "Testville",
    "consignee_state": "CA",
    "consignee_postcode": "94105",
    "consignee_phone": "+1 555 0100",
    "consignee_email": "ann@example.com",
    "exporter_uscc": "99000000MA0000000X",
    "customs_reg_no": "3501999999",
    "shipper_name": "Test Trading",
    "duty_payer": "seller",
}
_MUG_TAGS = {
    "hs_code": "6911101900",
    "goods_desc_en": "Ceramic mug",
    "origin_country": "CN",
    "net_weight_g": "350",
    "gross_weight_g": "500",
}


async def _supplies(order: Living, values: Supplied) -> str:
    async with order.stage.db.transaction() as tx:
        n = await declarations.wish(tx, order.id, values, "李")
    return (await order.ask("supply_declaration", DeclarationSupply(n, "李"))).text


async def test_what_a_declaration_lacks_is_asked_for_and_supplied(stage: Stage) -> None:
    order = await stage.start(declaration=Declaration(destination="US", fields=_HERE))
    await order.held(HoldReason.DECLARATION_INCOMPLETE)
    await order.calls("messenger", "send")
    assert [message.template for message in stage.town.messenger.sent] == ["declaration"]
    deadline = (await order.hold(HoldReason.DECLARATION_INCOMPLETE)).deadline
    assert "不能人工放行" in await order.refusal("release_hold", ReleaseHold("DECLARATION_INCOMPLETE", "王", ""))

    assert "还缺 1 项：缺商业发票号" in await _supplies(order, Supplied({}, {"1": _MUG_TAGS}))
    await order.step("order.accepted", times=2)
    hold = await order.hold(HoldReason.DECLARATION_INCOMPLETE)
    assert (hold.deadline, hold.detail) == (deadline, "发往美国的申报资料缺 1 项：缺商业发票号")
    assert await _supplies(order, Supplied({"invoice_no": "I1"})) == "申报资料已补全"
    await order.reaches(GoldenState.STOCK_LOCKED)
    (row,) = await order.rows(HoldRow)
    assert (row.closed_by, row.how) == ("李", "SUPPLY")
    assert "没有待补全" in await order.refusal("supply_declaration", DeclarationSupply(1, "李"))
    assert len(stage.town.messenger.sent) == 1


async def test_a_declaration_may_be_completed_by_a_document_or_an_article(stage: Stage) -> None:
    lacking = Declaration(destination="US", fields={**_HERE, "invoice_no": "I1"})
    order = await stage.start(declaration=lacking)
    await order.held(HoldReason.DECLARATION_INCOMPLETE)
    async with stage.db.transaction() as tx:
        await articles.put(tx, [Article("MUG", category="tableware")])
        tags = {**_MUG_TAGS, "origin_country": "CN"}
        await articles.put_tags(tx, [TagOf("MUG", Tag(kind, value)) for kind, value in tags.items()])
    await order.told()
    await order.reaches(GoldenState.STOCK_LOCKED)
    assert [row.how for row in await order.rows(HoldRow)] == ["RETRY"]


async def test_what_came_to_light_while_the_warehouse_packed_keeps_the_parcel_here(stage: Stage) -> None:
    order = await stage.start()
    report = stage.town.warehouse.pack(await order.instructed())
    async with stage.db.transaction() as tx:
        await articles.put(tx, [Article("MUG", category="infant_formula", grade=1)])
    await order.document(notes=Notes(buyer="请尽快"))
    await order.held(HoldReason.COMPLIANCE)
    await order.warehouse_reports(report)
    await order.reaches(GoldenState.PACKED)
    await order.rests()
    assert (await order.row()).state == "PACKED"
    assert not stage.town.own.told
    # Reviewed again, it is found again: the parcel stays.
    await order.document(notes=Notes(buyer="再快些"))
    await order.step("order.accepted", times=3)
    assert (await order.row()).holds == ["COMPLIANCE"]

    async with stage.db.transaction() as tx:
        await articles.put_tags(tx, [TagOf("MUG", Tag("formula_registration", "国食注字YP20170001"))])
    await order.told()
    await order.reaches(GoldenState.WAYBILL_RETURNED)
    assert not (await order.row()).holds
