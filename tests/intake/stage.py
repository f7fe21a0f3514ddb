"""The stage for intake: orders that remember what they were told, a partner that follows a script, and the books."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from pydantic import SecretStr
from sqlmodel import select

from connectors.ports import Document, Push, PushSource, Reply
from connectors.rest import Caller, OwnSettings, RestChannel, ShopAccount
from connectors.rest.documents import cancel_document, order_document
from domain.news import News
from domain.order import Channel, Order
from intake.dispatcher import Dispatcher, Pace
from intake.orders import Orders
from store import inbox
from store.database import Database
from store.orders import Untold
from store.tables import InboxRow, OrderRow

PACE = Pace(start_window=10, batch=50, poll_s=0.005, lease_s=30, retry_s=0.005, max_attempts=4)


class RecordingOrders:
    """Orders as the dispatcher reaches them: like Temporal, an order is started once, and knows what it was told."""

    def __init__(self) -> None:
        self.running: dict[str, Untold] = {}
        self.start_calls: list[str] = []
        self.told: list[tuple[str, str, Any]] = []
        self.before_start: Callable[[Untold], Awaitable[None]] | None = None
        """Run at the beginning of every start; may raise."""
        self.after_start: Callable[[Untold], Awaitable[None]] | None = None
        """Run when the order runs, before the caller learns so; may raise."""
        self.broken: Exception | None = None
        """Raised by every signal."""

    async def start(self, order: Untold) -> None:
        self.start_calls.append(order.order_id)
        if self.before_start is not None:
            await self.before_start(order)
        self.running.setdefault(order.order_id, order)
        if self.after_start is not None:
            await self.after_start(order)

    async def signal(self, order_id: str, name: str, *arguments: object) -> bool:
        if self.broken is not None:
            raise self.broken
        if order_id not in self.running:
            return False
        self.told.append((order_id, name, *arguments))  # type: ignore[arg-type]
        return True


class ScriptedSource:
    """A partner whose documents mean what the test says: each `interpret` takes the next of its `answers`."""

    def __init__(self, source: str, *answers: Sequence[News] | Exception) -> None:
        self.source = source
        self.answers = list(answers)
        self.asked: list[str] = []
        self.gate: Callable[[], Awaitable[object]] | None = None

    def unpack(self, push: Push) -> Sequence[Document]:
        return [Document(self.source, "news", "1", 0, push.body.decode())]

    def accepted(self, push: Push) -> Reply:
        return Reply(200, "text/plain", b"ok")

    def refused(self, push: Push, reason: str) -> Reply:
        return Reply(400, "text/plain", b"no")

    async def interpret(self, document: Document) -> Sequence[News]:
        self.asked.append(document.document_id)
        if self.gate is not None:
            await self.gate()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def own_shop() -> RestChannel:
    """The real own shop; its documents need nobody to be asked."""
    account = ShopAccount(key_id="key-main", secret=SecretStr("main-secret"), base_url="https://shop.test")
    return RestChannel(Channel.OWN, OwnSettings(shops={"main": account}))


@dataclass
class Stage:
    """One dispatcher on a database, with everything around it."""

    db: Database
    orders: RecordingOrders
    sources: dict[str, PushSource]
    pace: Pace = PACE

    def dispatcher(self, orders: Orders | None = None, **pace: Any) -> Dispatcher:
        return Dispatcher(self.db, self.sources, orders or self.orders, replace(self.pace, **pace))

    async def put(self, *documents: Document) -> None:
        """Into the inbox, as the gateway does."""
        async with self.db.transaction() as tx:
            for document in documents:
                await inbox.put(tx, inbox.Incoming(**document.__dict__))

    async def put_orders(self, *orders: Order) -> None:
        await self.put(*(order_document(order) for order in orders))

    async def put_cancel(self, order_no: str, reason: str = "不要了") -> None:
        await self.put(cancel_document(Caller(Channel.OWN, "main"), order_no, reason))

    async def put_news(self, source: str, document_id: str = "1") -> None:
        await self.put(Document(source, "news", document_id, 0, json.dumps({})))

    async def rows(self) -> Mapping[str, InboxRow]:
        """The inbox, by document id."""
        async with self.db.transaction() as tx:
            found = (await tx.execute(select(InboxRow))).scalars().all()
        return {row.document_id: row for row in found}

    async def row(self, document_id: str = "1") -> InboxRow:
        return (await self.rows())[document_id]

    async def index(self, order_id: str) -> OrderRow:
        async with self.db.transaction() as tx:
            row = await tx.get(OrderRow, order_id)
        assert row is not None
        return row

    async def started(self, *documents: Order) -> None:
        """Take and start orders, and let them come to their first wait."""
        await self.put_orders(*documents)
        dispatcher = self.dispatcher(start_window=1000)
        await dispatcher.order_documents()
        await dispatcher.start_orders()
        for document in documents:
            await self.arrived(document.order_id)

    async def arrived(self, order_id: str) -> None:
        """The order came to its first wait: it is not in flight any more."""
        async with self.db.transaction() as tx:
            row = await tx.get(OrderRow, order_id)
            assert row is not None
            row.in_flight = False
            tx.add(row)

    async def drain(self) -> None:
        """Let one dispatcher work until the inbox is empty; what is postponed is due again in milliseconds here."""
        dispatcher = self.dispatcher()

        async def empty() -> bool:
            await dispatcher.living_documents()
            await dispatcher.order_documents()
            return all(row.status != "new" for row in (await self.rows()).values())

        await until(empty)


@asynccontextmanager
async def working(*dispatchers: Dispatcher) -> AsyncIterator[None]:
    """Dispatchers at work, all loops of them."""
    running = [asyncio.create_task(dispatcher.run()) for dispatcher in dispatchers]
    try:
        yield
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def until(ready: Callable[[], Awaitable[bool]], at_most: float = 20) -> None:
    """Wait for something that the store will show."""
    async with asyncio.timeout(at_most):
        while not await ready():  # noqa: ASYNC110 - only the store knows
            await asyncio.sleep(0.01)
