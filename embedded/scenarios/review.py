"""A review with something to find: every check finds something, and whoever is asked first looks at it.

Buyers who ask for their money again and again, baskets that are too large, orders placed twice, addresses that lack a
district, goods that lack a registration or may not be sold at all, orders that go abroad without their papers, and
amounts that directors must agree to. Most of it is released, supplied or mended; what the law forbids is cancelled.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from datetime import date
from typing import Any

from sqlmodel import col, func, select

from domain.clock import utc_now
from domain.holds import HoldReason
from domain.tags import Tag
from domain.texts import text
from embedded.plan import CHANNELS, opening_stock
from embedded.scenarios.scenario import Stage, until
from sandbox.buyers import Buyers, Draft
from sandbox.catalogue import CATALOGUE, GIFT_SKU, HOT_SKU
from sandbox.drafts import DraftCustomer, DraftDeclaration, DraftLine, DraftReceiver
from sandbox.faults import Fault
from store import articles
from store.articles import Article, TagOf
from store.tables import (
    ApprovalRequestRow,
    ApprovalRow,
    DeclarationRow,
    DeclarationSupplyRow,
    FlagRow,
    HoldRow,
    NotificationRow,
    OrderRow,
    StageDeadlineRow,
)

_KINDS = (
    *("large", "many", "twice", "address", "unregistered", "expired"),
    *("forbidden", "abroad", "to_the_eu", "approval"),
)
_PAST = 3
"""Orders whose money a buyer asks back before the one that is looked at."""
_APPROVAL_SMS = "SMS_000000003"
_DIRECTORS = {"sales_director": "13800007001", "technical_director": "13800007002"}
_FORMULA = Article("FORMULA-2", "婴幼儿配方奶粉 2 段", category="infant_formula", grade=2)
_DEVICE = Article("DEVICE-2", "电子血压计", category="medical_device", grade=2)
_VACCINE = Article("VACCINE-1", "狂犬疫苗", category="never_online")
_CAT_FOOD = Article("CATFOOD-1", "冻干猫粮", category="pet_food")
_FEN = {"FORMULA-2": 26_800, "DEVICE-2": 29_900, "VACCINE-1": 8_800, "CATFOOD-1": 9_900}
_CODES = {"exporter_uscc": "99000000MA0000000X", "customs_reg_no": "9900999999", "shipper_name": "Example Trading"}
_CONSIGNEE = {
    "consignee_name": "Ann Example",
    "consignee_addr": "1 Example Street",
    "consignee_city": "Springfield",
    "consignee_state": "CA",
    "consignee_postcode": "94105",
    "consignee_phone": "+1 555 0100",
    "duty_payer": "seller",
}
_LINE = {
    "hs_code": "6911101900",
    "goods_desc_en": "Household article",
    "origin_country": "CN",
    "net_weight_g": "350",
    "gross_weight_g": "500",
}
_NOWHERE_IN_TOWN = DraftReceiver(
    name="测试缺区", phone="13800000066", province="江苏省", city="南京市", detail="中山路示例 8 号"
)
_LOSE_MIND = 3
"""Of so many duplicates one is cancelled, and the others were meant."""


class Review:
    """Two thirds of the orders have nothing wrong with them, on all channels."""

    def __init__(self, orders: int, seed: int) -> None:
        share = max(1, orders // 30) if orders >= 2 * len(_KINDS) + _PAST else 0
        own = iter(Buyers(seed, hot_share=0).drafts(share * 40 + 40, ["own"]))
        plain = iter(_private(draft) for draft in own)
        self._buyers = [next(plain) for _ in range(share // 3 or min(share, 1))]
        self._drafts: dict[str, list[Draft]] = {
            "large": [_basket(next(plain), 6, 50) for _ in range(share)],
            "many": [_basket(next(plain), 5, 1) for _ in range(share)],
            "twice": [draft for _ in range(share) for draft in [next(plain)] * 2],
            "address": [next(plain).model_copy(update={"receiver": _NOWHERE_IN_TOWN}) for _ in range(share)],
            "unregistered": [_of(next(plain), _FORMULA) for _ in range(share)],
            "expired": [_of(next(plain), _DEVICE) for _ in range(share)],
            "forbidden": [_of(next(plain), _VACCINE) for _ in range(share)],
            "abroad": [_abroad(next(plain), n) for n in range(share)],
            "to_the_eu": [_to_the_eu(_of(next(plain), _CAT_FOOD)) for _ in range(share)],
            "approval": [_basket(next(plain), 1, 80) for _ in range(share)],
        }
        special = sum(len(drafts) for drafts in self._drafts.values()) + len(self._buyers) * (_PAST + 1)
        crowd = Buyers(seed + 1, hot_share=0)
        self._drafts["crowd"] = crowd.drafts(max(0, orders - special), CHANNELS)
        self._cancel: set[str] = set()
        self._asked: set[str] = set()
        self._once: set[str] = set()

    def world(self) -> dict[str, str]:
        """What the merchant has to declare for every order."""
        return {"ORDERHUB_COMPANY__DECLARATION": json.dumps(_CODES)}

    def faults(self) -> list[Fault]:
        """None of its own."""
        return []

    async def open(self, stage: Stage) -> None:
        """Enough of everything; articles are classed, and a registration is over."""
        drafts = [draft for kind in self._drafts.values() for draft in kind]
        drafts += [draft for draft in self._buyers for _ in range(2 * _PAST)]
        await stage.receive(opening_stock(drafts, "", 0), "opening")
        async with stage.db.transaction() as tx:
            await articles.put(tx, [_FORMULA, _DEVICE, _VACCINE, _CAT_FOOD])
            old = Tag("device_registration", "国械注准20153540000", valid_to=date(2020, 1, 1))
            await articles.put_tags(tx, [TagOf(_DEVICE.sku, old)])
        for role, phone in _DIRECTORS.items():
            await stage.people.appoint(role, role, phone)

    def crew(self, stage: Stage) -> list[Callable[[], Awaitable[object]]]:
        """Everybody whom a hold asks first."""
        people = stage.people

        async def quality_looks_at_risks() -> None:
            await people.release(HoldReason.RISK, "质控电话核实，确为本人购买")

        async def service_asks_about_duplicates() -> None:
            await self._duplicates(stage)

        async def compliance_writes_down_numbers() -> None:
            await self._registrations(stage)

        async def compliance_cancels_what_is_forbidden() -> None:
            for order_id in await people.held(HoldReason.COMPLIANCE_BLOCKED):
                people.deeds.cancelled += await people.cancel(order_id)

        async def manager_completes_declarations() -> None:
            await self._declare(stage)

        async def directors_agree() -> None:
            await self._approve(stage)

        return [
            quality_looks_at_risks,
            service_asks_about_duplicates,
            compliance_writes_down_numbers,
            compliance_cancels_what_is_forbidden,
            manager_completes_declarations,
            directors_agree,
            people.clerk_types_numbers,
            people.finance_releases,
            people.service_completes_addresses,
            people.service_closes_undelivered,
        ]

    def acts(self, stage: Stage) -> list[Coroutine[Any, Any, None]]:
        """Buyers order; some ask for their money first, and order again."""
        return [self._place(stage), *(self._ask_back(stage, draft) for draft in self._buyers)]

    async def _place(self, stage: Stage) -> None:
        placed = 0
        for kind in _KINDS:
            drafts = self._drafts[kind]
            for start in range(0, len(drafts), 10):
                ids = await stage.order(drafts[start : start + 10])
                placed += len(ids)
                if kind == "twice":
                    self._cancel.update(ids[:: 2 * _LOSE_MIND])
                await asyncio.sleep(0.5)
        crowd = self._drafts["crowd"]
        for start in range(0, len(crowd), 10):
            placed += len(await stage.order(crowd[start : start + 10]))
            await asyncio.sleep(0.5)
        stage.say(text("demo.placed", count=placed + len(self._buyers) * (_PAST + 1)))

    async def _ask_back(self, stage: Stage, draft: Draft) -> None:
        """A buyer asks for the money of some orders, one after the other, and orders again."""
        asked = 0
        for _ in range(2 * _PAST):
            if asked == _PAST:
                break
            [order_id] = await stage.order([draft])
            number = order_id.split(":")[2]
            wish = await stage.sandbox.post(f"/control/own/{number}/refund", json={"line": None})
            refund_id = wish.raise_for_status().json()["refund_id"]

            async def waits(order_id: str = order_id) -> bool:
                return await stage.people.waits_for_refund_or_left(order_id)

            await until(waits)
            # What was packed before anybody heard of it goes out: the buyer takes it back.
            verdict = "approve" if await stage.people.waits_for_refund(order_id) else "withdraw"
            answer = await stage.sandbox.post(f"/control/own/refunds/{refund_id}/{verdict}")
            stage.people.deeds.refunds += answer.is_success
            asked += verdict == "approve"

            async def closed(order_id: str = order_id) -> bool:
                async with stage.db.reading() as tx:
                    row = await tx.get(OrderRow, order_id)
                return row is not None and row.closed_at is not None

            await until(closed)
        await stage.order([draft])

    async def _duplicates(self, stage: Stage) -> None:
        """Customer service calls the buyer: some were meant, one in a few was a slip of the finger."""
        people = stage.people
        for order_id in await people.held(HoldReason.DUPLICATE):
            if order_id in self._cancel or len(self._asked) % _LOSE_MIND == 0:
                people.deeds.cancelled += await people.cancel(order_id)
            self._asked.add(order_id)
        await people.release(HoldReason.DUPLICATE, "买家确认要两份")

    async def _registrations(self, stage: Stage) -> None:
        """Compliance looks up what is missing, and writes it down of the article: every order that waits goes on."""
        if await stage.people.held(HoldReason.COMPLIANCE):
            tags = [
                TagOf(_FORMULA.sku, Tag("formula_registration", "国食注字YP20170001")),
                TagOf(_DEVICE.sku, Tag("device_registration", "国械注准20203540000", valid_to=date(2099, 12, 31))),
            ]
            async with stage.db.transaction() as tx:
                await articles.put_tags(tx, tags)

    async def _declare(self, stage: Stage) -> None:
        """The account manager works off the queue: first what stands on the goods, then what the buyer must say."""
        for queued in await stage.people.declarations():
            order_id = queued["order_id"]
            lines = {one["line_no"] for one in queued["missing"] if one["line_no"]}
            if lines:
                values: dict[str, Any] = {"lines": dict.fromkeys(lines, _LINE)}
            else:
                number = order_id.split(":")[2]
                values = {"fields": {"consignee_email": "ann@example.com", "invoice_no": f"INV-{number}"}}
            await stage.people.supply_declaration(order_id, values)

    async def _approve(self, stage: Stage) -> None:
        """Each director opens the link in their SMS, once."""
        messages = (await stage.sandbox.get("/books/sms")).json()["messages"]
        for message in messages:
            code = message["params"].get("code", "")
            if message["template"] == _APPROVAL_SMS and code not in self._once:
                fen = round(float(message["params"]["amount"].replace(",", "")) * 100)
                if await stage.people.approve(code, fen, "同意"):
                    self._once.add(code)

    async def report(self, stage: Stage) -> dict[str, Any]:
        """What was found, what stopped, and what became of it."""
        async with stage.db.reading() as tx:
            flags = Counter((await tx.execute(select(FlagRow.code))).scalars())
            holds = (await tx.execute(select(HoldRow))).scalars().all()
            late = select(func.count()).where(ApprovalRequestRow.stage > 0)
            verdicts = Counter((await tx.execute(select(ApprovalRow.verdict))).scalars())
            standing = Counter((await tx.execute(select(DeclarationRow.status))).scalars())
            taken = select(func.count()).where(col(DeclarationSupplyRow.taken_at).is_not(None))
            supplied = int((await tx.execute(taken)).scalar_one())
            told = select(func.count()).where(
                NotificationRow.purpose == "declaration", NotificationRow.status != "failed"
            )
            messages = int((await tx.execute(told)).scalar_one())
            asked_late = int((await tx.execute(late)).scalar_one())
            ended = func.coalesce(col(StageDeadlineRow.ended_at), utc_now())
            overdue = select(func.count()).select_from(StageDeadlineRow).where(col(StageDeadlineRow.due_at) < ended)
            stages_late = int((await tx.execute(overdue)).scalar_one())
        return {
            "flags": dict(sorted(flags.items())),
            "holds": dict(sorted(Counter(hold.reason for hold in holds).items())),
            "released": dict(
                sorted(Counter(f"{hold.reason}: {hold.how} ({hold.closed_by})" for hold in holds).items())
            ),
            "deadlines_missed": sum(hold.escalated for hold in holds) + asked_late + stages_late,
            "approvals": dict(sorted(verdicts.items())),
            "declarations": {**dict(sorted(standing.items())), "supplied": supplied},
            "messages_to_managers": messages,
            "left_in_holds": sum(hold.closed_at is None for hold in holds),
        }


def _private(draft: Draft) -> Draft:
    """A person who pays at once, without a discount."""
    person = DraftCustomer(id=draft.customer.id)
    return draft.model_copy(update={"customer": person, "discount_fen": 0, "requirements": [], "freight_fen": 0})


def _basket(draft: Draft, articles_: int, pieces: int) -> Draft:
    """So many articles; of the dearest one so many pieces."""
    dear = sorted(
        (item for item in CATALOGUE if item.sku not in {GIFT_SKU, HOT_SKU} and not item.cold_chain),
        key=lambda item: -item.unit_price_fen,
    )[:articles_]
    lines = [
        DraftLine(sku=item.sku, title=item.title, quantity=1 if n else pieces, unit_price_fen=item.unit_price_fen)
        for n, item in enumerate(dear)
    ]
    return draft.model_copy(update={"lines": lines})


def _of(draft: Draft, article: Article) -> Draft:
    line = DraftLine(sku=article.sku, title=article.title, quantity=1, unit_price_fen=_FEN[article.sku])
    return draft.model_copy(update={"lines": [line]})


def _abroad(draft: Draft, n: int) -> Draft:
    """To the United States; of some nothing is known of the goods either."""
    lines = [line for line in draft.lines if line.gift_of is None]
    known = {str(number): _LINE for number in range(1, len(lines) + 1)} if n % 2 else {}
    said = DraftDeclaration(destination="US", fields=_CONSIGNEE, lines=known)
    return draft.model_copy(update={"lines": lines, "declaration": said})


def _to_the_eu(draft: Draft) -> Draft:
    return draft.model_copy(update={"declaration": DraftDeclaration(destination="DE", fields=_CONSIGNEE)})
