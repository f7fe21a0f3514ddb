"""The partners' own words for where something stands, and what they mean to us.

A connector knows its partner's words by a glossary. What people publish (the rule set `status_map`) goes before it: a
process is told by `translate_by` where to look. A word that neither knows is never guessed: it is heard (`take_heard`),
so that a person is asked, and `UnknownWord` is raised.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

M = TypeVar("M", bound=StrEnum)

_WORD = re.compile(r"[0-9A-Za-z_.\-]{1,60}")
_SPREADSHEET_WORD = re.compile(r"[0-9A-Za-z_.()（）\-\u4e00-\u9fff]{1,20}")
_MOST_HEARD = 500


class About(StrEnum):
    """What a partner's word is about. One status of ours may be told by several of a partner's."""

    ORDER = "order"
    ORDER_STEP = "order_step"
    """The payments of a presale."""
    ORDER_CONFIRM = "order_confirm"
    ORDER_GROUP = "order_group"
    ORDER_RISK = "order_risk"
    ORDER_REFUND = "order_refund"
    """What an order itself says of its refunds."""
    EXPORT = "export"
    """An order's status as a file writes it; it means a word of the same partner's interface."""
    PAYMENT = "payment"
    REFUND = "refund"
    REFUND_KIND = "refund_kind"
    REFUND_MONEY = "refund_money"
    """Whether the money of a refund that is agreed has arrived."""
    DELIVERY = "delivery"
    """An instruction at a warehouse."""
    DELIVERY_STEP = "delivery_step"
    QUALITY = "quality"
    """The condition of goods on a warehouse's shelf."""
    PARCEL = "parcel"
    PARCEL_TROUBLE = "parcel_trouble"


class Act(StrEnum):
    """What is done about a word."""

    TAKE = "take"
    """It means what stands beside it."""
    NOTHING = "nothing"
    """It changes nothing."""
    ASK = "ask"
    """A person is asked, and nothing changes until then."""


@dataclass(frozen=True)
class Word:
    """A partner's word."""

    partner: str
    about: About
    word: str

    @property
    def key(self) -> str:
        """`jd/order/LOCKED`."""
        return f"{self.partner}/{self.about}/{self.word}"


@dataclass(frozen=True)
class Entry:
    """What a word means: `ours` is "" unless `act` is TAKE."""

    act: Act
    ours: str = ""


@dataclass(frozen=True)
class Heard:
    """A word without a meaning, and when it came."""

    word: Word
    times: int
    first_at: datetime
    last_at: datetime


class UnknownWord(ValueError):
    """A partner's word that means nothing to us yet."""

    def __init__(self, word: Word, shown: str) -> None:
        super().__init__(shown)
        self.word = word


Translate = Callable[[Word], Entry | None]
"""What is published of a word; None where nothing is."""

_translate: dict[str, Translate] = {}
_heard: dict[Word, int] = {}
GLOSSARIES: dict[tuple[str, About], Glossary[StrEnum]] = {}
"""Those of the connectors that this process has loaded."""


class Glossary(Generic[M]):
    """A partner's words about one thing, as the connector that speaks to it knows them."""

    def __init__(
        self,
        partner: str,
        about: About,
        ours: type[M],
        means: Mapping[str, M | None],
        *,
        field: str = "status",
        asks: Iterable[str] = (),
        unnamed: Iterable[str] = (),
    ) -> None:
        """`means` None: the word changes nothing. `field` is the partner's name of it, for complaints. `asks` are words
        that are known, and that a person must look at all the same. `unnamed` are words that were met, or that other
        programs know, and that the protocol does not name."""
        self.partner, self.about, self.ours, self.field = partner, about, ours, field
        self.means = dict(means)
        self.asks = frozenset(asks)
        self.unnamed = frozenset(unnamed)
        GLOSSARIES[partner, about] = self  # type: ignore[assignment]

    def entry(self, word: str) -> Entry | None:
        """What the connector itself says of a word; None for one that it does not know."""
        if word in self.asks:
            return Entry(Act.ASK)
        if word not in self.means:
            return None
        found = self.means[word]
        return Entry(Act.NOTHING) if found is None else Entry(Act.TAKE, found)

    def sense(self, word: str | int | None) -> M | None:
        """What a word means; None for one that changes nothing. Raises UnknownWord, and ValueError for no word at all
        where none is meaningful."""
        written = "" if word is None else str(word)
        found = meaning(Word(self.partner, self.about, written)) or self.entry(written)
        if found is not None and found.act is Act.NOTHING and None in self.means.values():
            return None
        if found is not None and found.act is Act.TAKE and found.ours in self.ours._value2member_map_:
            return self.ours(found.ours)
        raise self._unknown(written, word)

    def find(self, word: str) -> M | None:
        """What a word means, if it means anything: for words that need not mean something."""
        return self.sense(word) if self.settled(word) else None

    def settled(self, word: str) -> bool:
        """Whether `sense` has an answer for a word."""
        found = meaning(Word(self.partner, self.about, word)) or self.entry(word)
        if found is None or found.act is Act.ASK:
            return False
        if found.act is Act.NOTHING:
            return None in self.means.values()
        return found.ours in self.ours._value2member_map_

    def mean(self, word: str | int | None) -> M:
        """The same where a word that changes nothing cannot be. Raises UnknownWord or ValueError."""
        found = self.sense(word)
        if found is None:
            raise self._unknown("" if word is None else str(word), word)
        return found

    def _unknown(self, written: str, word: str | int | None) -> ValueError:
        allowed = _SPREADSHEET_WORD if self.about is About.EXPORT else _WORD
        if not allowed.fullmatch(written):
            # Anything may stand where a word should: it is not repeated.
            return ValueError(f"unknown {self.field} {'None' if word is None else '?'}")
        unknown = Word(self.partner, self.about, written)
        if unknown in _heard or len(_heard) < _MOST_HEARD:
            _heard[unknown] = _heard.get(unknown, 0) + 1
        return UnknownWord(unknown, f"unknown {self.field} {written}")


def translate_by(translate: Translate | None) -> None:
    """Ask this before the connectors' own glossaries from now on; None: nobody."""
    _translate.clear()
    if translate is not None:
        _translate["by"] = translate


def meaning(word: Word) -> Entry | None:
    """What is published of a word."""
    translate = _translate.get("by")
    return translate(word) if translate is not None else None


def known(word: Word) -> bool:
    """Whether a word means something to this process now."""
    glossary = GLOSSARIES.get((word.partner, word.about))
    return glossary is not None and glossary.settled(word.word)


def take_heard() -> dict[Word, int]:
    """The words without a meaning that this process met since it was last asked, and how often."""
    taken = dict(_heard)
    _heard.clear()
    return taken


def unknown_in(error: BaseException | None) -> Word | None:
    """The word that an error, or one that it came from, complains of."""
    while error is not None:
        if isinstance(error, UnknownWord):
            return error.word
        error = error.__cause__ or error.__context__
    return None
