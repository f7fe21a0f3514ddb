"""Whoever wants to know what became of every call to a partner: a process says it once, and every `Line` reports to it.

Nobody is told unless `recording` says so. What a recorder does must be quick: it is told in the middle of a call.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from domain.partner_health import Breaker, Outcome

_log = logging.getLogger(__name__)


class Recorder(Protocol):
    """Is told of calls and breakers. A line has a number of its own in its process; one partner may have several."""

    def called(self, partner: str, operation: str, outcome: Outcome, seconds: float) -> None:
        """A call came to an end. `seconds` is the time on the wire, without waiting for a slot of ours."""
        ...

    def breaker(self, partner: str, line: int, host: str, state: Breaker) -> None:
        """A line was used for the first time, or its breaker changed."""
        ...

    def closed(self, partner: str, line: int) -> None:
        """A line is gone."""
        ...


_recorders: list[Recorder] = []


@contextmanager
def recording(recorder: Recorder) -> Iterator[None]:
    """Tell this recorder of everything that happens in this process from now on, until the block ends."""
    _recorders.append(recorder)
    try:
        yield
    finally:
        _recorders.remove(recorder)


def tell(what: Callable[[Recorder], None]) -> None:
    """Tell every recorder. One that is broken is logged, and never a call's trouble."""
    for recorder in _recorders:
        try:
            what(recorder)
        except Exception:
            _log.exception("a recorder of partner calls failed")
