"""What each kind of news changes, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import func, select

from connectors.errors import DocumentUnreadable
from domain.clock import utc_now
from domain.news import (
    CancelNews,
    CreditNews,
    OrderNews,
    PaymentNews,
    RefundNews,
    SmsReceipt,
    StockChangeNews,
    TrackNews,
    WarehouseNews,
)
from domain.order import Amounts, Channel, ChannelStatus, Notes, Order
from domain.refund import Refund, RefundKind, RefundStatus
from domain.shelves import Quality, ShelfChange
from domain.shipping import (
    Carrier,
    CreditAnswer,
    CreditDecision,
    Package,
    ScannedItem,
    TrackCode,
    TrackNode,
    TrackReport,
    WarehouseReport,
    WarehouseStatus,
)
from intake.apply import NotYet, apply
from store import credit, orders
from store.tables import (
    CreditCheckRow,
    DeliveryRow,
    NotificationRow,
    OrderVersionRow,
    ParcelRow,
    ShelfChangeRow,
    TaskRow,
    TrackNodeRow,
    WarehouseReportRow,
    WaybillRow,
    WithdrawnOrderRow,
)
from tests.intake.stage import Stage
from tests.store.samples import NOON, order, receiver
from workflows.contracts import CancelSignal, CreditSignal, ReportSignal, TrackSignal

SO1 = order("SO1").order_id
CODE, NUMBER = "own-main-SO1-push-1", "SF1000000000001"


async def _count(stage: Stage, table: type) -> int:
    async with stage.db.transaction() as tx:
        return int((await tx.execute(select(func.count()).select_from(table))).scalar_one())


# ------------------------------------------------------------------------------------------------ orders


async def test_an_order_is_new_then_a_duplicate_then_newer_then_stale(stage: Stage) -> None:
    first, second = order("SO1"), order("SO1", version=2, receiver=receiver("示例路2号"))
    said = [await apply(stage.db, stage.orders, OrderNews(news)) for news in (first, first, second, first, second)]
    assert said == ["new", "duplicate", "newer", "stale", "duplicate"]
    assert await _count(stage, OrderVersionRow) == 2
    row = await stage.index(SO1)
    assert (row.version, row.revision) == (2, 2)
    assert stage.orders.told == []  # the dispatcher tells, from the store
    assert stage.orders.start_calls == []


async def test_an_unpaid_order_becomes_paid(stage: Stage) -> None:
    unpaid = order("SO1", status=ChannelStatus.UNPAID, paid_at=None)
    assert await apply(stage.db, stage.orders, OrderNews(unpaid)) == "new"
    assert (await stage.index(SO1)).paid_at is None
    assert await apply(stage.db, stage.orders, OrderNews(order("SO1", version=2))) == "newer"
    row = await stage.index(SO1)
    assert (row.status, row.paid_at) == ("PAID", NOON)


def _mini(version: int = 1, **changes: Any) -> Order:
    """A mini-program's order as its own backend sends it: unpaid, for WeChat Pay tells of the money."""
    values = {"channel": Channel.WECHAT, "shop": "wx1", "status": ChannelStatus.UNPAID, "paid_at": None}
    return order("SO1", version=version, **(values | changes))


async def test_a_payment_stays_whatever_the_shop_says_later(stage: Stage) -> None:
    for news in (_mini(), _mini(status=ChannelStatus.PAID, paid_at=NOON), _mini(2, notes=Notes(buyer="快点"))):
        await apply(stage.db, stage.orders, OrderNews(news))
    row = await stage.index("wechat:wx1:SO1")
    assert (row.status, row.paid_at, row.version, row.revision) == ("PAID", NOON, 2, 3)
    async with stage.db.reading() as tx:
        newest = await orders.find(tx, Channel.WECHAT, "wx1", "SO1")
    assert newest is not None
    assert (newest.paid, newest.notes.buyer) == (True, "快点")
    assert await apply(stage.db, stage.orders, OrderNews(_mini(2, notes=Notes(buyer="快点")))) == "duplicate"


async def test_what_was_paid_does_not_pay_for_more(stage: Stage) -> None:
    for news in (_mini(), _mini(status=ChannelStatus.PAID, paid_at=NOON)):
        await apply(stage.db, stage.orders, OrderNews(news))
    dearer = _mini(2, amounts=Amounts(goods_fen=4950, freight_fen=600, paid_fen=5550))
    with pytest.raises(DocumentUnreadable, match="5550 fen, and 4950 fen were paid"):
        await apply(stage.db, stage.orders, OrderNews(dearer))
    assert (await stage.index("wechat:wx1:SO1")).version == 1
    cancelled = _mini(3, status=ChannelStatus.CANCELLED, amounts=dearer.amounts)
    assert await apply(stage.db, stage.orders, OrderNews(cancelled)) == "newer"
    assert (await stage.index("wechat:wx1:SO1")).status == "CANCELLED"


def _payment(amount: int = 4950, number: str = "SO1") -> PaymentNews:
    return PaymentNews(Channel.WECHAT, "wx1", number, amount, NOON)


async def test_a_payment_makes_its_order_ready_to_start(stage: Stage) -> None:
    await apply(stage.db, stage.orders, OrderNews(_mini()))
    assert await apply(stage.db, stage.orders, _payment()) == "newer"
    assert await apply(stage.db, stage.orders, _payment()) == "duplicate"
    row = await stage.index("wechat:wx1:SO1")
    assert (row.status, row.paid_at) == ("PAID", NOON)


async def test_a_payment_before_its_order_comes_again_later(stage: Stage) -> None:
    with pytest.raises(NotYet):
        await apply(stage.db, stage.orders, _payment())
    await apply(stage.db, stage.orders, OrderNews(_mini()))
    assert await apply(stage.db, stage.orders, _payment()) == "newer"


async def test_a_payment_of_another_amount_is_somebodys_task(stage: Stage) -> None:
    await apply(stage.db, stage.orders, OrderNews(_mini()))
    for _ in range(2):
        with pytest.raises(DocumentUnreadable, match=r"49\.49 yuan were paid for an order of 49\.50 yuan"):
            await apply(stage.db, stage.orders, _payment(4949))
    assert (await stage.index("wechat:wx1:SO1")).status == "UNPAID"
    async with stage.db.reading() as tx:
        (task,) = (await tx.execute(select(TaskRow))).scalars()
    assert (task.kind, task.order_id, task.severity) == ("payment_differs", "wechat:wx1:SO1", "alert")
    assert "49.49" in task.text


@pytest.mark.parametrize(("shop", "number"), [("wx1", "SO9"), ("wx2", "SO1"), ("wx1", "S O"), ("", "")])
async def test_an_order_that_is_not_here_is_not_found(stage: Stage, shop: str, number: str) -> None:
    await apply(stage.db, stage.orders, OrderNews(_mini()))
    async with stage.db.reading() as tx:
        assert await orders.find(tx, Channel.WECHAT, shop, number) is None


# ------------------------------------------------------------------------------------------------ cancellations


def _cancel(number: str = "SO1") -> CancelNews:
    return CancelNews(Channel.OWN, "main", number, "不要了")


async def test_a_cancellation_before_its_order_waits(stage: Stage) -> None:
    with pytest.raises(NotYet, match="own:main:SO9 is not here yet"):
        await apply(stage.db, stage.orders, _cancel("SO9"))


async def test_a_cancellation_before_the_start_keeps_the_order_from_starting(stage: Stage) -> None:
    await apply(stage.db, stage.orders, OrderNews(order("SO1")))
    for _ in range(2):
        assert await apply(stage.db, stage.orders, _cancel()) == "cancelled before it was started"
    assert await stage.dispatcher().start_orders() == 0
    assert (await stage.index(SO1)).status == "CANCELLED"
    assert stage.orders.told == []


async def test_a_cancellation_after_the_start_is_told(stage: Stage) -> None:
    await stage.started(order("SO1"))
    assert await apply(stage.db, stage.orders, _cancel()) == "told"
    assert stage.orders.told == [(SO1, "cancelled", CancelSignal("不要了", "channel:own"))]


async def test_a_cancellation_of_an_order_that_ended_changes_nothing(stage: Stage) -> None:
    await stage.started(order("SO1"))
    stage.orders.running.clear()
    assert await apply(stage.db, stage.orders, _cancel()) == "the order has ended"


def _split(number: str = "SO1") -> CancelNews:
    return CancelNews(Channel.OWN, "main", number, "split", may_never_come=True)


async def test_an_order_that_may_never_come_is_not_waited_for(stage: Stage) -> None:
    said = [await apply(stage.db, stage.orders, _split()) for _ in range(2)]
    assert said == ["cancelled before it came"] * 2


async def test_an_order_that_comes_after_its_children_is_never_started(stage: Stage) -> None:
    await apply(stage.db, stage.orders, _split())
    said = [await apply(stage.db, stage.orders, OrderNews(order("SO1", version=n))) for n in (1, 1, 2)]
    assert said == ["new", "duplicate", "duplicate"]
    assert await stage.dispatcher().start_orders() == 0
    assert (await stage.index(SO1)).status == "CANCELLED"


async def test_an_order_that_is_here_is_cancelled_by_its_children(stage: Stage) -> None:
    await stage.put_orders(order("SO1"))
    await stage.dispatcher().order_documents()
    assert await apply(stage.db, stage.orders, _split()) == "cancelled before it was started"
    await stage.started(order("SO2"))
    assert await apply(stage.db, stage.orders, _split("SO2")) == "told"
    assert await _count(stage, WithdrawnOrderRow) == 0


# ------------------------------------------------------------------------------------------------ the warehouse


def _report(status: WarehouseStatus = WarehouseStatus.PACKED, code: str = CODE) -> WarehouseNews:
    boxes = (Package("BOX1", (ScannedItem("MUG", 1, "1"),), 350),) if status is WarehouseStatus.PACKED else ()
    return WarehouseNews(WarehouseReport(code, status, boxes))


async def _instructed(stage: Stage) -> None:
    await stage.started(order("SO1"))
    async with stage.db.transaction() as tx:
        tx.add(DeliveryRow(code=CODE, order_id=SO1, n=1, revision=1, status="pushed", at=utc_now()))


async def test_a_report_on_no_delivery_of_ours_is_unreadable(stage: Stage) -> None:
    with pytest.raises(DocumentUnreadable, match="no such delivery order: nobody"):
        await apply(stage.db, stage.orders, _report(code="nobody"))
    assert await _count(stage, WarehouseReportRow) == 0


async def test_a_report_is_kept_once_and_told_under_one_id(stage: Stage) -> None:
    await _instructed(stage)
    assert [await apply(stage.db, stage.orders, _report()) for _ in range(2)] == ["told", "told"]
    assert await _count(stage, WarehouseReportRow) == 1
    one, two = (signal for order_id, name, signal in stage.orders.told if name == "warehouse_reported")
    assert one == two
    assert isinstance(one, ReportSignal)


@pytest.mark.parametrize("status", [WarehouseStatus.ACCEPTED, WarehouseStatus.HELD])
async def test_a_report_that_changes_nothing_wakes_nobody(stage: Stage, status: WarehouseStatus) -> None:
    await _instructed(stage)
    assert await apply(stage.db, stage.orders, _report(status)) == "nothing new"
    assert stage.orders.told == []
    assert await _count(stage, WarehouseReportRow) == 0


async def test_a_warehouse_that_packs_what_was_cancelled_is_told_on(stage: Stage) -> None:
    await _instructed(stage)
    async with stage.db.transaction() as tx:
        delivery = await tx.get_one(DeliveryRow, CODE)
        delivery.status = "cancelled"
    stage.orders.running.clear()
    for _ in range(2):
        assert await apply(stage.db, stage.orders, _report()) == "the order has ended"
    async with stage.db.reading() as tx:
        tasks = list((await tx.execute(select(TaskRow.kind))).scalars())
    assert tasks == ["packed_after_stop"]


# ------------------------------------------------------------------------------------------------ tracking


def _track(*codes: TrackCode) -> TrackNews:
    nodes = tuple(TrackNode(NOON.replace(hour=12 + hour), code, f"节点{hour}") for hour, code in enumerate(codes))
    return TrackNews(TrackReport(Carrier.SF, NUMBER, nodes))


async def _shipped(stage: Stage) -> None:
    await stage.started(order("SO1"))
    now = utc_now()
    async with stage.db.transaction() as tx:
        tx.add(ParcelRow(parcel_id=f"{SO1}#1", order_id=SO1, n=1, package_code="BOX1", items=[], status="numbered"))
        tx.add(
            WaybillRow(
                key="own-main-SO1-waybill-1",
                parcel_id=f"{SO1}#1",
                order_id=SO1,
                provider="sf",
                carrier="SF",
                attempt=1,
                number=NUMBER,
                status="live",
                asked_at=now,
                updated_at=now,
            )
        )


async def test_news_of_an_unknown_number_waits(stage: Stage) -> None:
    with pytest.raises(NotYet, match="no waybill has this number"):
        await apply(stage.db, stage.orders, _track(TrackCode.SIGNED))


async def test_a_journey_is_kept_and_only_its_turns_are_told(stage: Stage) -> None:
    await _shipped(stage)
    assert await apply(stage.db, stage.orders, _track(TrackCode.COLLECTED)) == "kept"
    assert await apply(stage.db, stage.orders, _track(TrackCode.COLLECTED, TrackCode.IN_TRANSIT)) == "kept"
    assert stage.orders.told == []
    signed = _track(TrackCode.COLLECTED, TrackCode.IN_TRANSIT, TrackCode.SIGNED)
    assert [await apply(stage.db, stage.orders, signed) for _ in range(2)] == ["told", "kept"]
    assert stage.orders.told == [(SO1, "tracked", TrackSignal(f"{SO1}#1", "signed"))]
    assert await _count(stage, TrackNodeRow) == 3


async def test_a_turn_that_could_not_be_told_is_told_when_it_comes_again(stage: Stage) -> None:
    await _shipped(stage)
    stage.orders.broken = ConnectionError("Temporal is away")
    with pytest.raises(ConnectionError):
        await apply(stage.db, stage.orders, _track(TrackCode.SIGNED))
    stage.orders.broken = None
    assert await apply(stage.db, stage.orders, _track(TrackCode.SIGNED)) == "told"
    assert stage.orders.told == [(SO1, "tracked", TrackSignal(f"{SO1}#1", "signed"))]


async def test_the_journey_of_a_void_waybill_is_nobodys(stage: Stage) -> None:
    await _shipped(stage)
    async with stage.db.transaction() as tx:
        waybill = await tx.get(WaybillRow, "own-main-SO1-waybill-1")
        assert waybill is not None
        waybill.status = "void"
        tx.add(waybill)
    assert await apply(stage.db, stage.orders, _track(TrackCode.SIGNED)) == "kept"
    assert stage.orders.told == []


# ------------------------------------------------------------------------------------------------ credit


async def _asked(stage: Stage) -> None:
    await stage.started(order("SO1"))
    async with stage.db.transaction() as tx:
        await credit.ask(tx, "Q1", SO1)


async def test_an_answer_to_no_question_of_ours_is_unreadable(stage: Stage) -> None:
    with pytest.raises(DocumentUnreadable, match="no such question: Q9"):
        await apply(stage.db, stage.orders, CreditNews(CreditAnswer("Q9", CreditDecision.APPROVED)))


async def test_no_decision_yet_tells_nobody(stage: Stage) -> None:
    await _asked(stage)
    assert await apply(stage.db, stage.orders, CreditNews(CreditAnswer("Q1", None))) == "no decision"
    assert stage.orders.told == []


@pytest.mark.parametrize(
    ("decision", "state", "approved"),
    [
        (CreditDecision.APPROVED, "approved", True),
        (CreditDecision.REJECTED, "refused", False),
        (CreditDecision.REVIEW, "refused", False),
    ],
)
async def test_a_late_answer_is_kept_and_told(
    stage: Stage, decision: CreditDecision, state: str, approved: bool
) -> None:
    await _asked(stage)
    async with stage.db.transaction() as tx:
        await credit.assume(tx, "Q1", SO1, "超时")
    answer = CreditAnswer("Q1", decision, "额度", "R1")
    assert [await apply(stage.db, stage.orders, CreditNews(answer)) for _ in range(2)] == ["told", "told"]
    assert set(stage.orders.told) == {(SO1, "credit_decided", CreditSignal(approved, "额度"))}
    async with stage.db.transaction() as tx:
        row = await tx.get(CreditCheckRow, "Q1")
    assert row is not None
    assert (row.state, row.reservation_id, row.reservation) == (state, "R1", "reserved")
    assert row.later_review is not approved
    assert (await stage.index(SO1)).credit == state


# ------------------------------------------------------------------------------------------------ SMS


@pytest.mark.parametrize(("delivered", "status"), [(True, "delivered"), (False, "failed")])
async def test_a_receipt_marks_its_own_message_only(stage: Stage, delivered: bool, status: str) -> None:
    async with stage.db.transaction() as tx:
        for out_id in ("M1", "M2"):
            tx.add(NotificationRow(out_id=out_id, purpose="clerk", status="sent", at=utc_now()))
    receipt = SmsReceipt("M1", delivered, "" if delivered else "MK:0001", utc_now())
    assert [await apply(stage.db, stage.orders, receipt) for _ in range(2)] == [status, status]
    async with stage.db.transaction() as tx:
        rows = (await tx.execute(select(NotificationRow))).scalars().all()
    assert {row.out_id: row.status for row in rows} == {"M1": status, "M2": "sent"}


# ------------------------------------------------------------------------------------------------ refunds


async def test_what_a_warehouse_tells_of_its_stock_is_kept_once(stage: Stage) -> None:
    news = StockChangeNews((ShelfChange("SC-1", "WH01", "MUG", Quality.GOOD, -1),))
    assert [await apply(stage.db, stage.orders, news) for _ in range(2)] == ["1 new changes", "0 new changes"]
    assert await _count(stage, ShelfChangeRow) == 1


async def test_a_refund_waits_for_its_order_and_then_is_a_revision_to_tell(stage: Stage) -> None:
    asked = RefundNews(
        Refund(
            channel=Channel.OWN,
            shop="main",
            channel_order_no="SO1",
            refund_id="R1",
            version=1,
            status=RefundStatus.REQUESTED,
            kind=RefundKind.MONEY,
            amount_fen=4950,
            asked_at=NOON,
        )
    )
    with pytest.raises(NotYet):
        await apply(stage.db, stage.orders, asked)
    await apply(stage.db, stage.orders, OrderNews(order("SO1")))
    assert [await apply(stage.db, stage.orders, asked) for _ in range(2)] == ["new", "duplicate"]
    assert (await stage.index(SO1)).revision == 2
