"""Living orders over a Temporal client that is connected when it is first needed, and kept."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio.client import (
    Client,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
    WorkflowUpdateStage,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from domain.texts import text
from gateway.deps import StillRunning, TemporalAway, UpdateRefused, Wish
from workflows.contracts import Outcome

_log = logging.getLogger(__name__)

_ENDED_MEANWHILE = "AcceptedUpdateCompletedWorkflow"
"""The server's own type of failure of an update whose workflow ended first."""


class TemporalOrders:
    """An `OrderGate`. `connect` gives a client, or raises RuntimeError as `Client.connect` does."""

    def __init__(self, connect: Callable[[], Awaitable[Client]], patience: timedelta = timedelta(seconds=5)) -> None:
        self._connect = connect
        self._patience = patience
        self._client: Client | None = None
        self._connecting = asyncio.Lock()

    async def update(self, order_id: str, name: str, argument: Wish) -> Outcome:
        """Send an update, and wait for its outcome as long as the patience lasts, connecting included."""
        accepted = False
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                order = (await self._connected()).get_workflow_handle(order_id)
                asked = await order.start_update(
                    name, argument, wait_for_stage=WorkflowUpdateStage.ACCEPTED, result_type=Outcome
                )
                accepted = True
                outcome: Outcome = await asked.result()
                return outcome
        except WorkflowUpdateFailedError as error:
            raise UpdateRefused(_words(order_id, name, error.cause)) from None
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise UpdateRefused(text("order.unknown_or_closed")) from None
            _log.warning("order update not answered", extra=_about(order_id, name, error.status.name))
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
            _log.info("order update not finished in time", extra=_about(order_id, name, type(error).__name__))
        if accepted:
            raise StillRunning
        raise TemporalAway

    async def _connected(self) -> Client:
        async with self._connecting:
            if self._client is None:
                try:
                    self._client = await self._connect()
                except RuntimeError as error:
                    _log.warning("Temporal cannot be reached", extra={"error": type(error).__name__})
                    raise TemporalAway from None
            return self._client


def _words(order_id: str, name: str, cause: BaseException) -> str:
    """An order's own words where it has some: only they are meant for people."""
    if isinstance(cause, ApplicationError):
        return text("order.unknown_or_closed") if cause.type == _ENDED_MEANWHILE else cause.message
    _log.error("order update failed", extra=_about(order_id, name, type(cause).__name__))
    return text("order.update_failed")


def _about(order_id: str, name: str, outcome: str) -> dict[str, str]:
    return {"order_id": order_id, "update": name, "outcome": outcome}
