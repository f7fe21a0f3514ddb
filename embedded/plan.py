"""The demo's script: what goes wrong, and who does what. Everything is drawn from the seed."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from domain.order import PaymentTerms, Requirement
from sandbox.buyers import CATALOGUE, Buyers, Draft
from sandbox.drafts import DraftChannel, DraftCustomer, DraftLine, DraftReceiver
from sandbox.faults import Fault, FaultKind, FaultPlan

CHANNELS: list[DraftChannel] = ["own", "pos", "b2b", "douyin", "taobao", "jd", "pdd", "xiaohongshu", "wechat"]

_NOWHERE = DraftReceiver(
    name="测试岛民", phone="13800000077", province="海南省", city="三沙市", detail="永兴岛北京路示例 1 号"
)
"""Where no courier delivers: only a person can find a way."""


@dataclass(frozen=True)
class RefundWish:
    """What a buyer wants back before the order left, and what becomes of it. `line` counts from 1; None: all of it."""

    line: int | None
    verdict: Literal["approve", "refuse", "withdraw"]


_REFUNDS = (
    RefundWish(None, "approve"),
    RefundWish(None, "refuse"),
    RefundWish(1, "approve"),
    RefundWish(None, "withdraw"),
)
_REFUNDING: list[DraftChannel] = ["taobao", "douyin", "pdd", "xiaohongshu", "jd", "own", "b2b"]


@dataclass(frozen=True)
class Script:
    """The orders of a run by what happens to them; `crowd` are those that nothing special happens to."""

    crowd: list[Draft]
    by_person: list[Draft]
    address_in_time: list[Draft]
    address_too_late: list[Draft]
    cancelled: list[Draft]
    refused_credit: list[Draft]
    bad_address: list[Draft]
    refunds: list[tuple[Draft, RefundWish]]
    exported: list[Draft]

    @property
    def drafts(self) -> list[Draft]:
        """All orders, the special ones first."""
        special = [*self.refused_credit, *self.by_person, *self.address_in_time, *self.address_too_late]
        refunded = [draft for draft, _ in self.refunds]
        return [*special, *self.cancelled, *self.bad_address, *refunded, *self.exported, *self.crowd]


def fault_plan(name: str, seed: int) -> FaultPlan:
    """The plan by name (default, none) or from a JSON file. Raises ValueError, in words."""
    if name == "none":
        return FaultPlan()
    if name == "default":
        return _default_plan(seed)
    path = Path(name)
    if not path.is_file():
        raise ValueError(f"--faults: neither default, none, nor a file: {name}")
    return FaultPlan.model_validate(json.loads(path.read_text(encoding="utf-8")))


def _default_plan(seed: int) -> FaultPlan:
    dice = random.Random(seed)
    return FaultPlan(
        faults=[
            # one SF "created it, but answered time-out", before the outage begins
            Fault(partner="sf", operation="create", kind=FaultKind.DONE_BUT_TIMEOUT, times=1, skip=1, seconds=7),
            Fault(partner="sf", kind=FaultKind.OUTAGE, skip=4 + dice.randrange(4), lasts_s=12),
            Fault(partner="cainiao", operation="create", kind=FaultKind.DONE_BUT_TIMEOUT, times=1, skip=2, seconds=7),
            Fault(partner="credit", kind=FaultKind.HANG, skip=3, lasts_s=20, seconds=7),
            Fault(partner="kdniao", operation="trace", kind=FaultKind.SHUFFLE_PUSH, probability=0.2, seconds=1.5),
            Fault(partner="kdniao", operation="trace", kind=FaultKind.DUPLICATE_PUSH, probability=0.3),
            Fault(partner="douyin", operation="messages", kind=FaultKind.LOSE_PUSH, probability=0.15),
            # The first two are refused their credit, and must be asked about before the bureau falls asleep.
            Fault(partner="own", operation="orders", kind=FaultKind.LOSE_PUSH, skip=2, probability=0.1),
            Fault(partner="pos", operation="orders", kind=FaultKind.DUPLICATE_PUSH, probability=0.3),
            Fault(partner="b2b", operation="orders", kind=FaultKind.LOSE_PUSH, probability=0.2),
            Fault(partner="wechat", operation="payment", kind=FaultKind.LOSE_PUSH, probability=0.2),
            Fault(partner="xiaohongshu", operation="*", kind=FaultKind.LOSE_PUSH, probability=0.2),
            Fault(
                partner="taobao",
                operation="logistics.offline.send",
                kind=FaultKind.DONE_BUT_TIMEOUT,
                times=1,
                seconds=7,
            ),
            Fault(partner="taobao", operation="trades.sold.increment.get", kind=FaultKind.HTML, probability=0.1),
            Fault(partner="jd", operation="pop.order.enSearch", kind=FaultKind.THROTTLE, probability=0.2),
            Fault(partner="jd", operation="pop.order.shipment", kind=FaultKind.DONE_BUT_TIMEOUT, times=1, seconds=7),
            Fault(partner="pdd", operation="order.number.list.increment.get", kind=FaultKind.OUTAGE, skip=5, lasts_s=8),
            Fault(
                partner="pdd", operation="logistics.online.send", kind=FaultKind.DONE_BUT_TIMEOUT, times=1, seconds=7
            ),
            Fault(partner="pdd", operation="waybill.get", kind=FaultKind.DONE_BUT_TIMEOUT, times=1, seconds=7),
            Fault(
                partner="xiaohongshu",
                operation="order.orderDeliver",
                kind=FaultKind.DONE_BUT_TIMEOUT,
                times=1,
                seconds=7,
            ),
            Fault(
                partner="wechat", operation="*upload_shipping_info", kind=FaultKind.DONE_BUT_TIMEOUT, times=1, seconds=7
            ),
            Fault(partner="qimen", operation="*confirm*", kind=FaultKind.DUPLICATE_PUSH, probability=0.3),
            Fault(
                partner="douyin", operation="order.logisticsAdd", kind=FaultKind.DONE_BUT_TIMEOUT, times=1, seconds=7
            ),
            Fault(partner="douyin", operation="logistics.newCreateOrder", kind=FaultKind.ERROR, probability=0.1),
            Fault(
                partner="qimen", operation="deliveryorder.create", kind=FaultKind.DONE_BUT_TIMEOUT, times=1, seconds=7
            ),
        ]
    )


def write_script(orders: int, seed: int) -> Script:
    """Share `orders` between what happens to them. Small runs have at least one of each kind where there is room."""
    share = max(1, orders // 50) if orders >= 12 else 0
    refunds = min(share * len(_REFUNDING), orders // 5)
    special = share * 8 + refunds
    crowd = Buyers(seed)
    # One of each channel first: however small the run, all of them are in it where there is room.
    buyers = [draft for channel in CHANNELS for draft in crowd.drafts(1, [channel])][: orders - special]
    buyers += crowd.drafts(orders - special - len(buyers), CHANNELS)
    dice = random.Random(seed + 1)
    own = [draft for draft in Buyers(seed + 2).drafts(special * 4 + 8, ["own"]) if draft.channel == "own"]
    plain = iter(own)

    def some(count: int, **change: object) -> list[Draft]:
        return [next(plain).model_copy(update=change) for _ in range(count)]

    on_account = DraftCustomer(
        id="REFUSE-1", name="示例商贸有限公司", tax_no="91330000TEXT00001X", terms=PaymentTerms.NET30
    )
    refused_late = on_account.model_copy(update={"id": "LATE-REFUSE-1"})
    incomplete = DraftReceiver(
        name="测试缺区", phone="13800000066", province="江苏省", city="南京市", detail="中山路示例 8 号"
    )
    return Script(
        crowd=[_late_credit(draft, dice) for draft in buyers],
        by_person=some(share, receiver=_NOWHERE, requirements=[]),
        address_in_time=some(share),
        address_too_late=some(share),
        cancelled=some(share),
        refused_credit=some(share, customer=on_account) + some(share, customer=refused_late),
        bad_address=some(share, receiver=incomplete),
        refunds=_refunds(refunds, seed + 3),
        exported=[draft.model_copy(update={"by_export": True}) for draft in Buyers(seed + 4, 0).drafts(share, ["jd"])],
    )


def _refunds(count: int, seed: int) -> list[tuple[Draft, RefundWish]]:
    """Orders of every platform in turn, whose buyers want their money back; a part of it where there are parts."""
    wishes = []
    for n in range(count):
        [draft] = Buyers(seed + n, hot_share=0).drafts(1, [_REFUNDING[n % len(_REFUNDING)]])
        wish = _REFUNDS[(n + seed) % len(_REFUNDS)]
        paying = sum(line.gift_of is None for line in draft.lines)
        wishes.append((draft, wish if wish.line is None or paying > 1 else RefundWish(None, wish.verdict)))
    return wishes


def cold_chain(draft: Draft) -> bool:
    """Whether an order must stay cold."""
    return Requirement.COLD_CHAIN in draft.requirements


def opening_stock(drafts: list[Draft], scarce: str, missing: int) -> dict[str, int]:
    """Enough stock of everything, but `missing` pieces too little of the scarce article (restocked on the way)."""
    wanted: dict[str, int] = {item.sku: 0 for item in CATALOGUE}
    for draft in drafts:
        for line in draft.lines:
            wanted[line.sku] = wanted.get(line.sku, 0) + line.quantity
    return {sku: max(0, count - (missing if sku == scarce else 0)) for sku, count in wanted.items()}


def scarce_article(drafts: list[Draft]) -> tuple[str, int]:
    """The article that will be short for a while, and by how much: the best-selling one, by a quarter."""
    sold: dict[str, int] = {}
    for line in (line for draft in drafts for line in draft.lines):
        sold[line.sku] = sold.get(line.sku, 0) + line.quantity
    sku = max(sold, key=lambda key: (sold[key], key))
    return sku, max(1, sold[sku] // 4)


def _late_credit(draft: Draft, dice: random.Random) -> Draft:
    """Some business customers are refused only later, after the bureau woke up."""
    if draft.customer.terms is PaymentTerms.PREPAID or dice.random() > 0.25:
        return draft
    return draft.model_copy(update={"customer": draft.customer.model_copy(update={"id": f"LATE-{draft.customer.id}"})})


__all__ = ["DraftLine", "Script", "cold_chain", "fault_plan", "opening_stock", "scarce_article", "write_script"]
