"""One order's whole life: paid, risk passed, stock locked, packed, waybill returned, signed, warranty activated.

Read `run` for the way, the modules `review`, `packing`, `handover`, `shipping` and `delivery` for its stages, and
`exits` for the ways out; `fulfilment` is packing and shipping of an order that several warehouses deliver, or that
waits for goods. Partners' news come as signals, people act through updates: a validator says at once, in words, what is
too late or not allowed.
"""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from domain.golden import Exit, GoldenState, reached
from domain.holds import HoldReason, Release, operator_may_release
from domain.texts import text
from workflows.address import AddressDesk
from workflows.contracts import (
    ORDER_WORKFLOW,
    AddressWish,
    CancelOrder,
    CancelSignal,
    CreditSignal,
    Decide,
    DeclarationSupply,
    DocumentSignal,
    OrderEnd,
    OrderStart,
    Outcome,
    RecordWaybill,
    RefundSignal,
    ReleaseHold,
    ReportSignal,
    TrackSignal,
    UndoMerge,
)
from workflows.declaration import DeclarationDesk
from workflows.delivery import Delivery
from workflows.exits import Exits
from workflows.fulfilment import Fulfilment
from workflows.handover import Handover
from workflows.holds import OpenHold
from workflows.interception import InterceptDesk
from workflows.life import OrderLife
from workflows.packing import Packing
from workflows.review import reserve, review
from workflows.shipping import Shipping
from workflows.warehouse import WarehouseDesk


@workflow.defn(name=ORDER_WORKFLOW)
class OrderWorkflow:
    """Walks one order through its golden states, and back out of it while that is still possible."""

    @workflow.init
    def __init__(self, start: OrderStart) -> None:
        self._life = OrderLife(start, self._on_lapse)
        self._desk = WarehouseDesk(start.order_id)
        self._addresses = AddressDesk(self._life, self._desk)
        self._declaration = DeclarationDesk(self._life)
        self._packing = Packing(self._life, self._desk)
        self._shipping = Shipping(self._life)
        self._fulfilment = Fulfilment(self._life, self._addresses, self._shipping)
        self._handover = Handover(self._life, self._addresses, self._packing, self._shipping)
        self._exits = Exits(self._life, self._desk, self._addresses)
        self._delivery = Delivery(self._life)
        self._intercepts = InterceptDesk(self._life, lambda: list(self._shipping.hunts), self._delivery.stopped)

    @workflow.run
    async def run(self, start: OrderStart) -> OrderEnd:
        """From payment to warranty, or to an exit."""
        life = self._life
        await review(life)
        if life.cancel is None:
            await reserve(life)
        if life.cancel is None:
            await (self._fulfilment if life.in_parts() else self._packing).run()
        if life.cancel is not None:
            await self._exits.undo(life.cancel)
        elif await self._kept():
            await self._exits.stay(text("refund.stopped"))
        else:
            await self._delivery.run(self._shipping.hunts)
            await self._shipping.settled()
        await self._intercepts.settled()
        life.show("wait.finished")
        await workflow.wait_condition(workflow.all_handlers_finished)
        return OrderEnd(str(life.state or ""), str(life.exit or ""))

    async def _kept(self) -> bool:
        """Whether the packed order never leaves, because the channel took it back. If not, it has left now."""
        if self._life.in_parts():
            return self._fulfilment.given_up()
        return not await self._handover.run()

    async def _on_lapse(self, hold: OpenHold) -> None:
        if hold.reason is HoldReason.ADDRESS_CHANGE:
            await self._addresses.drop(text("address.lapsed"))

    # ------------------------------------------------------------------------------------------- partners' news

    @workflow.signal
    async def document(self, news: DocumentSignal) -> None:
        """The channel has a newer revision."""
        self._life.heard = max(self._life.heard, news.revision)
        if reached(self._life.state, GoldenState.PACKED):
            await self._life.ask_person("changed_after_packing")

    @workflow.signal
    async def cancelled(self, news: CancelSignal) -> None:
        """The channel or the buyer cancels."""
        if self._life.may_cancel():
            self._life.cancel = CancelOrder(news.reason, news.by)
        elif self._life.exit is None and self._life.cancel is None:
            await self._life.ask_person("cancel_too_late", why=text("cancel.too_late"))

    @workflow.signal
    def warehouse_reported(self, news: ReportSignal) -> None:
        """The warehouse reported."""
        if self._life.in_parts():
            self._fulfilment.reported(news.report_id, news.consignment)
        else:
            self._packing.reports.append(news.report_id)

    @workflow.signal
    def tracked(self, news: TrackSignal) -> None:
        """A parcel was signed, refused, lost or returned."""
        self._delivery.tracked(news.parcel_id, news.status)

    @workflow.signal
    def refund_asked(self, news: RefundSignal) -> None:
        """The buyer wants the money back after it was shipped: what the couriers can still stop decides the refund."""
        self._intercepts.refund_asked(news.refund_id)

    @workflow.signal
    async def credit_decided(self, news: CreditSignal) -> None:
        """A late answer of the credit bureau: a refusal holds an order that has not shipped."""
        life = self._life
        if news.approved:
            await life.board.close(HoldReason.CREDIT_REFUSED, "credit", Release.PARTNER)
        elif not self._handing_over() and life.exit is None and life.cancel is None:
            await life.board.open(HoldReason.CREDIT_REFUSED, news.reason)
        elif life.exit is None:
            await life.ask_person("credit_refused_late", why=news.reason)

    def _handing_over(self) -> bool:
        """Whether nothing of the order can be kept from leaving any more."""
        return self._fulfilment.handing_over() if self._life.in_parts() else self._shipping.handing_over()

    @workflow.signal
    def goods_arrived(self) -> None:
        """Goods came in that this order may wait for, or was short of."""
        self._life.goods_came = True
        self._fulfilment.goods_came()

    @workflow.signal
    def merge_changed(self) -> None:
        """Orders that this one is packed with came or left, were packed, or have the number of their box."""
        self._packing.merge_changed()
        self._shipping.box_changed()

    @workflow.signal
    def approvers_changed(self) -> None:
        """Other people may approve orders now."""
        self._life.approvals.roster_changed()

    @workflow.signal
    def pause_ended(self) -> None:
        """A pause has ended that this order may wait for."""
        self._life.pauses_ended += 1

    @workflow.signal
    def ask_couriers_again(self) -> None:
        """The sweep: ask every courier again for parcels without a number."""
        for hunt in self._shipping.hunts.values():
            if hunt.waits_for_person:
                hunt.nudge()

    # ------------------------------------------------------------------------------------------- people's updates

    @workflow.update
    async def cancel(self, order: CancelOrder) -> Outcome:
        """Cancel and undo everything. Answers when that is done, or when the warehouse says that it is packed."""
        life = self._life
        life.cancel, life.cancel_refused = order, ""
        await workflow.wait_condition(lambda: life.exit is Exit.CANCELLED or bool(life.cancel_refused))
        if life.exit is Exit.CANCELLED:
            return Outcome(True, text("cancel.done"))
        return Outcome(False, life.cancel_refused)

    @cancel.validator
    def check_cancel(self, order: CancelOrder) -> None:
        """Only before it is packed, and only once."""
        if not self._life.may_cancel():
            raise ApplicationError(text("cancel.too_late"), type="TooLate")

    @workflow.update
    async def release_hold(self, wish: ReleaseHold) -> Outcome:
        """Release the hold for a reason."""
        reason = HoldReason(wish.reason)
        self._life.released_by_hand.add(reason)
        await self._life.board.close(reason, wish.by, Release.OPERATOR, why=wish.why)
        if reason is HoldReason.PAUSED:
            self._life.pauses_ended += 1  # only now does the store know that this order may pass
        return Outcome(True, text("hold.released", badge=text(f"hold.{reason}")))

    @release_hold.validator
    def check_release_hold(self, wish: ReleaseHold) -> None:
        """The hold must be open, and one that a person may release."""
        if wish.reason not in HoldReason.__members__ or not self._life.board.has(HoldReason(wish.reason)):
            known = wish.reason in HoldReason.__members__
            called = text(f"hold.{wish.reason}") if known else wish.reason
            raise ApplicationError(text("hold.not_open", reason=called), type="NotOpen")
        if not operator_may_release(HoldReason(wish.reason)):
            raise ApplicationError(text("hold.not_by_hand", badge=text(f"hold.{wish.reason}")), type="NotAllowed")

    @workflow.update
    async def approve(self, wish: Decide) -> Outcome:
        """Agree to the order, refuse it, or take the own decision back."""
        return await self._life.approvals.decide(wish)

    @approve.validator
    def check_approve(self, wish: Decide) -> None:
        """Only while an approval is missing; a decision may be taken back until the review is passed."""
        self._life.approvals.check(wish)

    @workflow.update
    async def change_address(self, wish: AddressWish) -> Outcome:
        """Hold the warehouse until a wished address is confirmed; after packing, ask the couriers."""
        if self._intercepts.takes():
            return self._intercepts.reroute(wish)
        return await self._addresses.change(wish)

    @change_address.validator
    def check_change_address(self, wish: AddressWish) -> None:
        """Inside the window after payment; after packing, until it is signed."""
        if self._intercepts.takes():
            self._intercepts.check_reroute()
        else:
            self._addresses.check_change()

    @workflow.update
    async def confirm_address(self, wish: AddressWish) -> Outcome:
        """Take the wished address."""
        return await self._addresses.confirm(wish)

    @confirm_address.validator
    def check_confirm_address(self, wish: AddressWish) -> None:
        """Only the address that is waiting."""
        self._addresses.check_confirm(wish)

    @workflow.update
    async def supply_declaration(self, supply: DeclarationSupply) -> Outcome:
        """Take what was missing of the declaration. Asked again, it answers the same."""
        return await self._declaration.supply(supply)

    @supply_declaration.validator
    def check_supply_declaration(self, supply: DeclarationSupply) -> None:
        """The order must wait for it."""
        self._declaration.check()

    @workflow.update
    async def undo_merge(self, wish: UndoMerge) -> Outcome:
        """Let every order of the merge go alone. Answers when that is done, or when the warehouse says it is packed."""
        refused = await self._packing.undo_merge(wish.why, wish.by)
        return Outcome(not refused, refused or text("merge.split"))

    @undo_merge.validator
    def check_undo_merge(self, wish: UndoMerge) -> None:
        """Only while it is merged, and not packed."""
        self._packing.check_undo_merge()

    @workflow.update
    async def record_waybill(self, typed: RecordWaybill) -> Outcome:
        """Take a waybill number that a person typed."""
        return await self._shipping.record(typed)

    @record_waybill.validator
    def check_record_waybill(self, typed: RecordWaybill) -> None:
        """The parcel must wait for a number, and the number must be possible for the carrier."""
        self._shipping.check_record(typed)
