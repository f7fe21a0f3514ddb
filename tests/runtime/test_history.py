from __future__ import annotations

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

from runtime.history import Cost, cost


def _history(*events: HistoryEvent) -> WorkflowHistory:
    return WorkflowHistory("own:main:SO1", list(events))


def _event(kind: EventType.ValueType) -> HistoryEvent:
    return HistoryEvent(event_type=kind)


def _marker(name: str, task: int) -> HistoryEvent:
    event = _event(EventType.EVENT_TYPE_MARKER_RECORDED)
    event.marker_recorded_event_attributes.marker_name = name
    event.marker_recorded_event_attributes.workflow_task_completed_event_id = task
    return event


def _tried(attempt: int) -> HistoryEvent:
    event = _event(EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED)
    event.activity_task_started_event_attributes.attempt = attempt
    return event


START = _event(EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED)
FREE = [
    _event(kind)
    for kind in (
        EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
        EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED,
        EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
        EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
        EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED,
        EventType.EVENT_TYPE_TIMER_FIRED,
        EventType.EVENT_TYPE_TIMER_CANCELED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
    )
]


def test_an_empty_history_costs_nothing() -> None:
    assert cost(_history()) == Cost(0, 0)


def test_tasks_and_completions_are_events_but_no_actions() -> None:
    assert cost(_history(START, *FREE)) == Cost(1 + len(FREE), 1)


def test_what_counts_one_each() -> None:
    kinds = (
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
        EventType.EVENT_TYPE_TIMER_STARTED,
        EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
    )
    events = [_event(kind) for kind in kinds for _ in range(2)]
    assert cost(_history(START, *events)) == Cost(9, 9)


def test_every_try_of_an_activity_is_an_action() -> None:
    assert cost(_history(START, _tried(1))) == Cost(2, 2)
    assert cost(_history(START, _tried(4))) == Cost(2, 5)
    assert cost(_history(START, _tried(1), _tried(3))) == Cost(3, 5)


def test_local_activities_of_one_task_are_one_action_together() -> None:
    local = "core_local_activity"
    assert cost(_history(START, _marker(local, 4), _marker(local, 4), _marker(local, 4))) == Cost(4, 2)
    assert cost(_history(START, _marker(local, 4), _marker(local, 9))) == Cost(3, 3)


def test_other_markers_count_for_themselves() -> None:
    assert cost(_history(START, _marker("core_patch", 4), _marker("core_patch", 4))) == Cost(3, 3)
