"""Orders live for weeks, and a new build must walk every old history: another way is caught here."""

from __future__ import annotations

import gzip
from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

import workflows.delivery
import workflows.order
import workflows.review
import workflows.shipping
import workflows.steps
from activities.contracts import ACTIVATE_WARRANTY, ASSUME_CREDIT, COMMIT_CREDIT, RECORD_SIGNED, OwnStep, Reasoned
from domain.golden import GoldenState
from runtime.codec import data_converter
from runtime.history import cost
from tests.replay.record import FOLDER, PATHS
from tests.store.samples import receiver
from tests.workflows.test_budget import MAX_ACTIONS, MAX_EVENTS
from worker import WORKFLOWS, workflow_runner
from workflows.life import OrderLife

MAX_FILE_BYTES = 30_000


def _load(name: str) -> WorkflowHistory:
    return WorkflowHistory.from_json(name, gzip.decompress((FOLDER / f"{name}.json.gz").read_bytes()).decode())


async def _replay(history: WorkflowHistory, *, sandboxed: bool = False) -> None:
    replayer = Replayer(
        workflows=WORKFLOWS, workflow_runner=workflow_runner(sandboxed=sandboxed), data_converter=data_converter(None)
    )
    await replayer.replay_workflow(history)


def test_every_path_has_its_history_and_every_history_its_path() -> None:
    assert {file.name.removesuffix(".json.gz") for file in FOLDER.iterdir()} == set(PATHS)


@pytest.mark.parametrize("sandboxed", [False, True])
@pytest.mark.parametrize("name", PATHS)
async def test_the_present_code_walks_the_old_way(name: str, *, sandboxed: bool) -> None:
    await _replay(_load(name), sandboxed=sandboxed)


@pytest.mark.parametrize("name", PATHS)
def test_a_history_is_small_and_knows_nobody(name: str) -> None:
    assert (FOLDER / f"{name}.json.gz").stat().st_size <= MAX_FILE_BYTES
    history = _load(name)
    assert sum(event.ByteSize() for event in history.events) <= MAX_FILE_BYTES
    everything = b"".join(event.SerializeToString() for event in history.events)
    somebody = receiver()
    for secret in (somebody.name, somebody.phone, somebody.detail, somebody.region.city, "新路22号"):
        assert secret.encode() not in everything


def test_the_recorded_happy_path_keeps_the_budget() -> None:
    price = cost(_load("happy"))
    assert price.events <= MAX_EVENTS
    assert price.actions <= MAX_ACTIONS


PAST = {
    "happy": {"push_to_warehouse", "request_waybill", "write_back"},
    "cancel": {"check_credit", "cancel_at_warehouse", "release_credit"},
    "address_change": {"hold_at_warehouse", "cancel_at_warehouse", "push_to_warehouse"},
    "manual_waybill": {"send_clerk_link"},
    "wrong_scan": {"send_scan_alert", "cancel_at_warehouse", "write_back"},
    "credit_assumed": {"check_credit", "commit_credit"},
    "stock_short": {"push_to_warehouse"},
    "stock_woken": {"push_to_warehouse"},
    "paused": {"push_to_warehouse", "write_back"},
    "failover": {"settle_waybill"},
    "refund_in_part": {"hold_at_warehouse", "cancel_at_warehouse", "push_to_warehouse", "write_back"},
    "refund_after_packing": {"hold_at_warehouse"},
    "split": {"push_to_warehouse", "hold_at_warehouse", "cancel_at_warehouse", "request_waybill", "write_back"},
    "backorder": {"push_to_warehouse", "cancel_at_warehouse", "write_back"},
    "intercepted": {"intercept_parcel"},
    "approval": {"send_approval_link", "write_back"},
    "merged": {"push_to_warehouse", "cancel_at_warehouse", "write_back"},
    "merged_with": {"write_back"},
}


@pytest.mark.parametrize("name", PATHS)
def test_a_history_is_of_the_path_that_it_is_named_after(name: str) -> None:
    asked = {
        event.activity_task_scheduled_event_attributes.activity_type.name
        for event in _load(name).events
        if event.HasField("activity_task_scheduled_event_attributes")
    }
    assert PAST[name] <= asked


# ------------------------------------------------------------------------------------- a deliberate break is caught


async def _reserve_nothing(life: OrderLife) -> None:
    """Stage three, left out."""
    life.state = GoldenState.STOCK_LOCKED


async def _review_twice(life: OrderLife) -> None:
    """Stages one and two, with one more step."""
    await workflows.review.review(life)
    await workflows.steps.own(ASSUME_CREDIT, Reasoned(life.order_id, "one more"))


async def _wait_first(life: OrderLife) -> None:
    """Stages one and two, after a pause."""
    await workflow.sleep(1)
    await workflows.review.review(life)


async def _all_but_signed(step: OwnStep[Any, Any], argument: object, **names: object) -> object:
    """Every step but one."""
    return None if step is RECORD_SIGNED else await workflows.steps.own(step, argument, **names)


@pytest.mark.parametrize(
    ("module", "name", "broken"),
    [
        (workflows.delivery, "own", _all_but_signed),
        (workflows.order, "review", _wait_first),
        (workflows.shipping, "WRITE_BACK", COMMIT_CREDIT),
    ],
    ids=["a step left out", "a timer put in", "another partner called"],
)
async def test_another_way_is_caught(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str, broken: object
) -> None:
    monkeypatch.setattr(module, name, broken)
    with pytest.raises(NondeterminismError):
        await _replay(_load("happy"))


@pytest.mark.parametrize(("stage", "broken"), [("reserve", _reserve_nothing), ("review", _review_twice)])
async def test_a_step_that_is_given_the_answer_of_another_is_caught(
    monkeypatch: pytest.MonkeyPatch, stage: str, broken: Callable[[OrderLife], Awaitable[None]]
) -> None:
    # Answers of local activities are decoded before the SDK compares the steps: it fails a moment earlier.
    monkeypatch.setattr(workflows.order, stage, broken)
    with pytest.raises(RuntimeError, match="Failed decoding arguments"):
        await _replay(_load("happy"))


async def test_two_steps_in_another_order_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflows.delivery, "RECORD_SIGNED", ACTIVATE_WARRANTY)
    monkeypatch.setattr(workflows.delivery, "ACTIVATE_WARRANTY", RECORD_SIGNED)
    with pytest.raises(NondeterminismError):
        await _replay(_load("happy"))
