"""From HTTP to the ports' words, and from documents to the inbox."""

from __future__ import annotations

import hashlib

from fastapi import Request, Response

from connectors.ports import Document, Push, Reply
from domain.clock import utc_now
from store.inbox import Incoming


async def push_of(request: Request, path_secret: str = "") -> Push:
    """The request as it came: the path not decoded, for partners sign it as they wrote it."""
    return Push(
        method=request.method,
        path=request.scope["raw_path"].decode("latin-1"),
        path_secret=path_secret,
        query=dict(request.query_params),
        headers=dict(request.headers),
        body=await request.body(),
        received_at=utc_now(),
    )


def response_of(reply: Reply) -> Response:
    """A partner's own words as an HTTP response."""
    return Response(reply.body, reply.status, media_type=reply.media_type)


def incoming(document: Document) -> Incoming:
    """A connector's document as the inbox takes it."""
    return Incoming(
        source=document.source,
        kind=document.kind,
        document_id=document.document_id,
        version=document.version,
        body=document.body,
        order_id=document.order_id,
    )


def unreadable(source: str, body: bytes) -> Incoming:
    """A push that is genuine but cannot be taken apart, named by its content so that its repeats are one."""
    readable = body.decode("utf-8", "replace").replace("\x00", "\ufffd")  # PostgreSQL keeps no NUL
    return Incoming(source, "unreadable", hashlib.sha256(body).hexdigest(), 0, readable)
