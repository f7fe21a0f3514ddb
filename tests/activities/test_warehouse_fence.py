"""An instruction that is being stopped must not begin any more, and one that may be on its way is waited for."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError

import activities.warehouse
from activities import contracts as c
from activities.contracts import DeliveryRef, Pushed, Stop, Stopped
from activities.instructions import delivery_code
from connectors.errors import Rejected
from store import shipping
from tests.activities.conftest import Bench
from tests.workflows.partners import away, fails, hangs, lost


@pytest.fixture
async def push(bench: Bench) -> DeliveryRef:
    """An instruction of an order, not given yet."""
    order = await bench.order()
    return DeliveryRef(order.order_id, 1, "SF", "", 1)


async def _status(bench: Bench, ref: DeliveryRef) -> str:
    async with bench.db.transaction() as tx:
        row = await shipping.delivery(tx, delivery_code(ref.order_id, ref.n))
    assert row is not None
    return row.status


async def test_what_was_never_given_need_not_be_stopped(bench: Bench, push: DeliveryRef) -> None:
    assert await bench.run(c.CANCEL_AT_WAREHOUSE, push) == Stopped(Stop.STOPPED)
    assert not bench.town.warehouse.calls


async def test_a_push_that_begins_after_its_stop_does_nothing(bench: Bench, push: DeliveryRef) -> None:
    """Temporal had handed it to a worker that was slow to begin."""
    assert await bench.run(c.CANCEL_AT_WAREHOUSE, push) == Stopped(Stop.STOPPED)
    assert not (await bench.run(c.PUSH_TO_WAREHOUSE, push)).ok
    assert not bench.town.warehouse.calls
    assert await _status(bench, push) == "cancelled"


async def test_no_push_begins_once_stopping_has_begun(bench: Bench, push: DeliveryRef) -> None:
    bench.town.warehouse.will("push", lost("qimen"))
    with pytest.raises(ApplicationError):
        await bench.run(c.PUSH_TO_WAREHOUSE, push)
    slow = hangs()
    assert slow.gate is not None
    bench.town.warehouse.will("cancel", slow)
    stopping = asyncio.create_task(bench.run(c.CANCEL_AT_WAREHOUSE, push))
    await slow.arrived.wait()
    assert await _status(bench, push) == "stopping"
    # Temporal's retry of the push comes now.
    refused = await bench.run(c.PUSH_TO_WAREHOUSE, push)
    assert not refused.ok
    assert bench.town.warehouse.calls["push"] == 1
    slow.gate.set()
    assert await stopping == Stopped(Stop.STOPPED)
    assert await _status(bench, push) == "cancelled"
    assert not (await bench.run(c.PUSH_TO_WAREHOUSE, push)).ok


async def test_a_push_that_was_under_way_does_not_undo_the_stop(bench: Bench, push: DeliveryRef) -> None:
    slow = hangs()
    assert slow.gate is not None
    bench.town.warehouse.will("push", slow)
    pushing = asyncio.create_task(bench.run(c.PUSH_TO_WAREHOUSE, push))
    await slow.arrived.wait()
    with pytest.raises(ApplicationError) as early:
        await bench.run(c.CANCEL_AT_WAREHOUSE, push)
    assert (early.value.type, early.value.non_retryable) == ("NotSettled", False)
    slow.gate.set()
    await pushing
    assert await _status(bench, push) == "stopping"
    assert await bench.run(c.CANCEL_AT_WAREHOUSE, push) == Stopped(Stop.STOPPED)
    assert list(bench.town.warehouse.status.values()) == ["cancelled"]


async def test_an_instruction_that_the_warehouse_never_got_is_gone_after_a_while(
    bench: Bench, push: DeliveryRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.town.warehouse.will("push", away("qimen"))
    with pytest.raises(ApplicationError):
        await bench.run(c.PUSH_TO_WAREHOUSE, push)
    with pytest.raises(ApplicationError):
        await bench.run(c.CANCEL_AT_WAREHOUSE, push)
    monkeypatch.setattr(activities.warehouse, "SETTLED_AFTER", timedelta(0))
    assert await bench.run(c.CANCEL_AT_WAREHOUSE, push) == Stopped(Stop.STOPPED)


async def test_a_warehouse_that_does_not_stop_gets_its_instruction_back(bench: Bench, push: DeliveryRef) -> None:
    assert await bench.run(c.PUSH_TO_WAREHOUSE, push) == Pushed(True)
    bench.town.warehouse.will("cancel", fails(Rejected("qimen", "order.cancel", "已称重", "S07")))
    stopped = await bench.run(c.CANCEL_AT_WAREHOUSE, push)
    assert stopped.outcome is Stop.TOO_LATE
    assert "已称重" in stopped.why
    assert await _status(bench, push) == "pushed"


async def test_a_push_that_is_refused_is_an_answer(bench: Bench, push: DeliveryRef) -> None:
    bench.town.warehouse.will("push", fails(Rejected("qimen", "deliveryorder.create", "no such SKU", "E1")))
    pushed = await bench.run(c.PUSH_TO_WAREHOUSE, push)
    assert not pushed.ok
    assert "E1" in pushed.why
    assert await _status(bench, push) == "refused"


async def test_a_refusal_after_a_crash_is_not_believed_when_the_warehouse_has_the_instruction(
    bench: Bench, push: DeliveryRef
) -> None:
    bench.town.warehouse.will("push", lost("qimen"), fails(Rejected("qimen", "push")))
    with pytest.raises(ApplicationError):
        await bench.run(c.PUSH_TO_WAREHOUSE, push)
    assert await bench.run(c.PUSH_TO_WAREHOUSE, push) == Pushed(True)
    assert await _status(bench, push) == "pushed"
