"""Cancelled orders, money, ciphertext, messages, credit, documents and holds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlmodel import col, select

from store import inbox
from store.tables import (
    CreditCheckRow,
    DeliveryRow,
    HoldRow,
    OrderRow,
    OrderVersionRow,
    ReservationRow,
)
from tests.audit.clean import BY_HAND, CANCELLED, CLEAR, CREDIT, DOUYIN, REFUSED
from tests.audit.conftest import Serve
from tests.audit.planting import Damage, Planted, assert_found, change
from tests.audit.world import World, delivery_code, waybill_key

PLANTED = Planted()


@PLANTED.damage("cancelled_undone", CANCELLED.order_id, "is pushed")
async def an_instruction_left_in_the_store(world: World) -> None:
    await change(world, DeliveryRow, col(DeliveryRow.code) == delivery_code(CANCELLED), status="pushed")


@PLANTED.damage("cancelled_undone", CANCELLED.order_id, "is ACCEPTED at the warehouse")
async def an_instruction_left_at_the_warehouse(world: World) -> None:
    world.entry("qimen", "deliveries", code=delivery_code(CANCELLED))["status"] = "ACCEPTED"


@PLANTED.damage("cancelled_undone", CANCELLED.order_id, "waybill SF97 is live in the store")
async def a_waybill_left(world: World) -> None:
    await world.waybill(CANCELLED, "manual", "SF97")


@PLANTED.damage("cancelled_undone stock_conserved pool_bound", CANCELLED.order_id, "1 x MUG are locked")
async def stock_left(world: World) -> None:
    await change(world, ReservationRow, col(ReservationRow.order_id) == CANCELLED.order_id, status="locked")


async def one_fen(world: World, part: str) -> None:
    async with world.db.transaction() as tx:
        version = await tx.get(OrderVersionRow, (CLEAR.order_id, 1))
        assert version is not None
        body = json.loads(json.dumps(version.body))
        if part == "lines":
            body["lines"][0]["amount_fen"] += 1
        else:
            body["amounts"][part] += 1
        version.body = body


@PLANTED.damage("splits_sum", CLEAR.order_id, "lines and freight sum to 10434 fen, paid are 10433: off by 1")
async def a_split_off_by_one_fen(world: World) -> None:
    await one_fen(world, "lines")


@PLANTED.damage("splits_sum", CLEAR.order_id, "goods + freight - discount is 10432 fen, paid are 10433: off by -1")
async def a_discount_off_by_one_fen(world: World) -> None:
    await one_fen(world, "discount_fen")


@PLANTED.damage("splits_sum", DOUYIN.order_id, "paid 4950 fen here, 4951 fen at its channel")
async def a_payment_off_by_one_fen(world: World) -> None:
    world.entry("douyin", "orders", order_no=DOUYIN.channel_order_no)["paid_fen"] += 1


@PLANTED.damage("splits_sum", REFUSED.order_id, "revision 2 of its body is no order")
async def a_body_that_is_no_order(world: World) -> None:
    async with world.db.transaction() as tx:
        [at] = (
            await tx.execute(select(OrderVersionRow.at).where(OrderVersionRow.order_id == CLEAR.order_id))
        ).scalars()
        tx.add(
            OrderVersionRow(
                order_id=REFUSED.order_id,
                revision=2,
                version=1,
                fingerprint="",
                origin="somebody",
                body={"phone": "13800000000"},
                at=at,
            )
        )


@PLANTED.damage("ciphertext_kept", DOUYIN.order_id, "its receiver is encrypted, but cainiao was asked")
async def a_ciphertext_taken_to_a_courier(world: World) -> None:
    await world.waybill(DOUYIN, "cainiao", "", status="refused", n=2)
    world.books["cainiao"]["waybills"].pop()


@PLANTED.damage("ciphertext_kept one_live_waybill", DOUYIN.order_id, "its receiver is encrypted, but sf was asked")
async def a_ciphertext_in_a_couriers_book(world: World) -> None:
    entry = {**world.entry("sf", "waybills", number="SF1000000000001"), "key": waybill_key(DOUYIN, "douyin")}
    world.books["sf"]["waybills"].append({**entry, "live": False})


@PLANTED.damage("messages_once", "clerk-1", "sent 2 times")
async def a_message_sent_twice(world: World) -> None:
    world.books["sms"]["messages"] *= 2


@PLANTED.damage("messages_once", "clerk-2", "the store knows nothing of it")
async def a_message_of_nobody(world: World) -> None:
    world.books["sms"]["messages"].append({**world.entry("sms", "messages", out_id="clerk-1"), "out_id": "clerk-2"})


def reserved_credit(world: World, order_no: str) -> dict[str, Any]:
    return world.entry("credit", "reservations", reservation_id=f"rsv-{order_no}")


@PLANTED.damage("credit_settled", CREDIT.order_id, "is RESERVED at the bureau, should be COMMITTED")
async def credit_never_used(world: World) -> None:
    reserved_credit(world, "CREDIT")["status"] = "RESERVED"


@PLANTED.damage("credit_settled", CREDIT.order_id, "but reserved in the store")
async def credit_that_the_store_thinks_reserved(world: World) -> None:
    of_order = col(CreditCheckRow.order_id) == CREDIT.order_id
    await change(world, CreditCheckRow, of_order, reservation="reserved")


@PLANTED.damage("credit_settled cancelled_undone", CANCELLED.order_id, "is COMMITTED at the bureau, should be RELEASED")
async def credit_used_for_nothing(world: World) -> None:
    reserved_credit(world, "CANCELLED")["status"] = "COMMITTED"


@PLANTED.damage("credit_settled", "rsv-CREDIT", "of which the store knows nothing")
async def credit_of_nobody(world: World) -> None:
    reserved_credit(world, "CREDIT")["request_id"] = "nobodys"


@PLANTED.damage("credit_settled", "own:main:GONE", "for an order that the store does not have")
async def credit_of_no_order(world: World) -> None:
    of_order = col(CreditCheckRow.order_id) == CREDIT.order_id
    await change(world, CreditCheckRow, of_order, order_id="own:main:GONE")


@PLANTED.damage("inbox_empty", "inbox/11", "a document of own (order) is still new after 0 tries")
async def a_document_left_lying(world: World) -> None:
    async with world.db.transaction() as tx:
        await inbox.put(tx, inbox.Incoming("own", "order", "main:LATE", 1, "{}"))


@PLANTED.damage("inbox_empty", "inbox/11", "a document of kdniao (track) is in quarantine")
async def a_document_that_nobody_could_read(world: World) -> None:
    async with world.db.transaction() as tx:
        await inbox.put_quarantined(tx, inbox.Incoming("kdniao", "track", "T1", 1, "<13800000000>"), "no JSON")


@PLANTED.damage("holds_closed", f"{BY_HAND.order_id}/hold/1", "is open, but its order is closed")
async def a_hold_that_was_forgotten(world: World) -> None:
    await change(world, HoldRow, col(HoldRow.order_id) == BY_HAND.order_id, closed_at=None)


@PLANTED.damage("holds_closed", BY_HAND.order_id, "the index shows the holds STOCK_SHORT, open are none")
async def a_hold_that_is_only_shown(world: World) -> None:
    await change(world, OrderRow, col(OrderRow.order_id) == BY_HAND.order_id, holds=["STOCK_SHORT"])


@PLANTED.damage("holds_closed", f"{BY_HAND.order_id}/hold/1", "by whom and how is not known")
async def a_hold_that_nobody_released(world: World) -> None:
    await change(world, HoldRow, col(HoldRow.order_id) == BY_HAND.order_id, closed_by="")


@PLANTED.damage("holds_closed", f"{BY_HAND.order_id}/hold/1", "has no policy")
async def a_hold_without_an_exit(world: World) -> None:
    await change(world, HoldRow, col(HoldRow.order_id) == BY_HAND.order_id, reason="BAD_MOOD")


@PLANTED.damage("holds_closed", f"{BY_HAND.order_id}/hold/1", "no deadline after its opening")
async def a_hold_without_a_deadline(world: World) -> None:
    opened = col(HoldRow.opened_at)
    await change(world, HoldRow, col(HoldRow.order_id) == BY_HAND.order_id, deadline=opened)


@pytest.mark.parametrize("planted", PLANTED.params())
async def test_a_damage_is_found(world: World, serve: Serve, planted: Damage) -> None:
    await assert_found(world, serve, planted)
