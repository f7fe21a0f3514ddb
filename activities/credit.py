"""The credit check: asked within its budget, assumed good beyond it; the reserved amount used or freed in the end."""

from __future__ import annotations

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.contracts import (
    ASSUME_CREDIT,
    CHECK_CREDIT,
    COMMIT_CREDIT,
    RELEASE_CREDIT,
    Credit,
    CreditVerdict,
    OrderRef,
    Reasoned,
)
from activities.partners import answered
from connectors.errors import Rejected
from connectors.ports import CreditBureau
from domain.shipping import CreditAnswer, CreditDecision, CreditRequest
from domain.texts import text
from store import credit, orders
from store.database import Database


class CreditSteps:
    """What an order asks of the credit bureau."""

    def __init__(self, db: Database, bureau: CreditBureau) -> None:
        self._db = db
        self._bureau = bureau

    @activity.defn(name=CHECK_CREDIT.name)
    async def check_credit(self, ref: OrderRef) -> CreditVerdict:
        """Ask once. No decision yet counts as assumed: the answer comes by callback. A no is for a person to judge."""
        async with self._db.transaction() as tx:
            order = await orders.body(tx, ref.order_id)
            await credit.ask(tx, request_id(ref.order_id), ref.order_id)
        request = CreditRequest(
            request_id=request_id(ref.order_id),
            order_id=ref.order_id,
            customer_id=order.customer.external_id,
            customer_name=order.customer.name,
            tax_no=order.customer.tax_no,
            amount_fen=order.amounts.paid_fen,
            payment_terms=order.customer.terms,
            order_time=order.placed_at,
        )
        async with answered(self._db, ref.order_id):
            answer = await self._ask(request)
        if answer.decision is None:
            return CreditVerdict(Credit.ASSUMED, text("credit.pending"))
        async with self._db.transaction() as tx:
            state = await credit.decide(tx, answer)
        return CreditVerdict(Credit(state), answer.reason)

    async def _ask(self, request: CreditRequest) -> CreditAnswer:
        try:
            return await self._bureau.check(request)
        except Rejected as error:
            # The bureau could not even judge the question: a person must.
            return CreditAnswer(request.request_id, CreditDecision.REVIEW, error.operator_text)

    @activity.defn(name=ASSUME_CREDIT.name)
    async def assume_credit(self, order: Reasoned) -> None:
        """Go on as if it were good: an alert, and an entry in the list for later review."""
        async with self._db.transaction() as tx:
            await credit.assume(tx, request_id(order.order_id), order.order_id, order.reason)

    @activity.defn(name=COMMIT_CREDIT.name)
    async def commit_credit(self, ref: OrderRef) -> None:
        """The order shipped: the reserved amount is used."""
        await self._settle(ref, commit=True)

    @activity.defn(name=RELEASE_CREDIT.name)
    async def release_credit(self, ref: OrderRef) -> None:
        """The order is off: the reserved amount is free."""
        await self._settle(ref, commit=False)

    async def _settle(self, ref: OrderRef, *, commit: bool) -> None:
        async with self._db.transaction() as tx:
            row = await credit.find(tx, request_id(ref.order_id))
        if row is None or row.reservation in {"committed", "released"}:
            return
        reservation = row.reservation_id
        async with answered(self._db, ref.order_id):
            if not reservation:
                # The bureau may have reserved without our hearing of it.
                reservation = await self._reservation(ref.order_id)
            if reservation:
                await self._use_or_free(reservation, commit=commit)
        async with self._db.transaction() as tx:
            await credit.settle(tx, request_id(ref.order_id), reservation, "committed" if commit else "released")

    async def _use_or_free(self, reservation: str, *, commit: bool) -> None:
        try:
            await (self._bureau.commit(reservation) if commit else self._bureau.release(reservation))
        except Rejected as error:
            # It is in the other end state at the bureau already: nothing to retry, but somebody must look at it.
            raise ApplicationError(str(error), type="Rejected") from error

    async def _reservation(self, order_id: str) -> str:
        answer: CreditAnswer | None = await self._bureau.lookup(request_id(order_id))
        if answer is not None and answer.decision is None:
            raise ApplicationError("the credit bureau has not decided yet", type="Undecided")
        return answer.reservation_id if answer is not None else ""


def request_id(order_id: str) -> str:
    """The id of an order's credit question: asked again, it is the same question."""
    return f"{order_id}:credit:1"
