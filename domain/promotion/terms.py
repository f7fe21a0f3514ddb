"""What a promotion promises, and in which layer of prices it counts. Money is fen, shares are permille."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What a promotion does."""

    OFF = "off"
    """满减: an amount off."""
    RATE = "rate"
    """折扣: a share of the price is paid."""
    NTH = "nth"
    """第二件半价: of every n pieces, one is paid in part."""
    PRICE = "price"
    """特价: a piece has a price of its own."""
    BUNDLE = "bundle"
    """套装: certain pieces together have a price."""
    GIFT = "gift"
    """赠品."""


class Pick(StrEnum):
    """Which promotions of one layer count. A line never has two of a layer, but with ALL."""

    BEST = "best"
    """The one that takes the most off, then the best one for the lines that are left, and so on."""
    FIRST = "first"
    """The one that stands first, then the next one for the lines that are left, and so on."""
    ALL = "all"
    """Each, one after the other."""


class Base(StrEnum):
    """What thresholds and rates are reckoned on."""

    NOW = "now"
    """What the layers before have left to pay."""
    LIST = "list"
    """List prices, whatever the layers before took off."""


@dataclass(frozen=True)
class Promotion:
    """One promotion. What its kind does not read is left alone; 0 and "" mean that there is none of it."""

    code: str
    title: str
    kind: Kind
    group: str
    at_least_fen: int = 0
    """What its goods must cost at least, in the base of its layer."""
    at_least_pieces: int = 0
    every: bool = False
    """OFF, GIFT: once for each time that the threshold is reached 每满, not once."""
    off_fen: int = 0
    pay_permille: int = 1000
    """RATE, NTH: what is paid of the price."""
    nth: int = 0
    together: bool = False
    """NTH: all its goods count together; else each SKU alone."""
    price_fen: int = 0
    """PRICE: of a piece; BUNDLE: of one set."""
    bundle: tuple[tuple[str, int], ...] = ()
    """The SKUs of one set, and how many of each."""
    gift_sku: str = ""
    gift_pieces: int = 0
    most_fen: int = 0
    """It never takes more off an order."""
    times: int = 0
    """It counts at most so often in one order. What is counted: reductions, reduced pieces, sets, gifts."""
    per_buyer: int = 0
    """The same for all orders of one buyer."""
    platform_permille: int = 0
    """What the platform bears of it; the shop bears the rest."""
    coupon: str = ""
    """Only for who redeems this coupon."""
    tag: str = ""
    """Only for orders that are tagged so."""
    begins: datetime | None = None
    ends: datetime | None = None
    """The first moment at which it does not count any more."""
    rule: str = ""
    """The rule row `{table}@{version}/{row}` that it stands in."""


@dataclass(frozen=True)
class Offer:
    """A promotion, and the lines whose goods take part in it."""

    promotion: Promotion
    lines: frozenset[str]


@dataclass(frozen=True)
class Layer:
    """One layer of prices 叠加层: the promotions of a group that count, and on what."""

    group: str
    pick: Pick = Pick.BEST
    base: Base = Base.NOW
    excludes: frozenset[str] = frozenset()
    """Other groups: lines that a promotion of one of them counted for take no part here."""
    rule: str = ""


@dataclass(frozen=True)
class BasketLine:
    """Goods that are to be priced. `unit_fen` is the list price of a piece."""

    line_no: str
    sku: str
    quantity: int
    unit_fen: int


@dataclass(frozen=True)
class Basket:
    """What is bought, when, and what may promote it. `used`: how often the buyer had each promotion before."""

    lines: tuple[BasketLine, ...]
    placed_at: datetime
    coupons: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    used: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if any(line.quantity < 1 or line.unit_fen < 0 for line in self.lines):
            raise ValueError("a line needs pieces, and a price that is not negative")
        if len({line.line_no for line in self.lines}) != len(self.lines):
            raise ValueError("two lines have one number")
