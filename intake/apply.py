"""What each kind of news changes: the store first, then the order that it is about."""

from __future__ import annotations

from sqlalchemy import update
from sqlmodel import col

from connectors.errors import DocumentUnreadable
from domain.clock import utc_now
from domain.ids import order_id as make_order_id
from domain.money import format_yuan
from domain.news import (
    CancelNews,
    CreditNews,
    News,
    OrderNews,
    PaymentNews,
    RefundNews,
    ShippedNews,
    SmsReceipt,
    StockChangeNews,
    TrackNews,
    WarehouseNews,
)
from domain.order import ChannelStatus
from domain.shipping import CreditDecision, WarehouseStatus
from domain.texts import text
from intake.linking import Linker
from intake.orders import Orders
from store import counts, credit, links, orders, payments, refunds, shadows, shipping
from store.database import Database
from store.holds import open_task
from store.orders import Taken
from store.tables import NotificationRow, OrderRow
from workflows.contracts import CancelSignal, CreditSignal, RefundSignal, ReportSignal, TrackSignal

_SILENT = frozenset({WarehouseStatus.ACCEPTED, WarehouseStatus.HELD})
"""Reports that change nothing: no workflow is woken for them."""


class NotYet(Exception):
    """The news is about something that the store does not have yet: try again later."""


async def apply(db: Database, workflows: Orders, news: News, linker: Linker | None = None) -> str:
    """Let news change what it is about. Returns what it changed, for the inbox. Without `linker` nothing is linked.

    Applied again, it changes nothing. Raises NotYet, or DocumentUnreadable for news about nothing of ours.
    """
    match news:
        case OrderNews():
            return await _order(db, news, linker)
        case PaymentNews():
            return await _payment(db, news)
        case RefundNews():
            return await _refund(db, workflows, news)
        case ShippedNews():
            return await _shipped(db, news)
        case CancelNews():
            return await _cancel(db, workflows, news)
        case WarehouseNews():
            return await _warehouse(db, workflows, news)
        case StockChangeNews():
            async with db.transaction() as tx:
                return f"{await counts.keep_changes(tx, news.changes)} new changes"
        case TrackNews():
            return await _track(db, workflows, news)
        case CreditNews():
            return await _credit(db, workflows, news)
        case SmsReceipt():
            return await _receipt(db, news)


async def _order(db: Database, news: OrderNews, linker: Linker | None) -> str:
    # Starting and telling workflows is the dispatcher's other half: it reads from the store who does not know yet.
    async with db.transaction() as tx:
        try:
            taken = await orders.take(tx, news.order)
        except orders.PaidForLess as error:
            raise DocumentUnreadable(news.order.channel, str(error)) from error
        if linker is not None and taken in (Taken.NEW, Taken.NEWER):
            await links.keep(tx, news.order.order_id, linker.digests(news.order))
        return taken


async def _payment(db: Database, news: PaymentNews) -> str:
    order_id = make_order_id(news.channel, news.shop, news.channel_order_no)
    try:
        async with db.transaction() as tx:
            return await payments.take(tx, order_id, news.amount_fen, news.paid_at)
    except LookupError as error:
        raise NotYet(str(error)) from error
    except payments.AnotherAmount as error:
        paid, due = format_yuan(news.amount_fen), format_yuan(error.due_fen)
        async with db.transaction() as tx:
            key, sentence = f"{order_id}/payment_differs", text("task.payment_differs", paid=paid, due=due)
            if not await shadows.is_shadow(tx, order_id):  # the old system's people look after it
                await open_task(tx, key, "payment_differs", sentence, order_id=order_id, alert=True)
        raise DocumentUnreadable(news.channel, f"{paid} yuan were paid for an order of {due} yuan") from error


async def _refund(db: Database, workflows: Orders, news: RefundNews) -> str:
    # Telling the workflow of a revision is the dispatcher's other half here too: a refund that changes an order is one.
    async with db.transaction() as tx:
        try:
            taken = await refunds.take(tx, news.refund)
            stops = await refunds.stops_parcels(tx, news.refund)
        except LookupError as error:
            raise NotYet(str(error)) from error
    if stops:
        await workflows.signal(news.refund.order_id, "refund_asked", RefundSignal(news.refund.refund_id))
    return taken


async def _shipped(db: Database, news: ShippedNews) -> str:
    order_id = make_order_id(news.channel, news.shop, news.channel_order_no)
    async with db.transaction() as tx:
        moved = await shadows.shown(tx, order_id, news.parcels)
    if moved is None:
        return "ours"
    return "parcels of the old system" if moved else "known parcels"


async def _cancel(db: Database, workflows: Orders, news: CancelNews) -> str:
    order_id = make_order_id(news.channel, news.shop, news.channel_order_no)
    if news.may_never_come:
        async with db.transaction() as tx:
            if await tx.get(OrderRow, order_id) is None:
                await orders.withdraw(tx, order_id, news.reason)
    # Only now look for it: whoever took it in meanwhile may not have seen that it was withdrawn.
    async with db.transaction() as tx:
        row = await tx.get(OrderRow, order_id, with_for_update=True)
        if row is None and news.may_never_come:
            return "cancelled before it came"
        if row is None:
            raise NotYet(f"{order_id} is not here yet")
        if row.started_at is None:
            row.status = ChannelStatus.CANCELLED
            row.updated_at = utc_now()
            tx.add(row)
            await shadows.heard(tx, order_id, row.status)
            return "cancelled before it was started"
    told = await workflows.signal(order_id, "cancelled", CancelSignal(news.reason, f"channel:{news.channel}"))
    return "told" if told else "the order has ended"


async def _warehouse(db: Database, workflows: Orders, news: WarehouseNews) -> str:
    report = news.report
    async with db.transaction() as tx:
        delivery = await shipping.delivery(tx, report.delivery_code)
        if delivery is None:
            raise DocumentUnreadable("warehouse", f"no such delivery order: {report.delivery_code}")
        if report.status in _SILENT:
            return "nothing new"
        report_id = await shipping.keep_report(tx, report)
    told_of = ReportSignal(report_id, delivery.consignment)
    if await workflows.signal(delivery.order_id, "warehouse_reported", told_of):
        return "told"
    if report.status is WarehouseStatus.PACKED and delivery.status == "cancelled":
        async with db.transaction() as tx:
            key, sentence = f"{delivery.order_id}/packed_after_stop", text("task.packed_after_stop")
            await open_task(tx, key, "packed_after_stop", sentence, order_id=delivery.order_id, alert=True)
    return "the order has ended"


async def _track(db: Database, workflows: Orders, news: TrackNews) -> str:
    async with db.transaction() as tx:
        try:
            changes = await shipping.apply_track(tx, news.report)
        except LookupError as error:
            raise NotYet(str(error)) from error
    told = []
    for change in changes:
        told += [await workflows.signal(change.order_id, "tracked", TrackSignal(change.parcel_id, change.status))]
        async with db.transaction() as tx:
            await shipping.mark_course_told(tx, change)
    if not changes:
        return "kept"
    return "told" if any(told) else "the order has ended"


async def _credit(db: Database, workflows: Orders, news: CreditNews) -> str:
    answer = news.answer
    async with db.transaction() as tx:
        row = await credit.find(tx, answer.request_id)
        if row is None:
            raise DocumentUnreadable("credit", f"no such question: {answer.request_id}")
        if answer.decision is None:
            return "no decision"
        await credit.decide(tx, answer)
    approved = answer.decision is CreditDecision.APPROVED
    told = await workflows.signal(row.order_id, "credit_decided", CreditSignal(approved, answer.reason))
    return "told" if told else "the order has ended"


async def _receipt(db: Database, news: SmsReceipt) -> str:
    async with db.transaction() as tx:
        status = "delivered" if news.delivered else "failed"
        await tx.execute(
            update(NotificationRow).where(col(NotificationRow.out_id) == news.out_id).values(status=status)
        )
    return status
