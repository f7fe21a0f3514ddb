"""What the demo shows while it runs."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text
from sqlmodel import and_, col, func, or_, select

from domain.golden import Exit, GoldenState
from domain.order import ChannelStatus
from domain.texts import text
from store.database import Database
from store.tables import OrderRow

_BAR = 36


@dataclass(frozen=True)
class Standing:
    """Where all orders are now."""

    here: int
    closed: int
    states: Counter[str]
    holds: Counter[str]


async def standing(db: Database) -> Standing:
    """Count the orders by state and hold."""
    async with db.reading() as tx:
        groups = (col(OrderRow.state), col(OrderRow.exit))
        query = select(*groups, func.count()).group_by(*groups)
        states: Counter[str] = Counter()
        for state, exit_, count in (await tx.execute(query)).all():
            states[exit_ or state or "none"] += count
        held = select(OrderRow.holds).where(col(OrderRow.closed_at).is_(None))
        holds: Counter[str] = Counter(reason for reasons in (await tx.execute(held)).scalars() for reason in reasons)
        # One that was cancelled before it began has no workflow to close it.
        never = and_(col(OrderRow.started_at).is_(None), col(OrderRow.status) == ChannelStatus.CANCELLED)
        closed = select(func.count()).where(or_(col(OrderRow.closed_at).is_not(None), never))
        return Standing(states.total(), int((await tx.execute(closed)).scalar_one()), states, holds)


class Progress:
    """A live picture of the seven states on a terminal; a line every few seconds where there is none."""

    def __init__(self, console: Console, db: Database, orders: int) -> None:
        self._console = console
        self._db = db
        self._orders = orders
        self._news: list[str] = []
        self._live = Live(console=console, refresh_per_second=4, transient=False) if console.is_terminal else None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Progress:
        if self._live is not None:
            self._live.start()
        self._task = asyncio.create_task(self._paint())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._live is not None:
            self._live.update(self._picture(await standing(self._db)))
            self._live.stop()

    def say(self, line: str) -> None:
        """Show a line of news."""
        self._news.append(line)
        if self._live is None:
            self._console.print(line)

    async def _paint(self) -> None:
        turns = 0
        while True:
            now = await standing(self._db)
            if self._live is not None:
                self._live.update(self._picture(now))
            elif turns % 12 == 0:
                states = ", ".join(f"{text(f'state.{name}')} {count}" for name, count in sorted(now.states.items()))
                self._console.print(f"{now.closed}/{self._orders} · {states}")
            turns += 1
            await asyncio.sleep(0.4)

    def _picture(self, now: Standing) -> Table:
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(width=14)
        table.add_column(width=_BAR)
        table.add_column(justify="right", width=6)
        for state in (*GoldenState, *Exit):
            count = now.states.get(state, 0)
            filled = round(_BAR * count / max(1, self._orders))
            color = "green" if state is GoldenState.WARRANTY_ACTIVATED else "red" if state in tuple(Exit) else "cyan"
            table.add_row(text(f"state.{state}"), Text("█" * filled or ("▏" if count else ""), style=color), str(count))
        held = "  ".join(f"{text(f'hold.{reason}')} {count}" for reason, count in sorted(now.holds.items()))
        table.add_row(text("demo.held"), Text(held or "–", style="yellow"), "")
        table.add_row(text("demo.arrived"), Text(f"{now.here} / {self._orders}"), "")
        for line in self._news[-5:]:
            table.add_row("", Text(line, style="dim"), "")
        return table
