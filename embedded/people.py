"""The people of the demo: each uses the same doors as a real one (the form, the staff API, the shop's own buttons)."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
from sqlmodel import col, select

from domain.approvals import Verdict
from domain.holds import HoldReason
from domain.order import ChannelStatus
from embedded.environment import Home
from store.database import Database
from store.tables import AddressChangeRow, HoldRow, OrderRow, ParcelRow

_LOOK_S = 0.5


@dataclass
class Deeds:
    """What people did, for the summary."""

    numbers_typed: int = 0
    addresses_changed: int = 0
    addresses_too_late: int = 0
    cancelled: int = 0
    cancelled_too_late: int = 0
    holds_released: int = 0
    addresses_completed: int = 0
    refunds: int = 0
    notes: list[str] = field(default_factory=list)


class People:
    """Clerk, customer service, finance and buyers, until `stop` is called."""

    def __init__(self, home: Home, db: Database, seed: int) -> None:
        self.deeds = Deeds()
        self._db = db
        self._dice = random.Random(seed)
        token = home.variables["ORDERHUB_GATEWAY__STAFF"]
        self._hub = httpx.AsyncClient(base_url=home.gateway_url, timeout=30)
        self._staff = {"Authorization": f"Bearer {_only_value(token)}"}
        self._sandbox = httpx.AsyncClient(base_url=home.sandbox_url, timeout=30)
        self._at_work: list[asyncio.Task[None]] = []
        self._opened: set[str] = set()

    def start(self, deed: Callable[[], Awaitable[object]]) -> None:
        """Let somebody do something, again and again."""
        self._at_work.append(asyncio.create_task(self._again(deed)))

    async def stop(self) -> None:
        """Everybody goes home."""
        for task in self._at_work:
            task.cancel()
        await asyncio.gather(*self._at_work, return_exceptions=True)
        await self._hub.aclose()
        await self._sandbox.aclose()

    async def clerk_types_numbers(self) -> None:
        """The clerk opens every link that came by SMS, and types a number of another courier into the form."""
        messages = (await self._sandbox.get("/books/sms")).json()["messages"]
        for message in messages:
            code = message["params"].get("code", "")
            if message["template"] != "SMS_000000001" or code in self._opened:
                continue
            page = await self._hub.get(f"/f/{code}")
            if page.status_code != 200 or "<form" not in page.text:
                self._opened.add(code)  # the sweep was quicker
                continue
            number = f"YT{self._dice.randrange(10**12, 10**13)}"
            answer = await self._hub.post(f"/f/{code}", data={"carrier": "YTO", "number": number})
            if answer.status_code == 200 and number in answer.text:
                self.deeds.numbers_typed += 1
                self._opened.add(code)

    async def release(self, reason: HoldReason, why: str) -> list[str]:
        """Whoever is asked first lets pass what waits for this reason. Returns the orders."""
        released = []
        for order_id in await self.held(reason):
            if (await self._post(f"{order_id}/holds/{reason}/release", {"why": why})).is_success:
                self.deeds.holds_released += 1
                released.append(order_id)
        return released

    async def buyers_confirm(self) -> None:
        """Quality control and customer service call buyers whose orders look odd: these mean what they ordered."""
        await self.release(HoldReason.RISK, "质控电话核实，确为本人购买")
        await self.release(HoldReason.DUPLICATE, "买家确认要两份")

    async def supply_declaration(self, order_id: str, values: dict[str, Any]) -> bool:
        """The account manager supplies what a declaration lacks. Whether it was taken."""
        answer = await self._hub.post(f"/api/v1/staff/orders/{order_id}/declaration", json=values, headers=self._staff)
        return answer.is_success

    async def declarations(self) -> list[dict[str, Any]]:
        """The queue of those that lack something."""
        answer = await self._hub.get("/api/v1/staff/declarations", headers=self._staff)
        found: list[dict[str, Any]] = answer.raise_for_status().json()["declarations"]
        return found

    async def appoint(self, who: str, role: str, phone: str) -> None:
        """Somebody may approve from now on."""
        body = {"roles": [role], "phone": phone}
        answer = await self._hub.put(f"/api/v1/staff/approvers/{who}", json=body, headers=self._staff)
        answer.raise_for_status()

    async def stands_in(self, who: str, deputy: str) -> None:
        """Somebody has a deputy from now on."""
        answer = await self._hub.put(f"/api/v1/staff/approvers/{who}", json={"deputy": deputy}, headers=self._staff)
        answer.raise_for_status()

    async def away(self, who: str, until: datetime | None) -> None:
        """Somebody who approves is away; None: they are back."""
        body = {"until": until.isoformat() if until is not None else None}
        path = f"/api/v1/staff/approvers/{who}/absence"
        (await self._hub.post(path, json=body, headers=self._staff)).raise_for_status()

    async def decide(self, code: str, verdict: Verdict, amount_fen: int, why: str) -> bool:
        """Somebody opens the link of their SMS, and decides. Whether it was taken."""
        values = {"verdict": str(verdict), "amount_fen": str(amount_fen), "why": why}
        return (await self._hub.post(f"/a/{code}", data=values)).is_success

    async def supply_fields(self, order_id: str, values: dict[str, Any]) -> bool:
        """Customer service hands in fields of the merchant's own. Whether they were taken."""
        answer = await self._hub.post(f"/api/v1/staff/orders/{order_id}/fields", json=values, headers=self._staff)
        return answer.is_success

    async def hand_in(self, content: bytes) -> bool:
        """Customer service hands in a file that orders name. Whether it was taken."""
        headers = {**self._staff, "Content-Type": "application/pdf"}
        return (await self._hub.post("/api/v1/staff/files", content=content, headers=headers)).is_success

    async def limit_credit(self, channel: str, customer: str, fen: int, why: str) -> None:
        """Finance lets a customer owe so much."""
        path = f"/api/v1/staff/customers/{channel}/{customer}/limit"
        answer = await self._hub.put(path, json={"limit_fen": fen, "why": why}, headers=self._staff)
        answer.raise_for_status()

    async def book_payment(self, channel: str, customer: str, fen: int, key: str) -> bool:
        """Finance books what a customer paid. Whether so much was owed."""
        path = f"/api/v1/staff/customers/{channel}/{customer}/payments"
        answer = await self._hub.post(path, json={"amount_fen": fen, "key": key}, headers=self._staff)
        return answer.is_success

    async def release_one(self, order_id: str, reason: HoldReason, why: str) -> bool:
        """Whoever is asked lets one order pass. Whether that was taken."""
        released = (await self._insist(f"{order_id}/holds/{reason}/release", {"why": why})).is_success
        self.deeds.holds_released += released
        return released

    async def finance_releases(self) -> None:
        """Finance looks at refused credit, and lets it pass."""
        for order_id in await self.held(HoldReason.CREDIT_REFUSED):
            answer = await self._post(
                f"{order_id}/holds/{HoldReason.CREDIT_REFUSED}/release", {"why": "老客户，财务确认"}
            )
            self.deeds.holds_released += answer.is_success

    async def service_closes_undelivered(self) -> None:
        """Customer service pays back what was stopped, came back or is lost, and closes the order."""
        for order_id in await self.held(HoldReason.DELIVERY_PROBLEM):
            answer = await self._post(f"{order_id}/holds/{HoldReason.DELIVERY_PROBLEM}/release", {"why": "已退款"})
            self.deeds.holds_released += answer.is_success

    async def service_completes_addresses(self) -> None:
        """Customer service calls the buyer, and completes the address; an encrypted one is the platform's business."""
        for order_id in await self.held(HoldReason.ADDRESS_INCOMPLETE):
            if not await self._encrypted(order_id) and await self.change_address(order_id, "玄武区"):
                self.deeds.addresses_completed += 1

    async def change_address(self, order_id: str, district: str = "鼓楼区") -> bool:
        """Wish another address, and confirm it. Whether it was taken."""
        receiver = {
            "name": "测试新址",
            "phone": "13800000055",
            "province": "江苏省",
            "city": "南京市",
            "district": district,
            "town": "",
            "detail": "新街口示例大厦 5 层",
        }
        await self._insist(f"{order_id}/address", receiver)
        for n in await self._wishes_that_may_wait(order_id):
            if (await self._insist(f"{order_id}/address/{n}/confirm", {})).is_success:
                return True
        return False

    async def send_gift_after(self, order_id: str, line_no: str) -> bool:
        """Customer service has a forgotten gift sent after. Whether it was taken."""
        path = f"{order_id}/gifts/{line_no}/send-after"
        return (await self._insist(path, {"why": "买家来电，没有收到赠品"})).is_success

    async def undo_merge(self, number: int) -> bool:
        """Let the orders of a merge be packed alone. Whether that was still possible."""
        answer = await self._hub.post(
            f"/api/v1/staff/merges/{number}/undo", json={"why": "买家要分开寄"}, headers=self._staff
        )
        return answer.is_success

    async def cancel(self, order_id: str) -> bool:
        """Cancel an order. Whether it went through."""
        return (await self._insist(f"{order_id}/cancel", {"reason": "买家不想要了"})).is_success

    async def paid(self, order_id: str) -> bool:
        """Whether an order has come to its first golden state."""
        async with self._db.reading() as tx:
            row = await tx.get(OrderRow, order_id)
            return row is not None and row.state is not None

    async def packed(self, order_id: str) -> bool:
        """Whether an order has parcels."""
        async with self._db.reading() as tx:
            query = select(ParcelRow.parcel_id).where(ParcelRow.order_id == order_id)
            return (await tx.execute(query)).first() is not None

    async def waits_for_refund(self, order_id: str) -> bool:
        """Whether an order waits for a refund to be decided."""
        async with self._db.reading() as tx:
            row = await tx.get(OrderRow, order_id)
            return row is not None and _stopped_by_channel(row)

    async def waits_for_refund_or_left(self, order_id: str) -> bool:
        """Whether an order waits for a refund, or cannot wait any more."""
        async with self._db.reading() as tx:
            row = await tx.get(OrderRow, order_id)
        waits = row is not None and (_stopped_by_channel(row) or row.closed_at is not None)
        return waits or await self.packed(order_id)

    async def held(self, reason: HoldReason) -> list[str]:
        """The orders that wait for this reason."""
        async with self._db.reading() as tx:
            query = select(HoldRow.order_id).where(HoldRow.reason == reason, col(HoldRow.closed_at).is_(None))
            return list((await tx.execute(query)).scalars())

    async def waits(self, order_id: str, reason: HoldReason) -> bool:
        """Whether an order waits for this reason."""
        return order_id in await self.held(reason)

    async def closed(self, order_id: str) -> bool:
        """Whether an order is at its end."""
        async with self._db.reading() as tx:
            row = await tx.get(OrderRow, order_id)
        return row is not None and row.closed_at is not None

    async def waits_or_closed(self, order_id: str, reason: HoldReason) -> bool:
        """Whether an order waits for this reason, or cannot any more."""
        return await self.waits(order_id, reason) or await self.closed(order_id)

    async def _encrypted(self, order_id: str) -> bool:
        async with self._db.reading() as tx:
            row = await tx.get(OrderRow, order_id)
        return row is not None and row.encrypted

    async def _wishes_that_may_wait(self, order_id: str) -> list[int]:
        """The address changes that may be waiting to be confirmed, the newest first.

        Looked up, and possibly several: when an answer was lost, nobody was told which wish the order took.
        """
        async with self._db.reading() as tx:
            held = select(HoldRow.n).where(
                HoldRow.order_id == order_id,
                HoldRow.reason == HoldReason.ADDRESS_CHANGE,
                col(HoldRow.closed_at).is_(None),
            )
            if (await tx.execute(held)).first() is None:
                return []
            wished = select(AddressChangeRow.n).where(
                AddressChangeRow.order_id == order_id, AddressChangeRow.status == "wished"
            )
            return list((await tx.execute(wished.order_by(col(AddressChangeRow.n).desc()))).scalars())

    async def _insist(self, path: str, body: dict[str, str]) -> httpx.Response:
        """Try again while the machine is being killed under one's hands."""
        for _ in range(60):
            with contextlib.suppress(httpx.HTTPError):
                answer = await self._post(path, body)
                if answer.status_code not in {502, 503, 504}:
                    return answer
            await asyncio.sleep(1)
        return await self._post(path, body)

    async def _post(self, path: str, body: dict[str, str]) -> httpx.Response:
        return await self._hub.post(f"/api/v1/staff/orders/{path}", json=body, headers=self._staff)

    async def _again(self, deed: Callable[[], Awaitable[object]]) -> None:
        while True:
            try:
                await deed()
            except (httpx.HTTPError, KeyError, ValueError) as error:
                # A person tries again: the machine may have been killed under their hands.
                self.deeds.notes.append(f"{getattr(deed, '__name__', 'deed')}: {type(error).__name__}")
            await asyncio.sleep(_LOOK_S)


def _stopped_by_channel(row: OrderRow) -> bool:
    """Whether a refund keeps the order: known as such, or by the channel's lock, before or after it began."""
    by_hold = {HoldReason.REFUND_PENDING, HoldReason.CHANNEL_LOCKED} & set(row.holds)
    return bool(by_hold) or row.status == ChannelStatus.LOCKED


def _only_value(staff: str) -> str:
    found = re.search(r':\s*"([^"]+)"', staff)
    if found is None:
        raise ValueError("no staff token in the embedded environment")
    return found.group(1)
