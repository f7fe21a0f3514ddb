"""Many orders that lock stock at the same moment, in one transaction.

An article that everybody wants is one row, and one transaction at a time can change it: a commit for each order is what
limits how many get it. So whoever comes while a transaction is under way is in the next one (`store.together`), and
each order of a group is decided as if it were alone, in the order in which they came.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from store.database import Database
from store.stock.claiming import Answer, Claim, claim_all
from store.together import Together

Got_co = TypeVar("Got_co", covariant=True)
T = TypeVar("T")

MOST = 100
"""Orders in a group: beyond it a group takes longer, and saves no more."""


class Wish(Protocol[Got_co]):
    """What one order wants of the stock, in three steps of one transaction."""

    async def claim(self, tx: AsyncSession) -> Claim | None:
        """What is to be locked; None when nothing is. Nothing may be locked in the stock here."""
        ...

    async def keep(self, tx: AsyncSession, answer: Answer | None) -> Got_co:
        """Keep what came of the claim, beside it. What is given here is what the caller gets, once it is committed."""
        ...


class Reserving(Together[Wish[T], T]):
    """Locks stock for many callers at once; each gets what its wish made of the answer.

    A wish that raises takes nobody with it. An order should come once at a time.
    """

    def __init__(self, db: Database, *, most: int = MOST) -> None:
        # One group at a time: two would wait for each other's rows, and be two half groups.
        super().__init__(db, _lock, size=lambda _: 1, most=most, at_once=1)


class Plain:
    """The wish for a claim and nothing else; gives the answer."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim

    async def claim(self, tx: AsyncSession) -> Claim:
        """The claim that it was made with."""
        return self._claim

    async def keep(self, tx: AsyncSession, answer: Answer | None) -> Answer:
        """The answer as it is."""
        assert answer is not None
        return answer


async def _lock(tx: AsyncSession, wishes: Sequence[Wish[T]]) -> list[T]:
    claims = [await wish.claim(tx) for wish in wishes]
    answers = iter(await claim_all(tx, [claim for claim in claims if claim is not None]))
    return [
        await wish.keep(tx, None if claim is None else next(answers))
        for wish, claim in zip(wishes, claims, strict=True)
    ]
