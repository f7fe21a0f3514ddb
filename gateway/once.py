"""`Idempotency-Key`: the same request under the same key is worked on once, and answered the same every time."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from fastapi import Response

from connectors.errors import DocumentUnreadable
from connectors.ports import Push
from connectors.rest import Caller
from connectors.transport import compact_json
from gateway.keeping import Answer, Keeper, OtherRequest, Say
from store.idempotency import InProgress, Slot
from store.inbox import Incoming

HEADER = "idempotency-key"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def slot_of(push: Push, caller: Caller) -> Slot | None:
    """The key that a request came with; None without one. Raises DocumentUnreadable for an unusable key."""
    key = push.headers.get(HEADER)
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise DocumentUnreadable("rest", f"{HEADER} is not 1 to 255 visible ASCII characters")
    digest = hashlib.sha256(f"{push.method}\n{push.path}\n".encode("latin-1", "replace") + push.body).hexdigest()
    return Slot(caller.channel, caller.shop, key, digest)


async def once(keeper: Keeper, slot: Slot | None, documents: Sequence[Incoming], say: Say) -> Response:
    """Keep what a request brings, and answer it; or answer it as before."""
    try:
        answer = await keeper.keep(documents, say, slot)
    except OtherRequest:
        return _response(Answer(409, compact_json({"code": "IDEMPOTENCY_CONFLICT"})))
    except InProgress:
        return _response(Answer(409, compact_json({"code": "IN_PROGRESS"})), {"Retry-After": "1"})
    return _response(answer, {"Idempotency-Replayed": "true"} if answer.replayed else None)


def _response(answer: Answer, headers: dict[str, str] | None = None) -> Response:
    return Response(answer.body.encode(), answer.status, headers, media_type="application/json")
