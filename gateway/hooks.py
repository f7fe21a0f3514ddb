"""Partners' pushes: verified, kept in the inbox, and only then acknowledged in the partner's own words."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from fastapi import APIRouter, HTTPException, Request, Response

from connectors.errors import DocumentUnreadable, PushRefused
from connectors.ports import Push
from gateway.deps import Gateway, Hub
from gateway.keeping import Answer
from gateway.pushes import incoming, push_of, response_of, unreadable
from store import inbox
from store.inbox import Put

router = APIRouter(prefix="/hooks", tags=["pushes"])

_log = logging.getLogger(__name__)


@router.post("/{source}")
async def take_push(source: str, request: Request, hub: Hub) -> Response:
    """A push that carries its proof in itself."""
    return await _take(hub, source, await push_of(request))


@router.post("/{source}/{secret}")
async def take_secret_push(source: str, secret: str, request: Request, hub: Hub) -> Response:
    """A push whose only proof is an unguessable path."""
    return await _take(hub, source, await push_of(request, secret))


async def _take(hub: Gateway, name: str, push: Push) -> Response:
    source = hub.sources.get(name)
    if source is None:
        raise HTTPException(404, "no such source")
    try:
        documents = source.unpack(push)
    except PushRefused as error:
        _log.warning("push refused", extra={"source": name, "reason": error.reason})
        return response_of(source.refused(push, error.reason))
    except DocumentUnreadable as error:
        _log.error("push quarantined", extra={"source": name, "reason": error.reason})
        async with hub.db.transaction() as tx:
            await inbox.put_quarantined(tx, unreadable(name, push.body), error.reason)
        return response_of(source.accepted(push))

    became: list[Put] = []

    def say(puts: Sequence[Put]) -> Answer:
        became[:] = puts
        return Answer(200, "")

    await hub.keeper.keep([incoming(document) for document in documents], say)
    _log.info("push taken", extra={"source": name, "documents": len(became), "new": became.count(Put.FRESH)})
    return response_of(source.accepted(push))
