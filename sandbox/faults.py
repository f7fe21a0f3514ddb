"""What goes wrong in the sandbox's world, and when: a seeded plan, so that a run can be repeated."""

from __future__ import annotations

import random
import time
from enum import StrEnum
from fnmatch import fnmatchcase

from pydantic import BaseModel, ConfigDict, Field


class FaultKind(StrEnum):
    """The ways in which a partner fails."""

    OUTAGE = "outage"
    """Answers 503 at once; nothing happened."""
    HANG = "hang"
    """Takes the connection, does nothing, answers 504 after `seconds`."""
    DONE_BUT_TIMEOUT = "done_but_timeout"
    """Does what it is asked, and answers 504 only after `seconds`."""
    SLOW = "slow"
    """Waits `seconds`, then answers well."""
    ERROR = "error"
    """Answers with the partner's own "system error"; nothing happened."""
    THROTTLE = "throttle"
    """Answers with the partner's own "too many calls"; nothing happened."""
    HTML = "html"
    """Answers a proxy's HTML page; nothing happened."""
    DUPLICATE_PUSH = "duplicate_push"
    """Pushes the same document again."""
    LOSE_PUSH = "lose_push"
    """Never pushes the document: whoever relies on pushes alone misses it."""
    SHUFFLE_PUSH = "shuffle_push"
    """Holds a push back so that a later one overtakes it."""


PUSH_FAULTS = frozenset({FaultKind.DUPLICATE_PUSH, FaultKind.LOSE_PUSH, FaultKind.SHUFFLE_PUSH})


class Fault(BaseModel):
    """One thing that goes wrong: at `partner`, for operations that match `operation` (shell pattern).

    A window (`after_s` to `until_s`, seconds since the plan was set), a number of `times`, and a `probability`
    limit it; `skip` lets the first so many matching calls pass, and `lasts_s` ends it so many seconds after it first
    struck (an outage that begins with the n-th call, however fast the machine is).
    """

    model_config = ConfigDict(extra="forbid")

    partner: str
    kind: FaultKind
    operation: str = "*"
    after_s: float = 0
    until_s: float | None = None
    probability: float = Field(1.0, ge=0, le=1)
    times: int | None = Field(None, description="how often at most; None: no limit")
    skip: int = 0
    lasts_s: float | None = None
    seconds: float = 8.0


class FaultPlan(BaseModel):
    """A list of faults; the first that applies to a call wins."""

    model_config = ConfigDict(extra="forbid")

    faults: list[Fault] = []


class Faults:
    """The running plan. Decides, call by call, what goes wrong."""

    def __init__(self, plan: FaultPlan, seed: int) -> None:
        self._seed = seed
        self.set_plan(plan)

    def set_plan(self, plan: FaultPlan) -> None:
        """Start a new plan now: its clock, counters and dice begin anew."""
        self.plan = plan
        self._dice = random.Random(self._seed)
        self._started = time.monotonic()
        self._seen = [0] * len(plan.faults)
        self._done = [0] * len(plan.faults)
        self._first: list[float | None] = [None] * len(plan.faults)

    def next(self, partner: str, operation: str, *, push: bool = False) -> Fault | None:
        """The fault that befalls this call (or, with `push`, this push), or None."""
        elapsed = time.monotonic() - self._started
        for i, fault in enumerate(self.plan.faults):
            if fault.partner != partner or not fnmatchcase(operation, fault.operation):
                continue
            if (fault.kind in PUSH_FAULTS) != push:
                continue
            if elapsed < fault.after_s or (fault.until_s is not None and elapsed >= fault.until_s):
                continue
            self._seen[i] += 1
            if self._seen[i] <= fault.skip or (fault.times is not None and self._done[i] >= fault.times):
                continue
            first = self._first[i]
            if first is not None and fault.lasts_s is not None and elapsed >= first + fault.lasts_s:
                continue
            if self._dice.random() >= fault.probability:
                continue
            self._first[i] = elapsed if first is None else first
            self._done[i] += 1
            return fault
        return None

    def counts(self) -> list[dict[str, object]]:
        """How often each fault of the plan really struck."""
        return [
            {**fault.model_dump(mode="json", exclude_defaults=True), "struck": done}
            for fault, done in zip(self.plan.faults, self._done, strict=True)
        ]
