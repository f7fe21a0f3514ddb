"""How the worker is put together, as far as that shows without a server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
from temporalio import activity
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

import worker
from activities.contracts import QUEUES
from settings import TemporalSettings
from worker import build_workers, workflow_runner


@pytest.fixture(autouse=True)
def _queues_as_before() -> Iterator[None]:
    before = dict(QUEUES)
    yield
    QUEUES.clear()
    QUEUES.update(before)


@activity.defn(name="request_waybill")
async def ask_courier() -> None: ...


@activity.defn(name="write_back")
async def tell_channel() -> None: ...


class Made:
    """What a worker was made with."""

    def __init__(self, client: Client, **options: Any) -> None:
        self.options = options


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers that remember their options and connect to nothing."""
    monkeypatch.setattr(worker, "Worker", Made)


def _build(**settings: Any) -> list[Made]:
    built = build_workers(cast(Client, None), TemporalSettings(**settings), [ask_courier, tell_channel])
    return cast(list[Made], built)


def test_the_sandbox_is_a_setting() -> None:
    assert isinstance(workflow_runner(sandboxed=True), SandboxedWorkflowRunner)
    assert isinstance(workflow_runner(sandboxed=False), UnsandboxedWorkflowRunner)


def test_the_sandbox_loads_our_contracts_once_for_all() -> None:
    runner = workflow_runner(sandboxed=True)
    assert isinstance(runner, SandboxedWorkflowRunner)
    passed = runner.restrictions.passthrough_modules
    assert {"domain", "activities.contracts", "pydantic"} <= passed
    assert not {"store", "connectors", "sqlmodel", "httpx"} & passed


def test_a_queue_for_an_activity_that_there_is_not_names_the_setting() -> None:
    with pytest.raises(ValueError, match="ORDERHUB_TEMPORAL__PARTNER_QUEUES names no activity: ask_nobody"):
        _build(partner_queues={"ask_nobody": "q"})


@pytest.mark.usefixtures("made")
def test_one_worker_does_everything_unless_told() -> None:
    (only,) = _build()
    assert only.options["task_queue"] == "orders"
    assert only.options["workflows"] == worker.WORKFLOWS
    assert only.options["activities"] == [ask_courier, tell_channel]
    assert only.options["deployment_config"] is None
    assert QUEUES == {}


@pytest.mark.usefixtures("made")
def test_a_partner_may_have_a_queue_and_a_worker_of_its_own() -> None:
    orders, couriers = _build(partner_queues={"request_waybill": "couriers"})
    assert orders.options["workflows"] == worker.WORKFLOWS
    assert ask_courier in orders.options["activities"], "orders under way still ask on the old queue"
    assert (couriers.options["task_queue"], couriers.options["workflows"]) == ("couriers", [])
    assert couriers.options["activities"] == [ask_courier]
    assert QUEUES == {"request_waybill": "couriers"}, "workflows are told where to ask"


@pytest.mark.usefixtures("made")
def test_partners_may_share_a_queue() -> None:
    _, shared = _build(partner_queues={"request_waybill": "slow", "write_back": "slow"})
    assert shared.options["activities"] == [ask_courier, tell_channel]


@pytest.mark.usefixtures("made")
def test_a_deployment_is_versioned() -> None:
    (only,) = _build(deployment="orderhub", build_id="b7")
    config = only.options["deployment_config"]
    assert (config.version.deployment_name, config.version.build_id) == ("orderhub", "b7")
    assert config.use_worker_versioning
