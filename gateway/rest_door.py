"""What the APIs of the REST protocol share: the door of its shops, and what became of a document of theirs."""

from __future__ import annotations

from fastapi import HTTPException
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.ports import Document
from connectors.rest import RestDoor
from gateway.deps import Gateway
from gateway.pushes import incoming
from store import inbox

CONFLICT = "conflict"


def rest_door(hub: Gateway) -> RestDoor:
    """The door. 404 where no shop is configured that could come in."""
    if hub.rest is None:
        raise HTTPException(404, "no shop is configured that speaks this protocol")
    return hub.rest


async def keep_document(tx: AsyncSession, document: Document) -> str:
    """Into the inbox: accepted, duplicate, or conflict, for a version that was sent before with other content."""
    new = incoming(document)
    if await inbox.put(tx, new):
        return "accepted"
    return "duplicate" if await inbox.body_of(tx, new) == new.body else CONFLICT


def conflict_of(version: int) -> dict[str, str]:
    """The error of a conflict."""
    return {"field": "version", "message": f"version {version} was sent before with other content"}
