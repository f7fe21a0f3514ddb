"""Locking what orders picked: many orders in one transaction, each of them all or nothing.

There is one way to lock stock, for one order as for a hundred: the rows are locked in an order that everybody keeps
(plans, freezes, purchases, stock), then it is decided one claim after the other on numbers that nobody else can change,
and then everything is written at once. Who comes first in the group gets the last piece.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, bindparam, delete, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col, select

from domain.clock import utc_now
from store.stock.freezes import expired_freezes, thaw
from store.stock.moving import count_for_channels, fresh, ledger_line, lock, padded
from store.stock.nouns import Delta, Kind, Movement, Pick, Place, ReservationChanged, StaleSnapshot, StockShort
from store.stock.shares import Shares, shares_of
from store.stock.snapshot import outdated
from store.tables import IncomingRow, ReservationPlanRow, ReservationRow, StockLedgerRow, StockRow
from store.upsert import insert_locking


@dataclass(frozen=True)
class Claim:
    """What one order wants locked. `token` is that of the snapshot on which the picks were planned, if on any.

    `again` lets it lock what it has freed before.
    """

    order_id: str
    channel: str
    picks: tuple[Pick, ...]
    who: str
    token: str = ""
    again: bool = False

    def merged(self) -> tuple[Pick, ...]:
        """Its picks, one for each place and purchase, in order. Raises ValueError for a quantity below one."""
        wanted: Counter[tuple[str, str, str]] = Counter()
        for pick in self.picks:
            if pick.quantity < 1:
                raise ValueError(f"cannot lock {pick.quantity} of {pick.sku}")
            wanted[pick.sku, pick.warehouse, pick.incoming_no] += pick.quantity
        return tuple(Pick(sku, warehouse, count, number) for (sku, warehouse, number), count in sorted(wanted.items()))


Refusal = StockShort | StaleSnapshot | ReservationChanged | ValueError
Answer = str | Refusal
"""The token of the order's reservation, or why nothing was locked for it."""


async def claim_all(tx: AsyncSession, claims: Sequence[Claim], *, now: datetime | None = None) -> list[Answer]:
    """Lock what each claim wants, or nothing of it. The answers are in the order of the claims.

    What an order has locked or shipped already is left as it is, so the same claim again changes nothing.
    """
    answers: list[Answer | None] = [None] * len(claims)
    at = now or utc_now()
    left = list(enumerate(claims))
    while left:
        # An order that comes twice must see what came of its first claim.
        turn: dict[str, tuple[int, Claim]] = {}
        for i, claim in left:
            turn.setdefault(claim.order_id, (i, claim))
        numbers = {i for i, _ in turn.values()}
        left = [(i, claim) for i, claim in left if i not in numbers]
        group = _Group(tx, at)
        for i, answer in zip(sorted(numbers), await group.claim([claims[i] for i in sorted(numbers)]), strict=True):
            answers[i] = answer
    return [answer for answer in answers if answer is not None]


def plan_token(order_id: str, n: int, picks: Sequence[Pick]) -> str:
    """The name of an order's nth plan."""
    told = repr((order_id, n, [(pick.sku, pick.warehouse, pick.quantity, pick.incoming_no) for pick in picks]))
    return f"{n}-{hashlib.sha256(told.encode()).hexdigest()[:12]}"


@dataclass
class _Wish:
    """A claim that is being decided: what of it is new, and under which plan."""

    claim: Claim
    picks: tuple[Pick, ...]
    new: list[tuple[Pick, int]] = field(default_factory=list)
    """With the number of the reservation's row."""
    token: str = ""
    n: int = 1
    planned_before: bool = False


@dataclass
class _Group:
    """One group of claims of different orders in one transaction."""

    tx: AsyncSession
    at: datetime
    free: Counter[Place] = field(default_factory=Counter)
    coming: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(number, SKU, warehouse) to what of a purchase is free."""
    shares: Shares = field(default_factory=Shares)
    taken: set[str] = field(default_factory=set)
    """SKUs that a claim of this group has got something of."""

    async def claim(self, claims: Sequence[Claim]) -> list[Answer]:
        wishes: list[_Wish | ValueError] = []
        for claim in claims:
            try:
                picks = claim.merged()
                wishes.append(_Wish(claim, picks, token=plan_token(claim.order_id, 1, picks)))
            except ValueError as wrong:
                wishes.append(wrong)
        good = [wish for wish in wishes if isinstance(wish, _Wish)]
        if not good:
            return [wish for wish in wishes if isinstance(wish, ValueError)]
        await self._lock_plans(good)
        stock = await self._lock_stock(good)
        won: list[_Wish] = []
        answers: list[Answer] = []
        for wish in wishes:
            answer = wish if isinstance(wish, ValueError) else await self._decide(wish)
            answers.append(answer)
            if isinstance(wish, _Wish) and isinstance(answer, str) and wish.new:
                won.append(wish)
        await self._write(won, stock)
        lost = [
            wish.claim.order_id
            for wish, answer in zip(wishes, answers, strict=True)
            if isinstance(wish, _Wish) and not isinstance(answer, str) and not wish.planned_before
        ]
        if lost:
            row = ReservationPlanRow
            await self.tx.execute(delete(row).where(col(row.order_id).in_(padded(lost))))
        return answers

    async def _lock_plans(self, wishes: Sequence[_Wish]) -> None:
        """Lock the orders' plans, and find out what of each claim is new."""
        rows = [
            {"order_id": wish.claim.order_id, "channel": wish.claim.channel, "token": wish.token, "n": 1}
            for wish in sorted(wishes, key=lambda wish: wish.claim.order_id)
        ]
        kept = {
            row[0]: row for row in await insert_locking(self.tx, ReservationPlanRow, rows, ("order_id", "token", "n"))
        }
        there: defaultdict[str, list[ReservationRow]] = defaultdict(list)
        query = select(ReservationRow).where(col(ReservationRow.order_id).in_(padded(kept)))
        for row in await fresh(self.tx, query):
            there[row.order_id].append(row)
        for wish in wishes:
            _, token, n = kept[wish.claim.order_id]
            before = there[wish.claim.order_id]
            # A plan without a row of its own was made by this very statement, or by one that locked nothing.
            wish.planned_before = bool(before) or n > 1
            if wish.planned_before:
                wish.token, wish.n = token, n

            self._sort(wish, before)

    def _sort(self, wish: _Wish, before: Sequence[ReservationRow]) -> None:
        """What of the picks the order has not yet: `new`. Where it has another quantity, all of it stands in `new`
        with -1 for the number, which is refused later."""
        rows: defaultdict[tuple[str, str, str], list[ReservationRow]] = defaultdict(list)
        for row in before:
            rows[row.sku, row.warehouse, row.incoming_no].append(row)
        for pick in wish.picks:
            same = rows[pick.sku, pick.warehouse, pick.incoming_no]
            has = sum(row.quantity for row in same if row.status != "released")
            if has == pick.quantity:
                continue
            more = replace(pick, quantity=pick.quantity - has)
            allowed = not same or (wish.claim.again and more.quantity > 0)
            wish.new.append((more, max((row.n + 1 for row in same), default=0) if allowed else -1))

    async def _lock_stock(self, wishes: Sequence[_Wish]) -> dict[Place, StockRow]:
        """Lock everything that the claims touch, and read what is free."""
        new = [(wish, pick) for wish in wishes for pick, _ in wish.new]
        if not new:
            return {}
        picks = [pick for _, pick in new]
        skus = {pick.sku for pick in picks}
        places = {(pick.sku, pick.warehouse) for pick in picks if not pick.incoming_no}
        freezes = await expired_freezes(self.tx, self.at, skus)
        self.shares = await shares_of(self.tx, {(pick.sku, wish.claim.channel) for wish, pick in new})
        await self._lock_incoming(picks)
        whole = self.shares.skus & {sku for sku, _ in places}
        if freezes:
            places |= {(row.sku, row.source) for row in freezes}
            await lock(self.tx, places, whole=whole)
            await thaw(self.tx, freezes, "expired", "orderhub", self.at)
        stock = await lock(self.tx, places, whole=whole)
        self.free.update({place: row.on_hand - row.reserved - row.frozen for place, row in stock.items()})
        await self.shares.read(self.tx, stock)
        return stock

    async def _lock_incoming(self, picks: Sequence[Pick]) -> None:
        numbers = {pick.incoming_no for pick in picks if pick.incoming_no}
        if not numbers:
            return
        row = IncomingRow
        query = select(row).where(col(row.number).in_(padded(numbers)), row.status == "open")
        query = query.order_by(col(row.number), col(row.sku)).with_for_update()
        for found in await fresh(self.tx, query):
            free = found.quantity - found.reserved - found.received
            self.coming[found.number, found.sku, found.warehouse] = free

    async def _decide(self, wish: _Wish) -> Answer:
        claim = wish.claim
        for pick, n in wish.new:
            if n < 0:
                return ReservationChanged(
                    f"{claim.order_id}: {pick.sku} in {pick.warehouse} was locked in another quantity or freed,"
                    f" cannot lock {pick.quantity}"
                )
        if not wish.new:
            return wish.token
        refusal = self._missing(wish)
        if refusal is not None:
            # What others of this group have taken is not written yet, but was not in the snapshot either.
            crowded = any(pick.sku in self.taken for pick, _ in wish.new)
            if claim.token and (crowded or await outdated(self.tx, claim.token, self.at)):
                return StaleSnapshot(f"{claim.order_id}: planned on numbers of before, and {refusal}")
            return refusal
        for pick, _ in wish.new:
            self.taken.add(pick.sku)
            if pick.incoming_no:
                self.coming[pick.incoming_no, pick.sku, pick.warehouse] -= pick.quantity
            else:
                self.free[pick.sku, pick.warehouse] -= pick.quantity
                self.shares.take(pick.sku, claim.channel, pick.quantity)
        if wish.planned_before:
            wish.n += 1
            wish.token = plan_token(claim.order_id, wish.n, wish.picks)
        return wish.token

    def _missing(self, wish: _Wish) -> StockShort | None:
        short: Counter[str] = Counter()
        from_stock: Counter[str] = Counter()
        for pick, _ in wish.new:
            if pick.incoming_no:
                free = self.coming[pick.incoming_no, pick.sku, pick.warehouse]
            else:
                free = self.free[pick.sku, pick.warehouse]
                from_stock[pick.sku] += pick.quantity
            if pick.quantity > free:
                short[pick.sku] += pick.quantity - free
        over = {
            sku: missing
            for sku, quantity in from_stock.items()
            if sku not in short and (missing := self.shares.missing(sku, wish.claim.channel, quantity)) > 0
        }
        return StockShort({**short, **over}, over) if short or over else None

    async def _write(self, won: Sequence[_Wish], stock: dict[Place, StockRow]) -> None:
        if not won:
            return
        reservations, lines = [], []
        moved: Counter[Place] = Counter()
        promised: Counter[tuple[str, str]] = Counter()
        by_channel: Counter[tuple[str, str]] = Counter()
        for i, wish in enumerate(won):
            claim = wish.claim
            # A microsecond apart: who waits for a purchase is served in this order.
            at = self.at + timedelta(microseconds=i)
            for pick, n in wish.new:
                place = (pick.sku, pick.warehouse)
                row: dict[str, Any] = {"order_id": claim.order_id, "sku": pick.sku, "warehouse": pick.warehouse}
                status = "awaiting" if pick.incoming_no else "locked"
                row |= {"incoming_no": pick.incoming_no, "n": n, "quantity": pick.quantity, "status": status, "at": at}
                reservations.append(row)
                if pick.incoming_no:
                    promised[pick.incoming_no, pick.sku] += pick.quantity
                    continue
                moved[place] += pick.quantity
                by_channel[pick.sku, claim.channel] += pick.quantity
                before = stock[place]
                after = {name: getattr(before, name) for name in ("on_hand", "frozen", "defective", "in_transit")}
                after["reserved"] = before.reserved + moved[place]
                movement = Movement(f"{claim.order_id}/reserve{part('', n)}", "reserve", claim.who, claim.order_id)
                delta = Delta(reserved=pick.quantity)
                lines.append(ledger_line(place, delta, after, movement, Kind.RESERVE, claim.channel, self.at))
        await _insert(self.tx, ReservationRow, reservations)
        await self._take(moved)
        await _insert(self.tx, StockLedgerRow, lines)
        await count_for_channels(self.tx, {key: (quantity, 0) for key, quantity in by_channel.items()})
        await self._promise(promised)
        await self._name_plans([wish for wish in won if wish.planned_before])

    async def _take(self, moved: Counter[Place]) -> None:
        # The rows are locked and the claims were decided on them; the table's own CHECK is the guard of last resort.
        table = cast(Table, StockRow.__table__)  # type: ignore[attr-defined]
        statement = (
            update(table)
            .where(table.c.sku == bindparam("its_sku"), table.c.warehouse == bindparam("its_warehouse"))
            .values(reserved=table.c.reserved + bindparam("more"), version=table.c.version + 1)
        )
        rows = [{"its_sku": sku, "its_warehouse": place, "more": more} for (sku, place), more in sorted(moved.items())]
        if rows:
            await self.tx.execute(statement, rows)

    async def _promise(self, promised: Counter[tuple[str, str]]) -> None:
        row = IncomingRow
        for (number, sku), quantity in sorted(promised.items()):
            statement = update(row).where(col(row.number) == number, col(row.sku) == sku)
            await self.tx.execute(statement.values(reserved=col(row.reserved) + quantity))

    async def _name_plans(self, wishes: Sequence[_Wish]) -> None:
        row = ReservationPlanRow
        for wish in wishes:
            statement = update(row).where(col(row.order_id) == wish.claim.order_id)
            await self.tx.execute(statement.values(token=wish.token, n=wish.n))


async def _insert(tx: AsyncSession, table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        await tx.execute(table.__table__.insert(), rows)  # type: ignore[attr-defined]


def part(incoming_no: str, n: int) -> str:
    """What tells the rows of an order's reservation apart in the keys of its movements; "" for most."""
    return f"/{incoming_no}/{n}" if incoming_no or n else ""
