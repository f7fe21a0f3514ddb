"""What the APIs of the REST protocol share: the door of its shops, and what became of a document of theirs."""

from __future__ import annotations

from fastapi import HTTPException

from connectors.rest import RestDoor
from gateway.deps import Gateway
from store.inbox import Put


def rest_door(hub: Gateway) -> RestDoor:
    """The door. 404 where no shop is configured that could come in."""
    if hub.rest is None:
        raise HTTPException(404, "no shop is configured that speaks this protocol")
    return hub.rest


def became(put: Put) -> str:
    """What a shop is told of its document: accepted, duplicate, or conflict, for a version that was sent before with
    other content."""
    return {Put.FRESH: "accepted", Put.SAME: "duplicate", Put.OTHER: "conflict"}[put]


def conflict_of(version: int) -> dict[str, str]:
    """The error of a conflict."""
    return {"field": "version", "message": f"version {version} was sent before with other content"}
