"""How a workflow runs its steps: one helper for steps in our own database, one for calls to partners."""

from __future__ import annotations

from datetime import timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import FailureError, is_cancelled_exception

from activities.contracts import QUEUES, OwnStep, PartnerStep
from domain.texts import text

A = TypeVar("A")
R = TypeVar("R")

_QUICK = RetryPolicy(initial_interval=timedelta(milliseconds=100), maximum_attempts=2)
_PATIENT = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))
_QUICK_TIMEOUT = timedelta(seconds=2)
_PATIENT_TIMEOUT = timedelta(seconds=15)


async def own(step: OwnStep[A, R], argument: A, **names: object) -> R:
    """Run a step in our own database.

    A local activity blocks signals and updates of its order while it runs, so it gets two quick tries; when the
    database is away, the same step goes on as an ordinary activity for as long as it takes. Both are the same
    idempotent step.
    """
    summary = text(f"step.{step.name}", **names)
    answer: R
    try:
        answer = await workflow.execute_local_activity(
            step.name,
            argument,
            result_type=step.gives,
            start_to_close_timeout=_QUICK_TIMEOUT,
            retry_policy=_QUICK,
            summary=summary,
        )
    except FailureError as error:
        # ActivityError at first; but when the task is replayed from its marker, the SDK gives the cause unwrapped.
        if is_cancelled_exception(error):
            raise
        answer = await workflow.execute_activity(
            step.name,
            argument,
            result_type=step.gives,
            start_to_close_timeout=_PATIENT_TIMEOUT,
            retry_policy=_PATIENT,
            summary=summary,
        )
    return answer


async def partner(step: PartnerStep[A, R], argument: A, **names: object) -> R:
    """Call a partner. Raises ActivityError when the time for all its tries is used up (steps with `within` only)."""
    answer: R = await workflow.execute_activity(
        step.name,
        argument,
        task_queue=QUEUES.get(step.name),
        result_type=step.gives,
        start_to_close_timeout=step.timeout,
        schedule_to_close_timeout=step.within,
        heartbeat_timeout=step.heartbeat,
        retry_policy=step.retry,
        summary=text(f"step.{step.name}", **names),
    )
    return answer
