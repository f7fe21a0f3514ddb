"""Counting what an order costs on Temporal: history events, and billable actions as Temporal Cloud counts them.

Source of the rules: Temporal's "Actions" page. A start, a signal, an update, a timer, a search-attribute upsert, a
marker and each activity try are one action; all local activities of one workflow task are one together; attributes set
at the start are free.
"""

from __future__ import annotations

from dataclasses import dataclass

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory

_ONE_EACH = frozenset(
    {
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
        EventType.EVENT_TYPE_TIMER_STARTED,
        EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
        EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED,
        EventType.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW,
    }
)
_LOCAL_ACTIVITY = "core_local_activity"


@dataclass(frozen=True)
class Cost:
    """What one workflow run cost."""

    events: int
    actions: int


def cost(history: WorkflowHistory) -> Cost:
    """Count one history."""
    actions = 0
    tasks_with_local_activities = set()
    for event in history.events:
        if event.event_type in _ONE_EACH:
            actions += 1
        elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
            actions += event.activity_task_started_event_attributes.attempt or 1
        elif event.event_type == EventType.EVENT_TYPE_MARKER_RECORDED:
            marker = event.marker_recorded_event_attributes
            if marker.marker_name == _LOCAL_ACTIVITY:
                tasks_with_local_activities.add(marker.workflow_task_completed_event_id)
            else:
                actions += 1
    return Cost(len(history.events), actions + len(tasks_with_local_activities))
