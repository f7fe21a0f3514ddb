"""Rules of every call: what each kind of failure becomes, and that a second time is as the first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import httpx

from connectors.contract.case import Broken, Call, Case, demand, staged
from connectors.contract.stage import Peer, nowhere
from connectors.errors import (
    DocumentUnreadable,
    OutcomeUnknown,
    PartnerError,
    PushRefused,
    Throttled,
    Unavailable,
)

T = TypeVar("T")

_HTML = "<!DOCTYPE html><html><body><h1>{0}</h1>nginx</body></html>"


@dataclass(frozen=True)
class Fault:
    """What happens to a request, instead of its good answer."""

    name: str
    answer: Callable[[httpx.Request, Peer], httpx.Response]


def _raises(kind: type[httpx.TransportError]) -> Callable[[httpx.Request, Peer], httpx.Response]:
    def answer(request: httpx.Request, _: Peer) -> httpx.Response:
        raise kind("played", request=request)

    return answer


def _says(status: int, text: str, media_type: str = "text/html") -> Callable[[httpx.Request, Peer], httpx.Response]:
    response = httpx.Response(status, headers={"content-type": media_type}, text=text)
    return lambda request, peer: response


def _cut(request: httpx.Request, peer: Peer) -> httpx.Response:
    whole = peer(request)
    return httpx.Response(whole.status_code, headers=whole.headers, content=whole.content[: len(whole.content) // 2])


UNREACHED = (
    Fault("no connection", _raises(httpx.ConnectError)),
    Fault("no connection in time", _raises(httpx.ConnectTimeout)),
)
LOST = (
    Fault("a time-out after sending", _raises(httpx.ReadTimeout)),
    Fault("a connection cut after sending", _raises(httpx.RemoteProtocolError)),
    Fault("500", _says(500, "")),
    Fault("502 with HTML", _says(502, _HTML.format("502 Bad Gateway"))),
    Fault("504 with HTML", _says(504, _HTML.format("504 Gateway Time-out"))),
    Fault("200 with HTML", _says(200, _HTML.format("maintenance"))),
    Fault("200 with nothing", _says(200, "")),
    Fault("half of the answer", _cut),
)
NOT_SERVING = Fault("503", _says(503, _HTML.format("503 Service Unavailable")))
THROTTLED = Fault("429", lambda request, peer: httpx.Response(429, headers={"retry-after": "7"}, text="slow down"))


def disturbed(call: Call[T], peer: Peer, fault: Fault) -> Peer:
    """A peer that does `fault` to the request that acts, and is well otherwise."""
    return lambda request: fault.answer(request, peer) if call.acts(request) else peer(request)


async def unreached(case: Case[T], calls: Sequence[Call[T]]) -> None:
    """Without a connection nothing happened: Unavailable."""
    if case.served:
        async with case.build(nowhere()) as connector:
            for call in calls:
                # A document may be understood without asking anybody.
                may_end_well = call.operation == "interpret"
                await _ends(case, call, connector, "an address where nobody is", Unavailable, may_end_well)
        return
    await _each(case, calls, UNREACHED, lambda call: (Unavailable,))


async def lost(case: Case[T], calls: Sequence[Call[T]]) -> None:
    """An answer that is lost or unreadable leaves a write open (OutcomeUnknown), and a read undone (Unavailable)."""
    await _each(case, calls, LOST, lambda call: (OutcomeUnknown,) if call.writes else (Unavailable,))


async def not_serving(case: Case[T], calls: Sequence[Call[T]]) -> None:
    """503 is tried again: whether a write may have happened, the connector says."""
    await _each(
        case, calls, [NOT_SERVING], lambda call: (Unavailable, OutcomeUnknown) if call.writes else (Unavailable,)
    )


async def throttled(case: Case[T], calls: Sequence[Call[T]]) -> None:
    """Too many calls, said by HTTP or in the partner's words: Throttled, with the time to wait."""
    await _each(case, calls, [THROTTLED], lambda call: (Throttled,))
    for call in calls:
        if (words := call.throttled) is not None:
            own = Fault("throttled in its own words", lambda request, peer, said=words: said)  # type: ignore[misc]
            await _each(case, [call], [own], lambda call: (Throttled,))


async def refused(case: Case[T], calls: Sequence[Call[T]]) -> None:
    """A business no is Rejected, or what the port returns for it, and asking again gives the same."""
    quoted = False
    for call in calls:
        if (words := call.refusal) is None:
            continue
        quoted = quoted or any(private in words.text for private in case.private)
        no = Fault("a refusal", lambda request, peer, said=words: said)  # type: ignore[misc]
        async with staged(case) as (connector, play):
            for _ in range(2):
                with play(disturbed(call, call.peer or case.peer, no)):
                    await _ends(case, call, connector, no.name, call.refused)
    if any(call.refusal is not None for call in calls):
        demand(quoted, "no refusal of the case quotes anything private, so that nothing shows that errors hide it")


async def repeated(case: Case[T], calls: Sequence[Call[T]]) -> None:
    """The same call twice gives the same, also when the first answer was lost; a write has the same key each time."""
    for call in calls:
        peer = call.peer or case.peer
        async with staged(case) as (connector, play):
            with play(peer) as asked:
                first, second = await call.run(connector), await call.run(connector)
                demand(first == second, f"{call.operation}: the second time gave another answer")
            with play(disturbed(call, peer, LOST[0])) as disturbed_calls:
                if any(call.acts(request) for request in asked):
                    await _ends(case, call, connector, LOST[0].name, PartnerError)
            with play(peer) as again:
                demand(await call.run(connector) == first, f"{call.operation}: after a lost answer it gave another one")
        if call.writes:
            _same_key(call, [*asked, *disturbed_calls, *again])


def _same_key(call: Call[T], asked: Sequence[httpx.Request]) -> None:
    demand(call.key is not None, f"{call.operation} writes, and the case names no key of it")
    assert call.key is not None
    keys = [call.key(request) for request in asked if call.acts(request)]
    demand(len(keys) > 1, f"{call.operation}: fewer than two requests that act; does `acts` know them?")
    demand(all(keys), f"{call.operation} was sent without a key")
    demand(len(set(map(repr, keys))) == 1, f"{call.operation}: the same call again was sent under another key")


async def _each(
    case: Case[T],
    calls: Sequence[Call[T]],
    faults: Sequence[Fault],
    expected: Callable[[Call[T]], tuple[type[PartnerError], ...]],
) -> None:
    for call in calls:
        async with staged(case) as (connector, play):
            for fault in faults:
                with play(disturbed(call, call.peer or case.peer, fault)) as asked:
                    try:
                        await _ends(case, call, connector, fault.name, expected(call))
                    except Broken:
                        if any(call.acts(request) for request in asked) or call.writes:
                            raise
                        break  # it asks nobody, so that nothing can be lost


async def _ends(
    case: Case[T], call: Call[T], connector: T, fault: str, expected: object, may_end_well: bool = False
) -> None:
    kinds = expected if isinstance(expected, tuple) else (expected,)
    try:
        result = await call.run(connector)
    except Exception as error:
        keeps_silent(case, error)
        demand(
            isinstance(error, PartnerError), f"{call.operation} at {fault}: {type(error).__name__} is not in the tree"
        )
        if not any(isinstance(kind, type) and isinstance(error, kind) for kind in kinds):
            raise Broken(f"{call.operation} at {fault}: {type(error).__name__}, not {_names(kinds)}") from error
        if isinstance(error, Throttled):
            demand(error.retry_after > 0, f"{call.operation} at {fault}: Throttled without a time to wait")
        return
    well = may_end_well or any(result == kind for kind in kinds)
    demand(well, f"{call.operation} at {fault}: no {_names(kinds)} was raised")


def keeps_silent(case: Case[T], error: BaseException) -> None:
    """Nothing private may stand in an error, or in what it came from: all of it is logged."""
    seen: BaseException | None = error
    while seen is not None:
        said = f"{seen} {seen!r} {getattr(seen, 'operator_text', '')} {getattr(seen, 'detail', '')}"
        for private in case.private:
            demand(private not in said, f"{type(seen).__name__} says something private: {private!r}")
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)


def in_the_tree(case: Case[T], error: Exception, *allowed: type[Exception]) -> None:
    """An error that is allowed here, and silent."""
    keeps_silent(case, error)
    demand(isinstance(error, allowed), f"{type(error).__name__} came out; allowed: {_names(allowed)}")


def _names(kinds: Sequence[object]) -> str:
    return " or ".join(kind.__name__ if isinstance(kind, type) else repr(kind) for kind in kinds)


UNREADABLE = (DocumentUnreadable, PartnerError)
NOT_TAKEN = (DocumentUnreadable, PushRefused)
