"""The price of an order without trouble, as Temporal counts it; `docs` and the design promise it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.client import WorkflowHistory

from runtime.history import cost
from store.tables import StageDeadlineRow
from tests.store.samples import receiver
from tests.workflows.goods import on_account
from tests.workflows.stage import Living, Stage

MAX_EVENTS = 50
MAX_ACTIONS = 16
CREDIT_EVENTS, CREDIT_ACTIONS = 12, 4
MAX_BYTES = 30_000
MAX_PAYLOAD_BYTES = 1_000


async def _lived(stage: Stage, **changes: Any) -> tuple[Living, WorkflowHistory]:
    order = await stage.start(**changes)
    await order.packed()
    await order.signed()
    await order.end()
    return order, await order.handle.fetch_history()


def _payloads(message: Message) -> list[Payload]:
    if isinstance(message, Payload):
        return [message]
    found: list[Payload] = []
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            parts = [part for part in value.values() if isinstance(part, Message)]
        elif isinstance(value, Message):
            parts = [value]
        else:
            parts = list(value)
        for part in parts:
            found += _payloads(part)
    return found


def _told(history: WorkflowHistory) -> str:
    return ", ".join(str(event.WhichOneof("attributes")) for event in history.events)


def _shown(history: WorkflowHistory) -> list[tuple[str, datetime | None]]:
    """The states that the Temporal UI showed, each with its `OrderDeadline`."""
    shown = []
    for event in history.events:
        fields = event.upsert_workflow_search_attributes_event_attributes.search_attributes.indexed_fields
        if "OrderState" in fields:
            due = fields["OrderDeadline"].data
            shown.append(
                (json.loads(fields["OrderState"].data), datetime.fromisoformat(json.loads(due)) if due else None)
            )
    return shown


async def test_an_order_without_trouble_keeps_its_budget_and_shows_when_it_is_due(stage: Stage) -> None:
    order, history = await _lived(stage)
    due = {row.stage: row.due_at for row in await order.rows(StageDeadlineRow) if row.due_at is not None}
    assert _shown(history) == [
        ("STOCK_LOCKED", min(due["PACK"], due["SHIP"])),
        ("WAYBILL_RETURNED", due["SIGN"]),
        ("WARRANTY_ACTIVATED", None),
    ]
    price = cost(history)
    assert price.events <= MAX_EVENTS, _told(history)
    assert price.actions <= MAX_ACTIONS, _told(history)
    assert sum(event.ByteSize() for event in history.events) <= MAX_BYTES


async def test_a_credit_check_costs_two_more_calls_and_what_they_interrupt(stage: Stage) -> None:
    _, history = await _lived(stage, **on_account())
    price = cost(history)
    assert price.events <= MAX_EVENTS + CREDIT_EVENTS, _told(history)
    assert price.actions <= MAX_ACTIONS + CREDIT_ACTIONS, _told(history)


async def test_payloads_are_small(stage: Stage) -> None:
    _, history = await _lived(stage)
    sizes = [len(payload.data) for event in history.events for payload in _payloads(event)]
    assert len(sizes) > 20, "the test looks in the wrong place"
    assert max(sizes) <= MAX_PAYLOAD_BYTES


async def test_a_history_knows_nothing_of_the_receiver(stage: Stage) -> None:
    order, history = await _lived(stage)
    everything = b"".join(event.SerializeToString() for event in history.events)
    assert order.id.encode() in everything
    hidden = receiver()
    for secret in (hidden.name, hidden.phone, hidden.detail, hidden.region.city, hidden.region.district):
        assert secret.encode() not in everything
        # As JSON may write it.
        assert secret.encode("unicode_escape") not in everything
