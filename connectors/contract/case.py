"""What a connector's author says about it, so that the checks can run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar, cast

import httpx

from connectors.contract.stage import Peer, Served, playing, serving
from connectors.errors import Rejected
from connectors.ports import Document, PullSource, Push, PushSource, Window

T = TypeVar("T")

PORTS: dict[str, frozenset[str]] = {
    "channel": frozenset({"write_back"}),
    "courier": frozenset({"create", "find", "void"}),
    "warehouse": frozenset({"push", "query", "hold", "restore", "cancel", "shelves"}),
    "pushes": frozenset(),
}
"""The operations of each port that a case must bring a `Call` of. "pushes" is a `PushSource` and nothing else."""
WHERE_IT_CAN: dict[str, frozenset[str]] = {"courier": frozenset({"intercept", "intercepted"})}
"""What a connector of a port may do besides: one that can brings a `Call` of each, one that cannot brings none."""
WRITES = frozenset({"intercept", "write_back", "tell_stock", "create", "void", "push", "hold", "restore", "cancel"})


Play = Callable[[Peer], AbstractContextManager[list[httpx.Request]]]
"""Lets a peer answer for a while, and gives what it is asked."""


class Broken(AssertionError):
    """The connector does not keep to a rule, or the case is too thin to tell."""


def demand(kept: bool, words: str) -> None:
    """Raise Broken unless a rule is kept."""
    if not kept:
        raise Broken(words)


def _every(_: httpx.Request) -> bool:
    return True


@dataclass(frozen=True)
class Call(Generic[T]):
    """One operation of a port, called in one way."""

    operation: str
    """The port's method: "write_back", "create", ..."""
    run: Callable[[T], Awaitable[object]]
    acts: Callable[[httpx.Request], bool] = _every
    """Which request does it; others (tokens, a look before) are answered well while this one is disturbed."""
    key: Callable[[httpx.Request], object] | None = None
    """The idempotency key in that request. Every write must name it."""
    peer: Peer | None = None
    """Who answers, where it is not the case's own peer."""
    refusal: httpx.Response | None = None
    """A business no, in the partner's words. At least one of a case must quote something private."""
    refused: object = Rejected
    """What comes of it: the class of an error, or the value returned."""
    throttled: httpx.Response | None = None
    """The partner's own way to say "too many calls", where it is not HTTP's 429 alone."""

    may_write: bool = False
    """Set for a `find` that, for want of a better call of the partner's, may make what it looks for."""

    @property
    def writes(self) -> bool:
        """Whether it may change anything at the partner."""
        return self.may_write or self.operation in WRITES


@dataclass(frozen=True)
class Pushes:
    """What the partner sends us."""

    genuine: Sequence[Push]
    forged: Sequence[Push]
    """Pushes that only their signature (key, secret path) gives away."""
    sealed: Callable[[bytes], Push]
    """Any body, as the partner would sign it."""
    signed_in_body: bool = False
    """Set where the signature is a field of the body, so that taking headers and query away takes nothing."""


@dataclass(frozen=True)
class Pull(Generic[T]):
    """A list of changes that is asked for."""

    source: Callable[[T], PullSource]
    shop: str
    window: Window
    asked: Callable[[httpx.Request], tuple[datetime, datetime] | None] | None
    """The span that a request asks for; None for a request that asks for none. None for a partner without any list,
    who is asked for one order after the other."""
    peer: Peer
    """Answers at least two pages, with an order or a refund on each."""


@dataclass(frozen=True)
class Case(Generic[T]):
    """A connector, and enough about its partner to check it.

    `build` gives it anew each time, ready to work: with its token, and a breaker that bears a hundred failures.
    """

    name: str
    port: str
    build: Callable[..., AbstractAsyncContextManager[T]]
    peer: Peer
    """A partner to whom every request is right."""
    private: Sequence[str]
    """Secrets and personal data that stand in the settings, the requests and the refusals."""
    calls: Sequence[Call[T]] = ()
    pushes: Pushes | None = None
    """None for a partner that never calls us: then everything is refused."""
    pulls: Sequence[Pull[T]] = ()
    spoilt: Sequence[Document] = field(default=())
    """More documents that were taken and make no sense."""
    source: Callable[[T], PushSource] = lambda connector: cast(Any, connector)
    """Who takes its documents apart, where that is not the connector itself."""

    served: bool = False
    """Set for a connector with an HTTP client other than httpx: `build` is given the address where the peer answers."""

    def besides(self) -> frozenset[str]:
        """What it has calls of that its port does not demand of everybody."""
        return WHERE_IT_CAN.get(self.port, frozenset()) & {call.operation for call in self.calls}

    def has_source(self) -> bool:
        """Whether it takes documents in at all."""
        return self.port in ("channel", "pushes")

    def missing(self) -> Iterable[str]:
        """The operations of its port that have no call here."""
        return sorted(PORTS[self.port] - {call.operation for call in self.calls})


@asynccontextmanager
async def staged(case: Case[T]) -> AsyncIterator[tuple[T, Play]]:
    """A case's connector, and the way to let peers answer it."""
    if not case.served:
        async with case.build() as connector:
            yield connector, playing
        return
    stage = Served()
    async with serving(stage.answer) as url, case.build(url) as connector:
        yield connector, stage.playing
