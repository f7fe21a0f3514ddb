"""What a step is: its name, argument, answer, time-outs and retry policy."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Generic, TypeVar

from temporalio.common import RetryPolicy

A = TypeVar("A")

R = TypeVar("R")


@dataclass(frozen=True)
class OwnStep(Generic[A, R]):
    """A step in our own database: a local activity of one transaction, going on as an ordinary one if that fails."""

    name: str
    takes: type[A]
    gives: type[R]


@dataclass(frozen=True)
class PartnerStep(Generic[A, R]):
    """A call to a partner: an ordinary activity. `within` bounds all its tries together; None: until it is done.

    What a partner answers, a no included, is an answer and not a failure. A failure is tried again for as long as it
    takes: what is broken (a key, a bug, a database) gets mended while the order waits in sight, and no order fails.
    """

    name: str
    takes: type[A]
    gives: type[R]
    timeout: timedelta = timedelta(seconds=15)
    within: timedelta | None = None
    heartbeat: timedelta | None = None
    """Of long ones only: without a sign of life for so long, the step is taken to have died with its worker."""
    retry: RetryPolicy = field(
        default_factory=lambda: RetryPolicy(
            initial_interval=timedelta(seconds=1),
            backoff_coefficient=2.0,
            maximum_interval=timedelta(minutes=5),
        )
    )


QUEUES: dict[str, str] = {}
"""Task queues of their own for partner steps, by name; the worker fills it from the settings as it starts."""
