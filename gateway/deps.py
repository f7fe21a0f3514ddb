"""What the gateway is given. It fetches nothing by itself, so a test gives it whatever it likes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Protocol, cast

from fastapi import Depends, Request
from temporalio.converter import PayloadCodec

from connectors.ports import PushSource
from connectors.rest import RestDoor
from domain.approvals import PhoneBook
from domain.rulesets import RuleEvent, SetSeen
from domain.texts import text
from gateway.keeping import Keeper
from printing.desk import Desk
from rules.dry_run import DryRun
from rules.engine import Book
from rules.problems import Verdict
from store.database import Database
from workflows.contracts import (
    AddressWish,
    CancelOrder,
    Decide,
    DeclarationSupply,
    Outcome,
    RecordWaybill,
    ReleaseHold,
    UndoMerge,
)

Wish = CancelOrder | ReleaseHold | AddressWish | DeclarationSupply | RecordWaybill | Decide | UndoMerge
"""The argument of an order's update."""


class UpdateRefused(Exception):
    """The order does not do that; `text` says why, to whoever asked."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.text = words


class StillRunning(Exception):
    """The order took the wish and is at it; what comes of it shows in the order's state."""


class TemporalAway(Exception):
    """Temporal or all workers could not be reached. Whether the wish arrived is not known."""


class OrderGate(Protocol):
    """How people act on living orders."""

    async def update(self, order_id: str, name: str, argument: Wish) -> Outcome:
        """Ask an order for something, and wait a few seconds for what came of it.

        Raises UpdateRefused (its validator refused, or there is no such living order), StillRunning, TemporalAway.
        """
        ...


class RuleOwner(Protocol):
    """What may be done with rule sets. Every method raises domain.rulesets.Refused, in words."""

    async def overview(self) -> list[SetSeen]:
        """Every rule set."""
        ...

    async def document(self, name: str, version: str | None = None) -> tuple[str, dict[str, Any]]:
        """A version and its document; None: the one in force."""
        ...

    async def published(self) -> Book:
        """All that is published now."""
        ...

    async def history(self, name: str) -> list[RuleEvent]:
        """What happened to a rule set, oldest first."""
        ...

    async def test(self, name: str, version: str | None, who: str) -> tuple[str, Verdict]:
        """Test a version (None: the draft that was brought last), and note it when it passes."""
        ...

    async def against(self, name: str, document: dict[str, Any], count: int) -> DryRun:
        """Try a version on so many of the newest orders, or of whatever else its table is asked about."""
        ...

    async def publish(
        self, name: str, version: str, who: str, why: str, begins: datetime | None, ends: datetime | None
    ) -> RuleEvent | None:
        """Put a tested version in force. None when it is so already."""
        ...

    async def to_withdraw(self, name: str, seq: int | None) -> tuple[RuleEvent, str]:
        """The publication of that number (None: the one in force), and the version that decides without it."""
        ...

    async def withdraw(self, publication: RuleEvent, who: str, why: str) -> RuleEvent | None:
        """Take it back. None when that was done."""
        ...


class InWords:
    """An OrderGate for pages: whatever stands in the way comes as an Outcome with a sentence, never as an exception."""

    def __init__(self, orders: OrderGate) -> None:
        self._orders = orders

    async def update(self, order_id: str, name: str, argument: Wish) -> Outcome:
        """Ask an order for something. `done` only when it surely is."""
        try:
            return await self._orders.update(order_id, name, argument)
        except UpdateRefused as refused:
            return Outcome(False, refused.text)
        except StillRunning:
            return Outcome(False, text("order.still_running"), sure=False)
        except TemporalAway:
            return Outcome(False, text("order.away"), sure=False)


@dataclass(frozen=True)
class Gateway:
    """Everything that the HTTP side works with.

    `sources` are the partners that push, by the name in `/hooks/{source}`; `staff` maps a person's name to a bearer
    token, `roles` to what that person may do. `codec_tokens` open the codec endpoint, `codec_origins` are the Temporal
    UIs that may ask it from a browser, and `codec_open_on_loopback` serves callers on this machine without a token.
    `link_secret` is what the codes of the clerk's form are derived from. `rules` is the desk of those who own rule
    sets, `phones` seals the numbers of approvers.
    """

    db: Database
    keeper: Keeper
    sources: Mapping[str, PushSource]
    rest: RestDoor | None
    orders: OrderGate
    codec: PayloadCodec
    labels: Desk
    max_body_bytes: int
    link_secret: bytes = field(repr=False)
    staff: Mapping[str, str] = field(default_factory=dict, repr=False)
    roles: Mapping[str, Collection[str]] = field(default_factory=dict)
    codec_tokens: Sequence[str] = field(default=(), repr=False)
    codec_open_on_loopback: bool = False
    codec_origins: Sequence[str] = ()
    rules: RuleOwner | None = None
    warehouse: str = "WH01"
    """The warehouse of companies that keep no other."""
    phones: PhoneBook | None = field(default=None, repr=False)


async def _of(request: Request) -> Gateway:
    return cast(Gateway, request.app.state.gateway)


Hub = Annotated[Gateway, Depends(_of)]
"""The gateway as a parameter of a route."""
