"""What a basket costs, step by step, and who bears what."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domain.money import format_yuan
from domain.promotion.terms import BasketLine, Kind, Promotion
from domain.texts import text


class Why(StrEnum):
    """Why a promotion does not count."""

    NO_LAYER = "no_layer"
    """No layer has its group."""
    LIMIT = "limit"
    """Its buyer had it as often as one may."""
    TAKEN = "taken"
    """Its goods have another promotion that excludes it."""
    THRESHOLD = "threshold"
    NOTHING = "nothing"
    """It would take nothing off."""


@dataclass(frozen=True)
class Share:
    """What a step takes off a line, and what the platform bears of it."""

    line_no: str
    off_fen: int
    platform_fen: int


@dataclass(frozen=True)
class Gift:
    """What is given, and to which line."""

    sku: str
    pieces: int
    gift_of: str
    code: str


@dataclass(frozen=True)
class Step:
    """One promotion that counted. `worth_fen` is what its goods cost before it, in the base of its layer."""

    promotion: Promotion
    times: int
    worth_fen: int
    shares: tuple[Share, ...]
    gift: Gift | None = None

    @property
    def title(self) -> str:
        """What people call it."""
        return self.promotion.title or self.promotion.code

    @property
    def off_fen(self) -> int:
        """Off all lines."""
        return sum(share.off_fen for share in self.shares)

    @property
    def platform_fen(self) -> int:
        """What the platform bears of it."""
        return sum(share.platform_fen for share in self.shares)

    def words(self) -> str:
        """The step as a person reads it."""
        one = self.promotion
        match one.kind:
            case Kind.OFF:
                said = text("promotion.off", off=format_yuan(one.off_fen), times=self.times)
            case Kind.RATE:
                said = text("promotion.rate", percent=_tenths(one.pay_permille))
            case Kind.NTH:
                said = text("promotion.nth", nth=one.nth, percent=_tenths(one.pay_permille), times=self.times)
            case Kind.PRICE:
                said = text("promotion.price", price=format_yuan(one.price_fen), times=self.times)
            case Kind.BUNDLE:
                said = text("promotion.bundle", price=format_yuan(one.price_fen), times=self.times)
            case Kind.GIFT:
                pieces = self.gift.pieces if self.gift is not None else 0
                return text("promotion.gift", title=self.title, sku=one.gift_sku, pieces=pieces)
        step = text("promotion.step", title=self.title, what=said, off=format_yuan(self.off_fen))
        if not self.platform_fen:
            return step
        return text("promotion.step_borne", step=step, platform=format_yuan(self.platform_fen))


@dataclass(frozen=True)
class Skipped:
    """A promotion that does not count, and why."""

    promotion: Promotion
    why: Why

    def words(self) -> str:
        """The reason as a person reads it."""
        return text(
            "promotion.skipped",
            title=self.promotion.title or self.promotion.code,
            why=text(f"promotion.why.{self.why}"),
        )


@dataclass(frozen=True)
class PricedLine:
    """One line with its price: due = list - off, off = platform + shop."""

    line: BasketLine
    off_fen: int
    platform_fen: int

    @property
    def list_fen(self) -> int:
        """At list prices."""
        return self.line.quantity * self.line.unit_fen

    @property
    def due_fen(self) -> int:
        """What the buyer pays."""
        return self.list_fen - self.off_fen

    @property
    def shop_fen(self) -> int:
        """What the shop bears."""
        return self.off_fen - self.platform_fen


@dataclass(frozen=True)
class Priced:
    """What a basket costs."""

    lines: tuple[PricedLine, ...]
    steps: tuple[Step, ...]
    skipped: tuple[Skipped, ...]

    @property
    def list_fen(self) -> int:
        """All lines at list prices."""
        return sum(line.list_fen for line in self.lines)

    @property
    def due_fen(self) -> int:
        """What the buyer pays for the goods."""
        return sum(line.due_fen for line in self.lines)

    @property
    def platform_fen(self) -> int:
        """What the platform bears of what was taken off."""
        return sum(line.platform_fen for line in self.lines)

    @property
    def shop_fen(self) -> int:
        """What the shop bears of it."""
        return sum(line.shop_fen for line in self.lines)

    @property
    def gifts(self) -> tuple[Gift, ...]:
        """All gifts."""
        return tuple(step.gift for step in self.steps if step.gift is not None)


def _tenths(permille: int) -> str:
    """Thousandths as percent, without a digit too many: 885 is 88.5, 880 is 88."""
    whole, rest = divmod(permille, 10)
    return f"{whole}.{rest}" if rest else str(whole)
