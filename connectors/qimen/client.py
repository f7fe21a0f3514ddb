"""The warehouse behind Qimen's gateway."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from connectors.errors import OutcomeUnknown, Rejected
from connectors.qimen.inventory import read_shelves
from connectors.qimen.reports import read_delivery
from connectors.qimen.requests import (
    cancel_body,
    create_body,
    inventory_body,
    pending_body,
    query_body,
    signed_query,
)
from connectors.qimen.responses import Answer, read_answer
from connectors.qimen.settings import QimenSettings
from connectors.transport import Line
from domain.clock import utc_now
from domain.shelves import Shelf
from domain.shipping import DeliveryOrder, StopOutcome, WarehouseReport, WarehouseStatus
from domain.words import UnknownWord

T = TypeVar("T")

_ARTICLES_AT_ONCE = 50
_XML = {"Content-Type": "text/xml;charset=UTF-8"}


class QimenWarehouse:
    """Port `Warehouse`. Creating a delivery order is what reserves stock in the WMS; Qimen has no lock of its own."""

    def __init__(self, settings: QimenSettings) -> None:
        self._settings = settings
        self._line = Line("qimen", settings.base_url, settings.limits)

    async def close(self) -> None:
        """End all connections."""
        await self._line.close()

    async def push(self, order: DeliveryOrder) -> None:
        """deliveryorder.create. Whether a code that "exists already" is really there is asked, not believed."""
        answer = await self._write("push", "deliveryorder.create", create_body(self._settings, order, utc_now()))
        if answer.success:
            return
        if not answer.exists:
            raise answer.refusal("push")
        if not await self._look_up(order.code, order.warehouse, _found):
            raise OutcomeUnknown("qimen", "push", "said to exist, but not found", answer.code)

    async def query(self, delivery_code: str, warehouse: str = "") -> WarehouseReport | None:
        """deliveryorder.query. Raises Rejected for a status that no table of ours has."""

        def read(answer: Answer) -> WarehouseReport | None:
            if not _found(answer):
                return None
            try:
                return read_delivery(answer.root, delivery_code)
            except UnknownWord as error:
                raise Rejected("qimen", "query", "unknown status", error.word.word) from error

        return await self._look_up(delivery_code, warehouse, read)

    async def hold(self, delivery_code: str, reason: str, warehouse: str = "") -> StopOutcome:
        """order.pending. Holding what is held, or cancelled, is STOPPED."""
        body = pending_body(self._settings, delivery_code, "pending", reason, warehouse)
        answer = await self._write("hold", "order.pending", body)
        return await self._stopped("hold", delivery_code, warehouse, answer, done=answer.held or answer.cancelled)

    async def restore(self, delivery_code: str, warehouse: str = "") -> None:
        """order.pending with restore. An order that is not held, or is packed already, goes on: content."""
        body = pending_body(self._settings, delivery_code, "restore", "", warehouse)
        answer = await self._write("restore", "order.pending", body)
        if answer.success or answer.not_held:
            return
        report = await self.query(delivery_code, warehouse)
        if report is None or report.status is not WarehouseStatus.PACKED:
            raise answer.refusal("restore")

    async def cancel(self, delivery_code: str, reason: str, warehouse: str = "") -> StopOutcome:
        """order.cancel. Cancelling what is cancelled is STOPPED."""
        body = cancel_body(self._settings, delivery_code, reason, warehouse)
        answer = await self._write("cancel", "order.cancel", body)
        return await self._stopped("cancel", delivery_code, warehouse, answer, done=answer.cancelled)

    async def shelves(self, warehouse: str, skus: Sequence[str]) -> Sequence[Shelf]:
        """inventory.query, so many articles at a time as a slow warehouse answers in time."""
        found: list[Shelf] = []
        for start in range(0, len(skus), _ARTICLES_AT_ONCE):
            part = skus[start : start + _ARTICLES_AT_ONCE]

            def read(answer: Answer) -> Sequence[Shelf]:
                if not answer.success:
                    raise answer.refusal("shelves")
                return read_shelves(answer.root, warehouse)

            body = inventory_body(self._settings, warehouse, part)
            found += await self._call("shelves", "inventory.query", body, read, writes=False)
        return found

    async def _stopped(
        self, operation: str, delivery_code: str, warehouse: str, answer: Answer, *, done: bool
    ) -> StopOutcome:
        """What a refusal to stop means: by its words, else by the order's state; raised if neither tells."""
        if answer.success or done:
            return StopOutcome.STOPPED
        if answer.unknown_order:
            return StopOutcome.UNKNOWN_ORDER
        if answer.too_late:
            return StopOutcome.TOO_LATE
        report = await self.query(delivery_code, warehouse)
        if report is None:
            return StopOutcome.UNKNOWN_ORDER
        if report.status is WarehouseStatus.PACKED:
            return StopOutcome.TOO_LATE
        if report.status is WarehouseStatus.CANCELLED:
            return StopOutcome.STOPPED
        raise answer.refusal(operation)

    async def _look_up(self, delivery_code: str, warehouse: str, read: Callable[[Answer], T]) -> T:
        body = query_body(self._settings, delivery_code, warehouse)
        return await self._call("query", "deliveryorder.query", body, read, writes=False)

    async def _write(self, operation: str, method: str, body: bytes) -> Answer:
        return await self._call(operation, method, body, lambda answer: answer, writes=True)

    async def _call(self, operation: str, method: str, body: bytes, read: Callable[[Answer], T], *, writes: bool) -> T:
        return await self._line.exchange(
            operation,
            "POST",
            self._settings.base_url,
            lambda response: read(read_answer(operation, response.content, writes=writes)),
            writes=writes,
            params=signed_query(self._settings, method, body, utc_now()),
            headers=_XML,
            content=body,
        )


def _found(answer: Answer) -> bool:
    """Whether a query found the order. Some warehouses say no for an unknown one, some send an empty yes."""
    if answer.success:
        head = answer.root.find("deliveryOrder")
        return head is not None and len(head) > 0
    if answer.unknown_order:
        return False
    raise answer.refusal("query")
