"""The price of an order as the house reckons it, beside what its channel says was paid."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domain.money import format_yuan
from domain.order import Amounts
from domain.promotion.result import Priced
from domain.texts import text

_SHOWN = 6
"""So many steps stand in the sentence: it travels in histories."""


class Compare(StrEnum):
    """What a channel's amount paid is."""

    BUYER = "buyer"
    """What the buyer paid: what the platform bears is not in it."""
    SHOP = "shop"
    """What the order is worth to the shop: what the platform bears is in it."""


@dataclass(frozen=True)
class Tolerance:
    """What two prices may differ by: an amount, or a share of what is expected, whichever is more."""

    fen: int
    permille: int

    def of(self, expected: int) -> int:
        """In fen."""
        return max(self.fen, expected * self.permille // 1000)


@dataclass(frozen=True)
class Comparison:
    """Both calculations. Freight is no promotion's: it is left out of `expected_fen` and `came_fen`."""

    priced: Priced
    amounts: Amounts
    compare: Compare
    tolerance: Tolerance

    @property
    def expected_fen(self) -> int:
        """What the goods come to by the house's own rules."""
        return self.priced.due_fen + (self.priced.platform_fen if self.compare is Compare.SHOP else 0)

    @property
    def came_fen(self) -> int:
        """What they came to by the channel's document."""
        return self.amounts.paid_fen - self.amounts.freight_fen

    @property
    def differs(self) -> bool:
        """Whether a person must look."""
        return abs(self.came_fen - self.expected_fen) > self.tolerance.of(self.expected_fen)

    def words(self) -> str:
        """Both calculations side by side."""
        steps = [step for step in self.priced.steps if step.off_fen]
        shown = [text("price.step", title=step.title, off=format_yuan(step.off_fen)) for step in steps[:_SHOWN]]
        if len(steps) > _SHOWN:
            shown.append(text("price.more", count=len(steps) - _SHOWN))
        if self.compare is Compare.SHOP and self.priced.platform_fen:
            shown.append(text("price.borne", fen=format_yuan(self.priced.platform_fen)))
        return text(
            "price.differs",
            came=format_yuan(self.came_fen),
            expected=format_yuan(self.expected_fen),
            difference=format_yuan(abs(self.came_fen - self.expected_fen)),
            tolerance=format_yuan(self.tolerance.of(self.expected_fen)),
            full=format_yuan(self.priced.list_fen),
            steps="".join(shown),
            goods=format_yuan(self.amounts.goods_fen),
            discount=format_yuan(self.amounts.discount_fen),
            freight=format_yuan(self.amounts.freight_fen),
            paid=format_yuan(self.amounts.paid_fen),
        )
