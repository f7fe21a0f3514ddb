"""What a review looks at, and what it finds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from domain.articles import ArticleFacts
from domain.declaring import Judged
from domain.extensions import Demand, FieldRule
from domain.holds import POLICIES, HoldReason, Release
from domain.order import Order
from domain.promotion.comparing import Comparison
from domain.tags import Tag
from domain.texts import text


@dataclass(frozen=True)
class BuyerFacts:
    """What the house remembers of whoever ordered: counts only. This order is not among them."""

    orders_30d: int = 0
    """Orders of the last 30 days, on all channels that know the buyer as the same."""
    returned_30d: int = 0
    """Of these: with money or goods asked back."""
    returns_24h: int = 0
    """How often money or goods were asked back within the last 24 hours."""
    accounts_on_phone: int = 0
    """Accounts that had parcels sent to this phone in 30 days, this one included; 0: no phone in clear text."""
    usual_fen: int = 0
    """What the buyer usually pays: the median; 0 while there are too few orders to say so."""


@dataclass(frozen=True)
class Twin:
    """An earlier order that says the same, and what is to be made of it by the rules."""

    order_id: str
    minutes: int
    holds: bool


@dataclass(frozen=True)
class Risk:
    """A row of the risk table that applies: how heavy it is, and the sentence for whoever looks at it."""

    row: str
    score: int
    sentence: str


@dataclass(frozen=True)
class Duty:
    """A row of the compliance table that applies to an article: the number that it must have, or that it stays here."""

    sku: str
    row: str
    needs: str
    blocked: bool
    sentence: str


@dataclass(frozen=True)
class Leaves:
    """The Beijing days from which and by which an order is to leave: what it needs must be valid on both."""

    first: date
    last: date

    def lapse(self, tags: Iterable[Tag]) -> date | None:
        """The day on which none of these counts; None when one does on either."""
        numbers = list(tags)
        return next((day for day in (self.last, self.first) if not any(tag.valid_on(day) for tag in numbers)), None)


@dataclass(frozen=True)
class Dossier:
    """An order, and what the house knows about it beside its document. Whoever reviews collects that first."""

    order: Order
    articles: Mapping[str, ArticleFacts] = field(default_factory=dict)
    """By SKU; articles that nobody has described are missing."""
    free: Mapping[str, int] | None = None
    """Pieces of each SKU that no order has locked, in all warehouses together; None: not looked at."""
    buyer: BuyerFacts = BuyerFacts()
    twins: tuple[Twin, ...] = ()
    risks: tuple[Risk, ...] = ()
    duties: tuple[Duty, ...] = ()
    field_rules: Sequence[FieldRule] = ()
    demands: Sequence[Demand] = ()
    """The fields of the merchant's own that this order must have."""
    files_lacking: Sequence[str] = ()
    """Files that its fields name, and that were never handed in."""
    day: date | None = None
    """The Beijing day of the review; None: numbers are not looked at."""
    leaves: Leaves | None = None
    """When it is to leave: numbers must be valid then. None: on the day of the review."""
    price: Comparison | None = None
    """The order's price by the promotions beside the channel's; None: this shop's prices are not compared."""
    declared: Judged | None = None
    """What is to be said of its declaration; None: it stays in the country."""


@dataclass(frozen=True)
class Flag:
    """One finding. `code` names it, `hold` is what it opens (None: a note), `detail` is the operator's sentence.

    What was found again, the same `code` for the same reason (`about`), is the same finding: once a person has released
    it, it is not asked about again. `about` is kept as a digest only.
    """

    code: str
    hold: HoldReason | None
    detail: str
    about: str = ""

    @property
    def badge(self) -> str:
        """What it is called in one word."""
        return badge(self.hold)

    @property
    def cleared_by(self) -> list[str]:
        """What clears it, in words; [] for a note."""
        return cleared_by(self.hold)


def badge(hold: HoldReason | str | None) -> str:
    """What a finding is called that opens a hold, or none."""
    return text(f"hold.{hold}") if hold else text("flag.note")


def cleared_by(hold: HoldReason | None) -> list[str]:
    """What clears a finding, in words."""
    if hold is None:
        return []
    ways = POLICIES[hold].releases
    return [text(f"release.{way}") for way in Release if way in ways]
