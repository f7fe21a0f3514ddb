"""Made-up buyers: the same seed always gives the same orders, so that a run can be repeated."""

from __future__ import annotations

import random
from collections.abc import Sequence

from domain.order import PaymentTerms, Requirement
from sandbox.catalogue import CATALOGUE, COUNTRY, DELTA, GIFT_SKU, HOT_SKU, REMOTE, Item
from sandbox.drafts import Draft, DraftChannel, DraftCustomer, DraftLine, DraftReceiver

__all__ = ["CATALOGUE", "Buyers", "Draft", "Item"]

_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"
_COMPANIES = ("测试商贸一", "测试商贸二", "测试餐饮三", "测试办公四")
_BUYER_NOTES = ("", "", "", "请放快递柜", "周末送货", "送货前请电话联系")
_GIFT = next(item for item in CATALOGUE if item.sku == GIFT_SKU)
_HOT = next(item for item in CATALOGUE if item.sku == HOT_SKU)
_ORDINARY = tuple(item for item in CATALOGUE if item.sku not in {GIFT_SKU, HOT_SKU})

_GIFT_SHARE = 0.25
_DISCOUNT_SHARE = 0.5
_ON_ACCOUNT_SHARE = 0.1
_SILENT_AMOUNTS_SHARE = 0.2
_KNOWN_MEMBER_SHARE = 0.5
_MEMBERS_EVERY = 3
"""One buyer in so many is a member."""
_TERMS = (PaymentTerms.NET30, PaymentTerms.NET30, PaymentTerms.NET60, PaymentTerms.PREPAID)


class Buyers:
    """A crowd of buyers. Each has one name, phone and address for the whole run; some are companies on account.

    `hot_share` of the orders (0 to 1) want the one article that is scarce. Members have one code in the own shop and
    at the tills, and half of those at a till bought in the own shop before. Companies buy in larger numbers on `b2b`.
    """

    def __init__(self, seed: int, hot_share: float = 0.05) -> None:
        self._dice = random.Random(seed)
        self._hot_share = hot_share
        self._own_members: list[int] = []

    def drafts(self, n: int, channels: Sequence[DraftChannel] = ("own", "douyin")) -> list[Draft]:
        """The next `n` orders of this crowd, spread over `channels`. None has a number yet."""
        return [self._draft(self._dice.choice(channels)) for _ in range(n)]

    def _draft(self, channel: DraftChannel) -> Draft:
        if channel == "pos":
            return self._at_the_till()
        if channel == "b2b":
            return self._by_a_company()
        dice = self._dice
        buyer = dice.randrange(10_000)
        lines, items = self._basket()
        goods = sum(line.quantity * line.unit_price_fen for line in lines)
        on_account = channel == "own" and dice.random() < _ON_ACCOUNT_SHARE
        return Draft(
            channel=channel,
            lines=lines,
            discount_fen=self._discount(goods),
            freight_fen=0 if goods >= 9900 else dice.choice((600, 1000)),
            receiver=_receiver(buyer),
            customer=self._company(PaymentTerms.NET30) if on_account else self._person(channel, buyer),
            buyer_note=dice.choice(_BUYER_NOTES),
            requirements=_requirements(items),
            write_line_amounts=dice.random() >= _SILENT_AMOUNTS_SHARE,
        )

    def _basket(self) -> tuple[list[DraftLine], list[Item]]:
        dice = self._dice
        if dice.random() < self._hot_share:
            items = [_HOT]
        else:
            items = dice.sample(_ORDINARY, dice.choices((1, 2, 3), (6, 3, 1))[0])
        lines = [_line(item, 1 if item is _HOT else dice.choices((1, 2, 3), (7, 2, 1))[0]) for item in items]
        if dice.random() < _GIFT_SHARE:
            lines.append(_line(_GIFT, 1).model_copy(update={"gift_of": "1"}))
        return lines, items

    def _discount(self, goods: int) -> int:
        """Half of the orders have a discount, an odd number of fen, so that it divides evenly over nothing."""
        if self._dice.random() >= _DISCOUNT_SHARE:
            return 0
        return self._dice.randrange(1, goods // 5, 2)

    def _at_the_till(self) -> Draft:
        """One article or two, of somebody who may be known: the number of a customer there is the member's code."""
        dice = self._dice
        known = self._own_members and dice.random() < _KNOWN_MEMBER_SHARE
        buyer = dice.choice(self._own_members) if known else dice.randrange(10_000)
        items = dice.sample(_ORDINARY, dice.choices((1, 2), (4, 1))[0])
        return Draft(
            channel="pos",
            lines=[_line(item, 1) for item in items],
            receiver=_receiver(buyer),
            customer=self._person("pos", buyer),
            requirements=_requirements(items),
            write_line_amounts=dice.random() >= _SILENT_AMOUNTS_SHARE,
        )

    def _by_a_company(self) -> Draft:
        dice = self._dice
        items = dice.sample(_ORDINARY, dice.choices((1, 2, 3, 4), (2, 3, 3, 2))[0])
        lines = [_line(item, dice.randrange(2, 10)) for item in items]
        goods = sum(line.quantity * line.unit_price_fen for line in lines)
        return Draft(
            channel="b2b",
            lines=lines,
            discount_fen=self._discount(goods),
            receiver=_receiver(dice.randrange(10_000)),
            customer=self._company(dice.choice(_TERMS)),
            seller_note=dice.choice(("", "", "对公转账", "随货附发票")),
            requirements=_requirements(items),
            write_line_amounts=dice.random() >= _SILENT_AMOUNTS_SHARE,
        )

    def _person(self, channel: DraftChannel, buyer: int) -> DraftCustomer:
        """One in three is a member, who is known in the own shop and at the tills alone."""
        if channel not in {"own", "pos"} or buyer % _MEMBERS_EVERY:
            return DraftCustomer(id=f"C{buyer:05d}")
        if channel == "own":
            self._own_members.append(buyer)
        return DraftCustomer(id=f"C{buyer:05d}", member_code=f"M{buyer:05d}")

    def _company(self, terms: PaymentTerms) -> DraftCustomer:
        number = self._dice.randrange(len(_COMPANIES))
        # 18 characters as a real uniform social credit code has; the leading zeros make it one that nobody holds
        return DraftCustomer(
            id=f"B{number + 1:03d}",
            name=f"{_COMPANIES[number]}有限公司",
            tax_no=f"{number + 1:018d}",
            terms=terms,
        )


def _line(item: Item, quantity: int) -> DraftLine:
    return DraftLine(
        sku=item.sku,
        title=item.title,
        quantity=quantity,
        unit_price_fen=item.unit_price_fen,
        warranty_months=item.warranty_months,
    )


def _receiver(buyer: int) -> DraftReceiver:
    """The buyer's address: half of them in the delta, a third in the country, the rest far away."""
    zone = (DELTA, DELTA, DELTA, COUNTRY, COUNTRY, REMOTE)[buyer % 6]
    province, city, district, town = zone[buyer // 6 % len(zone)]
    return DraftReceiver(
        name=f"测试{_SURNAMES[buyer % len(_SURNAMES)]}",
        phone=f"138000{buyer:05d}",
        province=province,
        city=city,
        district=district,
        town=town,
        detail=f"示例路{buyer % 900 + 1}号{buyer % 30 + 1}室",
    )


def _requirements(items: list[Item]) -> list[Requirement]:
    wanted: list[Requirement] = []
    if any(item.cold_chain for item in items):
        wanted.append(Requirement.COLD_CHAIN)
    if any(item.sku in {"PLATE-01", "LAMP-01"} for item in items):
        wanted.append(Requirement.FRAGILE)
    return wanted
