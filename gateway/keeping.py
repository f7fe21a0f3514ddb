"""What requests bring is kept before they are answered: the documents of all that wait, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from store import idempotency, inbox
from store.database import Database
from store.idempotency import Kept, Slot, SlotId
from store.inbox import Incoming, Put
from store.together import Together

_MOST = 1000
"""Documents in one transaction. They take some ten milliseconds, and other writers of SQLite wait meanwhile."""
_AT_ONCE = 2
_WAIT_TOGETHER_S = 0.2
"""How long a group waits for a key that one of its requests wants; by itself, that one waits for it longer."""


@dataclass(frozen=True)
class Answer:
    """What a request is answered: an HTTP status and a body. `replayed`: it was answered so before, under its key."""

    status: int
    body: str
    replayed: bool = False


class OtherRequest(Exception):
    """The request's key was used for another request."""


Say = Callable[[Sequence[Put]], Answer]
"""Makes a request's answer of what became of its documents."""


@dataclass(frozen=True)
class _Request:
    documents: Sequence[Incoming]
    slot: Slot | None
    say: Say


class Keeper:
    """Keeps what requests bring. Whatever it answers is committed."""

    def __init__(self, db: Database) -> None:
        self._group = Together[_Request, Answer | OtherRequest](
            db, _keep, size=lambda request: len(request.documents), most=_MOST, at_once=_AT_ONCE
        )

    async def keep(self, documents: Sequence[Incoming], say: Say, slot: Slot | None = None) -> Answer:
        """Keep a request's documents, and in the same transaction its answer under the key that it came with.

        The same request under the same key is worked on once, and answered the same every time. Raises OtherRequest,
        and InProgress when a request under the same key does not end in time.
        """
        answer = await self._group.do(_Request(documents, slot, say))
        if isinstance(answer, OtherRequest):
            raise answer
        return answer


async def _keep(tx: AsyncSession, requests: Sequence[_Request]) -> list[Answer | OtherRequest]:
    kept, mine = await _claim(tx, requests)
    puts = iter(await inbox.put_all(tx, [document for request in mine for document in request.documents]))
    answers = {id(request): request.say([next(puts) for _ in request.documents]) for request in mine}
    ours = {request.slot.id: _kept(request.slot, answers[id(request)]) for request in mine if request.slot is not None}
    await idempotency.keep(tx, ours)
    return [answers.get(id(request)) or _again(request.slot, kept | ours) for request in requests]


async def _claim(tx: AsyncSession, requests: Sequence[_Request]) -> tuple[dict[SlotId, Kept], list[_Request]]:
    """What was answered before, and the requests that are to be worked on: of several under one key, the first."""
    firsts: dict[SlotId, _Request] = {}
    for request in requests:
        if request.slot is not None:
            firsts.setdefault(request.slot.id, request)
    slots = [request.slot for request in firsts.values() if request.slot is not None]
    wait_s = idempotency.WAIT_S if len(requests) == 1 else _WAIT_TOGETHER_S
    kept = await idempotency.claim(tx, slots, wait_s=wait_s)

    def to_do(request: _Request) -> bool:
        slot = request.slot
        return slot is None or (firsts[slot.id] is request and slot.id not in kept)

    return kept, [request for request in requests if to_do(request)]


def _again(slot: Slot | None, kept: dict[SlotId, Kept]) -> Answer | OtherRequest:
    assert slot is not None
    before = kept[slot.id]
    if before.request_sha256 != slot.request_sha256:
        return OtherRequest(slot.key)
    return Answer(before.status, before.answer, replayed=True)


def _kept(slot: Slot, answer: Answer) -> Kept:
    return Kept(slot.request_sha256, answer.status, answer.body)
