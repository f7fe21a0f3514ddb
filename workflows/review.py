"""Stages one to three: paid and reviewed, credit checked, stock locked."""

from __future__ import annotations

import asyncio

from temporalio.exceptions import ActivityError, is_cancelled_exception

from activities.contracts import (
    ASSUME_CREDIT,
    CHECK_CREDIT,
    PASS_REVIEW,
    RESERVE_STOCK,
    Credit,
    CreditVerdict,
    Reasoned,
)
from domain.golden import GoldenState
from domain.holds import HoldReason, Release
from domain.texts import text
from workflows.life import OrderLife
from workflows.steps import own, partner


async def review(life: OrderLife) -> None:
    """PAID and RISK_PASSED: every check runs, and every hold must be gone. Returns early on a cancellation."""
    credit: asyncio.Task[None] | None = None
    while True:
        accepted = await life.accept()
        if accepted.needs_credit and credit is None and life.cancel is None:
            # Beside the other checks: a bureau that sleeps must not keep a mended address waiting.
            credit = asyncio.create_task(_check_credit(life))
        asked = credit
        await life.wait(
            lambda: (
                life.cancel is not None
                or life.newer()
                or (
                    not life.board.now_open() and not life.approvals.busy() and (asked is None or asked.done())  # noqa: B023 - awaited right here
                )
            ),
            "wait.review",
        )
        if life.cancel is not None:
            if credit is not None:
                credit.cancel()
                credit.add_done_callback(_nobody_asks)
            return
        if not life.newer():
            break
    if credit is not None:
        await credit
    life.approvals.passing = True
    life.due(await own(PASS_REVIEW, life.ref))
    life.state = GoldenState.RISK_PASSED


async def reserve(life: OrderLife) -> None:
    """STOCK_LOCKED: all lines or none; short stock is asked for again, at once when more of it comes.

    Returns early when the order is cancelled.
    """
    while True:
        life.released_by_hand.discard(HoldReason.STOCK_SHORT)
        life.goods_came = False
        reserved = await own(RESERVE_STOCK, life.ref)
        life.due(reserved.stages)
        if reserved.paused:
            await life.stay_paused(reserved.paused, reserved.paused_until, lambda: life.cancel is not None)
            if life.cancel is not None:
                return
            continue
        await life.board.close(HoldReason.PAUSED, "orderhub", Release.RETRY)
        if reserved.ok:
            break
        await life.board.open(HoldReason.STOCK_SHORT, reserved.short)
        await life.wait(
            lambda: life.cancel is not None or life.goods_came or HoldReason.STOCK_SHORT in life.released_by_hand,
            "wait.stock",
            life.timings.stock_retry(),
        )
        if life.cancel is not None:
            return
    await life.board.close(HoldReason.STOCK_SHORT, "orderhub", Release.RETRY)
    life.consignments = list(reserved.consignments)
    life.state = GoldenState.STOCK_LOCKED


def _nobody_asks(credit: asyncio.Task[None]) -> None:
    """Take the outcome of a check that was called off, or asyncio would log that nobody did."""
    if not credit.cancelled():
        credit.exception()


async def _check_credit(life: OrderLife) -> None:
    life.credit_asked = True
    try:
        verdict = await partner(CHECK_CREDIT, life.ref)
    except ActivityError as error:
        if is_cancelled_exception(error):
            raise
        # The budget is spent, or the breaker is open: the order goes on, and the answer is looked at later.
        verdict = CreditVerdict(Credit.ASSUMED, text("credit.no_answer"))
    if verdict.state is Credit.ASSUMED:
        await own(ASSUME_CREDIT, Reasoned(life.order_id, verdict.why))
    if verdict.state is Credit.REFUSED:
        await life.board.open(HoldReason.CREDIT_REFUSED, verdict.why)
