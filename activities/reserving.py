"""Locking the stock of many orders in one transaction: each is planned, locked and noted as if it were alone.

An article that everybody wants is one row; a transaction for each order would make the orders wait for each other, one
commit after the other (`orderhub bench stock` shows by how much).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncSession

from activities.contracts import Reserved
from activities.planning import Planned, Router
from activities.results import from_json
from domain.pauses import Slice
from domain.routing import Routing, Verdict
from store import orders, pauses, stock
from store.steps import Done, load_order, ran_before, record
from store.stock import Claim
from store.tables import OrderRow

STEP = "reserve_stock"

MOST = 16
"""Orders in a group. Each is planned within it, and a local activity may take two seconds."""


class Unfillable(Exception):
    """No plan gives the order everything."""

    def __init__(self, routing: Routing) -> None:
        super().__init__(routing.reason.key)
        self.routing = routing


Tried = Reserved | Unfillable | Exception
"""What is locked; or why nothing is."""

Keep = Callable[[AsyncSession, OrderRow, Planned], Awaitable[Done]]
"""Keeps the plan of an order whose stock is locked."""


class OrderWish:
    """The step `reserve_stock` of one order as part of a group (`store.stock.together`)."""

    def __init__(self, router: Router, order_id: str, keep: Keep) -> None:
        self._router = router
        self._order_id = order_id
        self._keep = keep
        self._before: Tried | None = None
        self._row: OrderRow | None = None
        self._planned: Planned | None = None

    async def claim(self, tx: AsyncSession) -> Claim | None:
        """What the order's plan picks; None when the step ran before, an article is paused, or no plan gives it
        everything."""
        self._before = None  # it may be done again, alone
        self._row = await load_order(tx, self._order_id)
        kept = await ran_before(tx, self._order_id, STEP)
        if kept is not None:
            self._before = from_json(Reserved, kept) if kept else Reserved(True)
            return None
        order = await orders.body(tx, self._order_id)
        paused = await pauses.stops(tx, self._order_id, Slice.SKU, {line.sku for line in order.lines})
        if paused is not None:
            self._before = Reserved(False, paused=paused.why, paused_until=paused.until)
            return None
        self._planned = await self._router.plan(tx, order)
        if self._planned.routing.verdict is Verdict.SHORT:
            self._before = Unfillable(self._planned.routing)
            return None
        return Claim(self._order_id, order.channel, tuple(self._planned.picks), "orderhub", self._planned.token)

    async def keep(self, tx: AsyncSession, answer: stock.Answer | None) -> Tried:
        """Note what was locked, with the event and the golden state."""
        if self._before is not None:
            return self._before
        if not isinstance(answer, str):
            assert answer is not None
            return answer
        assert self._row is not None
        assert self._planned is not None
        done = await self._keep(tx, self._row, self._planned)
        await record(tx, self._row, STEP, "orderhub", done)
        return from_json(Reserved, done.result)
