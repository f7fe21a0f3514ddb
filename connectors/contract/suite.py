"""All rules that a case is checked for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from connectors.contract import calls, pulls, pushes
from connectors.contract.case import PORTS, WHERE_IT_CAN, Call, Case, demand, staged
from connectors.ports import Interceptor
from domain.shipping import InterceptKind

T = TypeVar("T")


@dataclass(frozen=True)
class Check:
    """One rule, for one connector. It raises Broken (an AssertionError) where the rule is not kept."""

    name: str
    act: Callable[[], Awaitable[None]]

    def run(self) -> None:
        """Check it, in an event loop of its own."""
        asyncio.run(_awaited(self.act))

    def __str__(self) -> str:
        return self.name


def checks(case: Case[T]) -> list[Check]:
    """The rules of the case's port."""
    demand(case.port in PORTS, f"{case.port} is no port; there are {', '.join(PORTS)}")
    demand(not case.missing(), f"{case.name}: no call of {', '.join(case.missing())}")
    found = [_check(case, rule.__name__, rule, case.calls) for rule in _CALLS if case.calls]
    if case.port in WHERE_IT_CAN:
        found.append(Check(f"{case.name}-capability", _bound(_capability, case)))
    if case.has_source():
        found += [Check(f"{case.name}-{rule.__name__}", _bound(rule, case)) for rule in _DOCUMENTS]
        found.append(Check(f"{case.name}-asking_back", _bound(_asking_back, case)))
    for number, pull in enumerate(case.pulls, 1):
        where = f"{case.name}-pull{number}"
        found += [Check(f"{where}-{rule.__name__}", _bound(rule, case, pull)) for rule in _PULLS]
        found += [_check(case, f"pull{number}-{rule.__name__}", rule, [pulls.pulling(pull)]) for rule in _READS]
    return found


_READS = (calls.unreached, calls.lost, calls.not_serving, calls.throttled, calls.repeated)
_CALLS = (*_READS, calls.refused)
_DOCUMENTS = (pushes.unsigned, pushes.pure, pushes.garbage, pushes.understood)
_PULLS = (pulls.described, pulls.windows, pulls.stable, pulls.strangers)


def _check(case: Case[T], name: str, rule: Callable[..., Awaitable[None]], of: Any) -> Check:
    return Check(f"{case.name}-{name}", _bound(rule, case, of))


def _bound(rule: Callable[..., Awaitable[None]], *of: Any) -> Callable[[], Awaitable[None]]:
    return lambda: rule(*of)


async def _capability(case: Case[T]) -> None:
    """A courier says what it can be asked to stop, and the case has a call of each part of it; or it has no part of
    it at all."""
    parts = WHERE_IT_CAN[case.port]
    async with staged(case) as (connector, _):
        has = {part for part in parts if callable(getattr(connector, part, None))}
        demand(not has or has == parts, f"it has {', '.join(sorted(has))}, but not {', '.join(sorted(parts - has))}")
        demand(case.besides() == has, f"{case.name}: calls of {sorted(case.besides())}, but it can {sorted(has)}")
        if has:
            demand(isinstance(connector, Interceptor), f"{case.name} can intercept, and does not say what")
            kinds = connector.intercepts if isinstance(connector, Interceptor) else frozenset()
            demand(bool(kinds) and kinds <= set(InterceptKind), f"{case.name} intercepts {kinds}")


async def _asking_back(case: Case[T]) -> None:
    """A document that is confirmed by asking waits while nobody can be asked, and is never called unreadable."""
    async with staged(case) as (connector, _):
        documents = pushes.genuine(case, case.source(connector))
    asking: list[Call[T]] = pushes.interpreting(case, documents)
    for rule in (calls.unreached, calls.lost, calls.throttled):
        await rule(case, asking)


async def _awaited(act: Callable[[], Awaitable[None]]) -> None:
    await act()
