"""How moments, money and lists are written where people read them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from domain.clock import BEIJING, utc_now
from domain.money import format_yuan
from domain.texts import text


def short(moment: str | None) -> str:
    """A moment as the views give it, to the minute: the year only where it is another than this one. "" for none."""
    if not moment:
        return ""
    at = datetime.fromisoformat(moment).astimezone(BEIJING)
    same = at.year == utc_now().astimezone(BEIJING).year
    return at.strftime("%m-%d %H:%M" if same else "%Y-%m-%d %H:%M")


def ago(moment: str | None, now: datetime) -> str:
    """How long ago, or how long until, in the largest unit that fits. "" for none."""
    if not moment:
        return ""
    seconds = int((now - datetime.fromisoformat(moment)).total_seconds())
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if abs(seconds) >= length:
            span = text(f"ago.{unit}", n=abs(seconds) // length)
            return text("ago.past" if seconds > 0 else "ago.future", span=span)
    return text("ago.now")


def yuan(fen: int) -> str:
    """An amount with its unit."""
    return text("approval.yuan", amount=format_yuan(fen))


def items(names: Iterable[str]) -> str:
    """Names in a row."""
    return text("and.items").join(names)


def clauses(sentences: Iterable[str]) -> str:
    """Sentences in a row."""
    return text("and.clauses").join(sentences)


def beside(called: str, sentence: str) -> str:
    """A sentence that stands beside what the matter is called: some begin with just that."""
    return sentence.removeprefix(text("desk.became", what=called, how="")).lstrip()
