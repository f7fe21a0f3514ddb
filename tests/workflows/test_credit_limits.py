"""Orders on account whose customer has a limit of our own."""

from __future__ import annotations

from domain.golden import GoldenState
from domain.holds import HoldReason
from domain.order import Amounts, Channel
from store import credit_limits
from store.tables import CreditLimitRow, InvoiceMomentRow
from tests.workflows.goods import on_account
from tests.workflows.stage import Living, Stage, until
from workflows.contracts import CancelOrder, OrderEnd, ReleaseHold


async def _limit(stage: Stage, fen: int) -> None:
    async with stage.db.transaction() as tx:
        await credit_limits.set_limit(tx, Channel.OWN, "C9", fen, "zhao", "额度")


async def _standing(stage: Stage) -> tuple[int, int]:
    async with stage.db.reading() as tx:
        row = await tx.get_one(CreditLimitRow, (Channel.OWN, "C9"))
    return row.reserved_fen, row.used_fen


async def test_it_reserves_at_the_review_and_owes_when_it_has_left(stage: Stage) -> None:
    await _limit(stage, 5_000)
    order = await stage.start(**on_account())
    await order.instructed()
    assert await _standing(stage) == (4_950, 0)
    assert stage.town.bureau.calls["check"] == 0, "the house's own limit goes before the bureau"
    await order.packed()
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")
    assert await _standing(stage) == (0, 4_950)
    assert [moment.amount_fen for moment in await order.rows(InvoiceMomentRow)] == [4_950]


async def test_over_the_limit_it_waits_until_another_order_lets_go(stage: Stage) -> None:
    await _limit(stage, 5_000)
    first = await stage.start(**on_account())
    await first.instructed()
    second = await stage.start(**on_account())
    await second.held(HoldReason.CREDIT_LIMIT)
    assert "可用 0.50 元" in (await second.hold(HoldReason.CREDIT_LIMIT)).detail
    assert (await first.ask("cancel", CancelOrder("不要了", "buyer"))).done
    await second.told()  # the dispatcher tells it that it is to be reviewed again
    await second.reaches(GoldenState.STOCK_LOCKED)
    assert (await second.row()).holds == []
    assert await _standing(stage) == (4_950, 0)


async def test_an_order_that_costs_less_lets_another_in(stage: Stage) -> None:
    await _limit(stage, 9_000)
    first = await stage.start(**on_account())
    await first.instructed()
    second = await stage.start(**on_account())
    await second.held(HoldReason.CREDIT_LIMIT)
    line = first.order.lines[0].model_copy(update={"amount_fen": 4_000})
    await first.document(lines=(line,), amounts=Amounts(goods_fen=4_950, discount_fen=950, paid_fen=4_000))
    await first.step("order.accepted", times=2)
    await until(lambda: _told_again(second), "a review again")
    await second.told()
    await second.reaches(GoldenState.STOCK_LOCKED)
    assert await _standing(stage) == (8_950, 0)


async def _told_again(order: Living) -> bool:
    return (await order.row()).revision > 1


async def test_finance_lets_one_pass_and_it_counts_all_the_same(stage: Stage) -> None:
    await _limit(stage, 100)
    order = await stage.start(**on_account())
    await order.held(HoldReason.CREDIT_LIMIT)
    assert (await order.ask("release_hold", ReleaseHold("CREDIT_LIMIT", "zhao", "老客户"))).done
    await order.reaches(GoldenState.STOCK_LOCKED)
    assert await _standing(stage) == (4_950, 0)
