"""`Idempotency-Key`: the same request under the same key is worked on once, and answered the same every time."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Response
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.errors import DocumentUnreadable
from connectors.ports import Push
from connectors.rest import Caller
from connectors.transport import compact_json
from store import idempotency
from store.database import Database
from store.idempotency import InProgress, KeptAnswer, OtherRequest, Slot

HEADER = "idempotency-key"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True)
class Answer:
    """What a request is answered: a status, and content for JSON."""

    status: int
    content: Any


Work = Callable[[AsyncSession], Awaitable[Answer]]


def slot_of(push: Push, caller: Caller) -> Slot | None:
    """The key that a request came with; None without one. Raises DocumentUnreadable for an unusable key."""
    key = push.headers.get(HEADER)
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise DocumentUnreadable("rest", f"{HEADER} is not 1 to 255 visible ASCII characters")
    digest = hashlib.sha256(f"{push.method}\n{push.path}\n".encode("latin-1", "replace") + push.body).hexdigest()
    return Slot(caller.channel, caller.shop, key, digest)


async def once(db: Database, slot: Slot | None, work: Work) -> Response:
    """Do `work` in a transaction, and keep its answer in the same one. Without a slot it is simply done."""
    try:
        async with db.transaction() as tx:
            kept = await idempotency.claim(tx, slot) if slot is not None else None
            if kept is not None:
                return _response(kept, {"Idempotency-Replayed": "true"})
            done = await work(tx)
            answer = KeptAnswer(done.status, compact_json(done.content))
            if slot is not None:
                await idempotency.keep(tx, slot, answer)
    except OtherRequest:
        return _response(KeptAnswer(409, compact_json({"code": "IDEMPOTENCY_CONFLICT"})))
    except InProgress:
        return _response(KeptAnswer(409, compact_json({"code": "IN_PROGRESS"})), {"Retry-After": "1"})
    return _response(answer)


def _response(answer: KeptAnswer, headers: dict[str, str] | None = None) -> Response:
    return Response(answer.answer.encode(), answer.status, headers, media_type="application/json")
