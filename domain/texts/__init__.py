"""The one catalogue of everything that operators, clerks and buyers read: Simplified Chinese, and English beside it.

`text("hold.stock", sku="A1")` gives the sentence in the language that `use_language` set (Chinese unless told).
A missing key is a programming error and raises KeyError; a test checks that both languages use the same parameters.
"""

from __future__ import annotations

from typing import Literal

from domain.texts.approvals import APPROVALS
from domain.texts.commands import COMMANDS
from domain.texts.deadlines import DEADLINES
from domain.texts.desk import DESK
from domain.texts.dry_runs import DRY_RUNS
from domain.texts.events import EVENTS
from domain.texts.extensions import EXTENSIONS
from domain.texts.finance import FINANCE
from domain.texts.imports import IMPORTS
from domain.texts.labels import LABELS
from domain.texts.names import NAMES
from domain.texts.orders import ORDERS
from domain.texts.pages import PAGES
from domain.texts.parcels import PARCELS
from domain.texts.pauses import PAUSES
from domain.texts.pool import POOL
from domain.texts.promotions import PROMOTIONS
from domain.texts.review import REVIEW
from domain.texts.routing import ROUTING
from domain.texts.rules import RULES
from domain.texts.shadow import SHADOW
from domain.texts.steps import STEPS
from domain.texts.supply import SUPPLY
from domain.texts.tasks import TASKS

Language = Literal["zh", "en"]

_current: dict[str, Language] = {"language": "zh"}


def use_language(wanted: Language) -> None:
    """Set the language of this process."""
    _current["language"] = wanted


def language() -> Language:
    """The language of this process."""
    return _current["language"]


def text(key: str, **params: object) -> str:
    """The sentence under `key`, with its parameters filled in."""
    zh, en = CATALOGUE[key]
    return (zh if language() == "zh" else en).format(**params)


def partner_name(partner: str) -> str:
    """A partner as people know it; one that the catalogue does not have (a connector from outside) by its own name."""
    key = f"partner.{partner}"
    return text(key) if key in CATALOGUE else partner


def channel_name(channel: str) -> str:
    """A channel as people know it; one that the catalogue does not have by its own name."""
    key = f"channel.{channel}"
    return text(key) if key in CATALOGUE else channel


def country_name(code: str) -> str:
    """A country by its ISO 3166 code as people know it; one that the catalogue does not have by its code."""
    key = f"country.{code}"
    return text(key) if key in CATALOGUE else code


def event_words(what: str) -> str:
    """What happened to an order, in words; what this version has no words for, as it was written down."""
    key = f"event.{what}"
    return text(key) if key in CATALOGUE else what


CATALOGUE: dict[str, tuple[str, str]] = {
    **NAMES,
    **ORDERS,
    **STEPS,
    **TASKS,
    **IMPORTS,
    **EXTENSIONS,
    **COMMANDS,
    **FINANCE,
    **DEADLINES,
    **PAUSES,
    **PAGES,
    **LABELS,
    **PARCELS,
    **REVIEW,
    **ROUTING,
    **RULES,
    **DRY_RUNS,
    **POOL,
    **SUPPLY,
    **SHADOW,
    **PROMOTIONS,
    **APPROVALS,
    **EVENTS,
    **DESK,
}
