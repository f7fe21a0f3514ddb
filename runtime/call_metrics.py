"""This process's calls to partners as metrics, at the same address as the Temporal SDK's own."""

from __future__ import annotations

from temporalio.common import MetricMeter

from domain.partner_health import BOUNDS_MS, NOT_TRIED, Breaker, Outcome, breaker_of

CALLS = "orderhub_partner_calls_total"
SECONDS = "orderhub_partner_call_seconds"
BREAKER = "orderhub_partner_breaker_state"

SECONDS_BOUNDS = [bound / 1000 for bound in BOUNDS_MS]

_NUMBERS = {None: 0, Breaker.CLOSED: 0, Breaker.HALF_OPENED: 1, Breaker.OPENED: 2}


class CallMetrics:
    """A `Recorder` that feeds a meter."""

    def __init__(self, meter: MetricMeter) -> None:
        self._calls = meter.create_counter(CALLS, "Calls to partners, by what they came to")
        self._seconds = meter.create_histogram_float(SECONDS, "Time on the wire of calls to partners")
        self._breaker = meter.create_gauge(
            BREAKER, "The worst breaker of a partner's lines: 0 closed, 1 half open, 2 open"
        )
        self._lines: dict[str, dict[int, Breaker]] = {}

    def called(self, partner: str, operation: str, outcome: Outcome, seconds: float) -> None:
        """Count a call, and its time if it was tried."""
        labels = {"partner": partner, "operation": operation}
        self._calls.add(1, {**labels, "outcome": outcome.value})
        if outcome not in NOT_TRIED:
            self._seconds.record(seconds, labels)

    def breaker(self, partner: str, line: int, host: str, state: Breaker) -> None:
        """Show a breaker."""
        self._lines.setdefault(partner, {})[line] = state
        self._show(partner)

    def closed(self, partner: str, line: int) -> None:
        """A line that is gone has no breaker any more."""
        if self._lines.get(partner, {}).pop(line, None) is not None:
            self._show(partner)

    def _show(self, partner: str) -> None:
        self._breaker.set(_NUMBERS[breaker_of(self._lines[partner].values())], {"partner": partner})
