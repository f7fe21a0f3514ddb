"""How the dispatcher reaches orders: start their workflows, signal them."""

from __future__ import annotations

from typing import Protocol

from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from domain.ids import split_order_id
from domain.texts import text
from store.orders import Untold
from workflows.contracts import ORDER_WORKFLOW, OrderStart, Timings
from workflows.details import ORDER_AMOUNT_FEN, ORDER_CHANNEL, ORDER_SHOP, ORDER_STATE


class Orders(Protocol):
    """The workflows of all orders."""

    async def start(self, order: Untold) -> None:
        """Start an order's workflow; one that runs, or ran, is left alone."""
        ...

    async def signal(self, order_id: str, name: str, *arguments: object) -> bool:
        """Tell an order. False when it has ended, or never began."""
        ...


class TemporalOrders:
    """Orders on a Temporal server."""

    def __init__(self, client: Client, task_queue: str, timings: Timings) -> None:
        self._client = client
        self._task_queue = task_queue
        self._timings = timings

    async def start(self, order: Untold) -> None:
        """Start an order's workflow. What can be set at the start costs nothing there."""
        channel, shop, number = split_order_id(order.order_id)
        attributes = TypedSearchAttributes(
            [
                SearchAttributePair(ORDER_STATE, "none"),
                SearchAttributePair(ORDER_CHANNEL, channel),
                SearchAttributePair(ORDER_SHOP, shop),
                SearchAttributePair(ORDER_AMOUNT_FEN, order.amount_fen),
            ]
        )
        try:
            await self._client.start_workflow(
                ORDER_WORKFLOW,
                OrderStart(order.order_id, order.revision, self._timings),
                id=order.order_id,
                task_queue=self._task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                search_attributes=attributes,
                static_summary=text("order.summary", channel=text(f"channel.{channel}"), number=number),
            )
        except WorkflowAlreadyStartedError:
            return

    async def signal(self, order_id: str, name: str, *arguments: object) -> bool:
        """Tell an order."""
        try:
            await self._client.get_workflow_handle(order_id).signal(name, args=arguments)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
        return True
