"""The partners and the settings that activities work with, and how a partner's error becomes Temporal's."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from temporalio.exceptions import ApplicationError

from connectors.drops import FileFeed
from connectors.errors import Misconfigured, PartnerError, Rejected, Throttled
from connectors.ports import Courier, CreditBureau, Messenger, PullSource, SalesChannel, Tracker, Warehouse
from domain.approvals import PhoneBook
from domain.order import Channel
from domain.partner_health import Rule
from domain.shipping import Provider
from store.database import Database
from store.holds import open_task

_log = logging.getLogger("orderhub.partners")


@dataclass(frozen=True)
class Partners:
    """Every outside system that is configured. The mappings change while a process lives: shops come and go."""

    channels: MutableMapping[Channel, SalesChannel]
    couriers: MutableMapping[Provider, Courier]
    tracker: Tracker
    warehouse: Warehouse
    credit: CreditBureau
    messenger: Messenger
    pulls: MutableMapping[str, PullSource] = field(default_factory=dict)
    files: MutableMapping[str, FileFeed] = field(default_factory=dict)


@dataclass(frozen=True)
class HubConfig:
    """What activities need to know of this company."""

    warehouse: str = "WH01"
    """The warehouse that stock is taken from."""
    sender_phone_tail: str = "0000"
    """Last four digits of the sender's phone: what trackers of some carriers ask for."""
    credit_above_fen: int = 0
    """Ask the credit bureau above this amount too; 0: only for orders on account."""
    clerk_phones: tuple[str, ...] = ()
    manager_phones: tuple[str, ...] = ()
    """Account managers: who is told of declarations that lack something."""
    declaration: Mapping[str, str] = field(default_factory=dict)
    """Fields of a customs declaration that hold for every order, like the exporter's own number."""
    link_secret: bytes = field(default=b"", repr=False)
    link_hours: float = 12
    settle_after: timedelta = timedelta(seconds=60)
    """How long after a lost answer "not found" is not yet believed."""
    track_silent_after: timedelta = timedelta(hours=6)
    """After which a parcel without news is asked for."""
    health: Rule = field(default_factory=Rule)
    """When a partner's interface counts as unhealthy."""
    phones: PhoneBook | None = field(default=None, repr=False)
    """Opens the telephone numbers of approvers; None: nobody is sent a message."""


@asynccontextmanager
async def answered(db: Database, order_id: str | None) -> AsyncIterator[None]:
    """Turn a partner's error into one that Temporal retries; what only a person can mend becomes a task as well.

    Rejected passes through: it is an answer, and the step knows what it means.
    """
    try:
        yield
    except Rejected:
        raise
    except PartnerError as error:
        _log.warning(
            "partner call failed",
            extra={"partner": error.partner, "operation": error.operation, "code": error.code, "order_id": order_id},
        )
        raise await _for_temporal(db, order_id, error) from error


async def _for_temporal(db: Database, order_id: str | None, error: PartnerError) -> ApplicationError:
    if isinstance(error, Misconfigured):
        key = f"misconfigured/{error.partner}/{error.operation}/{error.code}"
        async with db.transaction() as tx:
            await open_task(tx, key, "misconfigured", error.operator_text, order_id=order_id, alert=True, again=True)
        return ApplicationError(str(error), type="Misconfigured", next_retry_delay=timedelta(minutes=1))
    if isinstance(error, Throttled):
        delay = timedelta(seconds=error.retry_after)
        return ApplicationError(str(error), type="Throttled", next_retry_delay=delay)
    return ApplicationError(str(error), type=type(error).__name__)
