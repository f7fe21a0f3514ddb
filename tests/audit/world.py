"""Made-up orders in a real store, and the partners' books about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import utc_now
from domain.golden import Exit, Trigger
from domain.ids import parcel_id, partner_key
from domain.order import ClearReceiver, Order, Requirement
from domain.shipping import CreditAnswer, CreditDecision
from sandbox.digest import receiver_digest
from store import credit, gifts, holds, inbox, orders, stock
from store.database import Database
from store.steps import Done, Work, run_step
from store.tables import DeliveryRow, OrderRow, ParcelRow, WaybillRow
from tests.store.samples import index_row

WAREHOUSE = "WH1"


@dataclass
class World:
    """The store, and what `GET /books` answers."""

    db: Database
    books: dict[str, Any] = field(
        default_factory=lambda: {
            "own": {"orders": [], "shipments": []},
            "douyin": {"orders": [], "shipments": [], "waybills": [], "decrypts": 0},
            "qimen": {"deliveries": []},
            "sf": {"waybills": []},
            "cainiao": {"waybills": []},
            "kdniao": {"subscriptions": [], "pushes": 0},
            "credit": {"checks": [], "reservations": []},
            "sms": {"messages": []},
        }
    )

    def entry(self, partner: str, books: str, **where: str) -> dict[str, Any]:
        """The one entry of a book whose fields are as given."""
        found = [e for e in self.books[partner][books] if all(e[name] == value for name, value in where.items())]
        assert len(found) == 1, f"{len(found)} entries"
        entry: dict[str, Any] = found[0]
        return entry

    async def place(self, placed: Order, *, started: bool = True) -> None:
        """A paid order comes from its channel, and its workflow begins."""
        async with self.db.transaction() as tx:
            document = inbox.Incoming(placed.channel, "order", placed.order_id, placed.version, "{}", placed.order_id)
            await inbox.put(tx, document)
            [row] = await inbox.claim(tx, 1, timedelta(minutes=1))
            await orders.take(tx, placed)
            await inbox.finish(tx, row.seq or 0, "new")
        self.books[placed.channel]["orders"].append(_book_order(placed))
        if not started:
            return
        async with self.db.transaction() as tx:
            await orders.mark_started(tx, placed.order_id, 1)
        await self.step(placed, "accept/1", Trigger.PAYMENT_CONFIRMED)

    async def lock(self, placed: Order) -> None:
        """It passes its review, and its stock is locked."""
        await self.step(placed, "pass_review", Trigger.REVIEW_CLEAR)

        async def reserve(tx: AsyncSession, row: OrderRow) -> Done:
            await stock.reserve(tx, row.order_id, _pieces(placed), WAREHOUSE, "orderhub")
            return Done("stock.locked", trigger=Trigger.ALL_LINES_RESERVED)

        await self.step(placed, "reserve_stock", work=reserve)

    async def instruct(self, placed: Order, n: int = 1, revision: int = 1, status: str = "pushed") -> None:
        """The warehouse is told to pack it."""
        code = delivery_code(placed, n)
        async with self.db.transaction() as tx:
            tx.add(
                DeliveryRow(code=code, order_id=placed.order_id, n=n, revision=revision, status=status, at=utc_now())
            )
            told = await orders.body(tx, placed.order_id, revision)
        cold = Requirement.COLD_CHAIN in told.notes.requirements
        self.books["qimen"]["deliveries"].append(
            {
                "code": code,
                "order_no": placed.channel_order_no,
                "warehouse": WAREHOUSE,
                "status": "CANCELLED" if status == "cancelled" else "ACCEPTED",
                "times": 1,
                "delivery_type": "LLPS" if cold else "PTPS",
                "remark": "易碎" if Requirement.FRAGILE in told.notes.requirements else "",
                "receiver_digest": _warehouse_digest(told),
                "lines": [{"sku": line.sku, "quantity": line.quantity} for line in told.lines],
                "confirms": 0,
            }
        )

    async def pack(self, placed: Order, boxes: Sequence[dict[str, int]] = ({},), n: int = 1) -> None:
        """The warehouse packs it into boxes; the first one holds everything unless told."""

        async def packed(tx: AsyncSession, row: OrderRow) -> Done:
            delivery = await tx.get(DeliveryRow, delivery_code(placed, n))
            assert delivery is not None
            delivery.status = "packed"
            await stock.ship(tx, row.order_id, "warehouse")
            for number, box in enumerate(boxes, start=1):
                items = [{"sku": sku, "quantity": q, "line_no": ""} for sku, q in (box or _pieces(placed)).items()]
                tx.add(
                    ParcelRow(
                        parcel_id=parcel_id(row.order_id, number),
                        order_id=row.order_id,
                        n=number,
                        package_code=f"BOX-{row.channel_order_no}-{number}",
                        items=items,
                        status="packed",
                        whole_order=len(boxes) == 1,
                    )
                )
            return Done("warehouse.packed", trigger=Trigger.WAREHOUSE_SCAN_MATCHED)

        await self.step(placed, "report/1", work=packed)
        self.entry("qimen", "deliveries", code=delivery_code(placed, n))["status"] = "PACKED"

    async def waybill(
        self, placed: Order, provider: str, number: str, box: int = 1, status: str = "live", text: str = "", n: int = 1
    ) -> None:
        """A courier gives out a waybill for one box."""
        pid = parcel_id(placed.order_id, box)
        key = waybill_key(placed, provider, box, n)
        async with self.db.transaction() as tx:
            tx.add(
                WaybillRow(
                    key=key,
                    parcel_id=pid,
                    order_id=placed.order_id,
                    provider=provider,
                    carrier="SF",
                    attempt=n,
                    number=number,
                    status=status,
                    asked_at=utc_now(),
                    updated_at=utc_now(),
                )
            )
        if provider == "manual":
            return
        field_of_text = {"sf": "remark", "cainiao": "goods_description", "douyin": "requirements_text"}[provider]
        self.books[provider]["waybills"].append(
            {"key": key, "carrier": "SF", "number": number, "live": status == "live", field_of_text: text}
        )

    async def tell(self, placed: Order, *numbers: str) -> None:
        """The channel is told of all boxes."""

        async def told(tx: AsyncSession, row: OrderRow) -> Done:
            for box, _ in enumerate(numbers, start=1):
                parcel = await tx.get(ParcelRow, parcel_id(row.order_id, box))
                assert parcel is not None
                parcel.told_at = utc_now()
            await tx.flush()
            await gifts.give(tx, placed)
            return Done("shipping.finished", trigger=Trigger.CHANNEL_ACCEPTED_WAYBILLS)

        for box, number in enumerate(numbers, start=1):
            parcel_no = "" if placed.encrypted else parcel_id(placed.order_id, box)
            shipment = {"order_no": placed.channel_order_no, "parcel_no": parcel_no, "carrier": "SF", "number": number}
            self.books[placed.channel]["shipments"].append({**shipment, "times": 1})
        self.entry(placed.channel, "orders", order_no=placed.channel_order_no)["status"] = "shipped"
        await self.step(placed, "finish_shipping", work=told)

    async def deliver(self, placed: Order) -> None:
        """It is signed for, and its warranty begins."""
        await self.step(placed, "record_signed", Trigger.ALL_PARCELS_SIGNED)
        await self.step(placed, "activate_warranty", Trigger.WARRANTY_WRITTEN)

    async def ship_one_box(self, placed: Order, provider: str, number: str, text: str = "") -> None:
        """The usual way from the locked stock to the warranty."""
        await self.instruct(placed)
        await self.pack(placed)
        await self.waybill(placed, provider, number, text=text)
        await self.tell(placed, number)
        await self.deliver(placed)

    async def credit(self, placed: Order, outcome: str) -> None:
        """The credit bureau reserved an amount, which is used or freed."""
        request_id, reservation_id = f"{placed.order_id}:credit:1", f"rsv-{placed.channel_order_no}"
        async with self.db.transaction() as tx:
            await credit.ask(tx, request_id, placed.order_id)
            await credit.decide(tx, CreditAnswer(request_id, CreditDecision.APPROVED, "", reservation_id))
            await credit.settle(tx, request_id, reservation_id, outcome)
        self.books["credit"]["reservations"].append(
            {
                "reservation_id": reservation_id,
                "request_id": request_id,
                "amount_fen": placed.amounts.paid_fen,
                "status": outcome.upper(),
            }
        )

    async def hold_open(self, placed: Order, reason: str) -> None:
        """It is held."""
        async with self.db.transaction() as tx:
            row = await index_row(tx, placed.order_id)
            await holds.open_hold(tx, row, 1, reason, "made up", utc_now() + timedelta(hours=2))

    async def hold(self, placed: Order, reason: str) -> None:
        """It is held for a while."""
        await self.hold_open(placed, reason)
        async with self.db.transaction() as tx:
            await holds.close_hold(tx, await index_row(tx, placed.order_id), 1, "somebody", "OPERATOR")

    async def step(
        self,
        placed: Order,
        name: str,
        trigger: Trigger | None = None,
        exit_: Exit | None = None,
        work: Work | None = None,
    ) -> None:
        """One step of its life, as the activities keep it."""

        async def plain(tx: AsyncSession, row: OrderRow) -> Done:
            return Done(name, trigger=trigger, exit=exit_)

        await run_step(self.db, placed.order_id, name, "orderhub", work or plain)


def delivery_code(placed: Order, n: int = 1) -> str:
    """The code of an order's nth instruction to the warehouse."""
    return partner_key(f"{placed.order_id}/deliver/{n}", limit=50)


def waybill_key(placed: Order, provider: str, box: int = 1, n: int = 1) -> str:
    """The key of one question for a box's waybill."""
    return partner_key(f"{parcel_id(placed.order_id, box)}/{provider}-SF/{n}", limit=40)


def _pieces(placed: Order) -> dict[str, int]:
    return {line.sku: line.quantity for line in placed.lines}


def _book_order(placed: Order) -> dict[str, Any]:
    to, region = placed.receiver, placed.receiver.region
    texts = (to.name, to.phone) if isinstance(to, ClearReceiver) else (to.name_cipher, to.phone_cipher)
    detail = to.detail if isinstance(to, ClearReceiver) else to.detail_cipher
    return {
        "order_no": placed.channel_order_no,
        "shop": placed.shop,
        "version": placed.version,
        "status": "paid",
        "paid_fen": placed.amounts.paid_fen,
        "encrypted": placed.encrypted,
        "requirements": list(placed.notes.requirements),
        "receiver_digest": receiver_digest(*texts, region.province, region.city, region.district, detail),
        "sent": 1,
        "cancel_asked": False,
    }


def _warehouse_digest(told: Order) -> str:
    to, region = told.receiver, told.receiver.region
    place = (region.province, region.city, region.district)
    if isinstance(to, ClearReceiver):
        return receiver_digest(to.name, to.phone, *place, to.detail)
    return receiver_digest(to.name_mask, to.phone_mask, *place, "***")
