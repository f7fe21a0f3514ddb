"""What Prometheus reads at the worker's address."""

from __future__ import annotations

import re
from typing import cast

import httpx
import pytest
from temporalio.common import MetricMeter
from temporalio.runtime import Runtime

from domain.partner_health import Breaker, Outcome
from embedded.environment import free_ports
from runtime.call_metrics import CallMetrics
from runtime.client import metrics_runtime
from settings import TelemetrySettings

_LINE = re.compile(r"^(?P<name>orderhub_\w+)\{(?P<labels>.*)\} (?P<value>\S+)$", re.MULTILINE)


class Scraped:
    """A process with metrics."""

    def __init__(self) -> None:
        (port,) = free_ports(1)
        self.address = f"127.0.0.1:{port}"
        self.runtime = cast(Runtime, metrics_runtime(TelemetrySettings(metrics_address=self.address)))
        self.metrics = CallMetrics(self.runtime.metric_meter)

    def read(self, name: str) -> dict[frozenset[str], float]:
        """The values of a metric, by its labels."""
        page = httpx.get(f"http://{self.address}/metrics").text
        return {
            frozenset(
                part.replace('"', "") for part in hit["labels"].split(",") if not part.startswith("service_name")
            ): float(hit["value"])
            for hit in _LINE.finditer(page)
            if hit["name"] == name
        }


@pytest.fixture(scope="module")
def scraped() -> Scraped:
    return Scraped()


def test_calls_are_counted_by_what_they_came_to(scraped: Scraped) -> None:
    for outcome in (Outcome.OK, Outcome.OK, Outcome.REJECTED, Outcome.BREAKER_OPEN):
        scraped.metrics.called("sf", "create", outcome, 0.04)
    calls = scraped.read("orderhub_partner_calls_total")
    assert calls == {
        frozenset({"partner=sf", "operation=create", f"outcome={outcome}"}): count
        for outcome, count in (("ok", 2.0), ("rejected", 1.0), ("breaker_open", 1.0))
    }


def test_seconds_are_those_of_tried_calls_in_the_classes_of_our_own(scraped: Scraped) -> None:
    scraped.metrics.called("cainiao", "find", Outcome.OK, 0.04)
    scraped.metrics.called("cainiao", "find", Outcome.UNKNOWN, 4.9)
    scraped.metrics.called("cainiao", "find", Outcome.CANCELLED, 9.0)
    labels = frozenset({"partner=cainiao", "operation=find"})
    assert scraped.read("orderhub_partner_call_seconds_count")[labels] == 2
    buckets = scraped.read("orderhub_partner_call_seconds_bucket")
    assert {bound: buckets[labels | {f"le={bound}"}] for bound in ("0.025", "0.05", "3", "5", "+Inf")} == {
        "0.025": 0, "0.05": 1, "3": 1, "5": 2, "+Inf": 2,
    }  # fmt: skip


def test_the_breaker_is_the_worst_of_the_partners_lines(scraped: Scraped) -> None:
    def shown() -> float:
        return scraped.read("orderhub_partner_breaker_state")[frozenset({"partner=own"})]

    scraped.metrics.breaker("own", 1, "one.example", Breaker.CLOSED)
    assert shown() == 0
    scraped.metrics.breaker("own", 2, "two.example", Breaker.OPENED)
    scraped.metrics.breaker("own", 1, "one.example", Breaker.HALF_OPENED)
    assert shown() == 2
    scraped.metrics.closed("own", 2)
    assert shown() == 1
    scraped.metrics.closed("own", 1)
    scraped.metrics.closed("own", 9)
    assert shown() == 0


def test_without_an_address_there_are_no_metrics_and_no_harm() -> None:
    assert metrics_runtime(TelemetrySettings()) is None
    metrics = CallMetrics(MetricMeter.noop)
    metrics.called("sf", "create", Outcome.OK, 0.1)
    metrics.breaker("sf", 1, "sf.example", Breaker.CLOSED)


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="address"):
        metrics_runtime(TelemetrySettings(metrics_address="nonsense"))
