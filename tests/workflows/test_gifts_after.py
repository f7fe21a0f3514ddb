"""A gift that was scanned and forgotten all the same: customer service sends it after."""

from __future__ import annotations

from store.gifts_after import send_after
from store.orders import to_start
from store.tables import GiftRow, HealingRow
from tests.workflows.goods import GIFT, MUG
from tests.workflows.stage import Living, Stage
from workflows.contracts import OrderEnd


async def test_a_forgotten_gift_goes_in_an_order_of_its_own_and_the_channel_is_not_told(stage: Stage) -> None:
    await stage.receive("CARD", 2)
    order = await stage.start(lines=(MUG, GIFT))
    await order.packed({"MUG": 1, "CARD": 1})
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")

    async with stage.db.transaction() as tx:
        made = await send_after(tx, order.id, "2", "wei", "buyer called")
        [waiting] = await to_start(tx, 1)
    await stage.orders.start(waiting)
    handle = stage.client.get_workflow_handle(made.order_id, result_type=OrderEnd)
    number = order.order.channel_order_no
    after = Living(stage, order.order.model_copy(update={"channel_order_no": f"{number}-G1"}), handle)
    assert after.id == made.order_id
    await after.packed({"CARD": 1})
    await after.signed()
    assert await after.end() == OrderEnd("WARRANTY_ACTIVATED")

    assert list(stage.town.own.told) == [f"{order.id}#1"]
    assert "channel.not_told" in await after.steps()
    [gift] = await order.rows(GiftRow)
    assert (gift.status, gift.sent_after) == ("given", after.id)
    assert [(row.rule, row.outcome) for row in await order.rows(HealingRow)] == [("gift", "healed")]
    # Whoever gives out the waybill knows the channel's own number.
    assert {request.channel_order_no for request in stage.town.sf.asked} == {number}
