"""What the house has written down of articles."""

from __future__ import annotations

from dataclasses import dataclass

from domain.tags import Tag


@dataclass(frozen=True)
class ArticleFacts:
    """What the house has written down of an article: its class in law, and the stock that should not be touched."""

    sku: str
    title: str = ""
    safety_stock: int = 0
    category: str = ""
    """Its class in law, like `infant_formula`; "" when nobody has classed it."""
    grade: int = 0
    """The stage of a formula, the class of a medical device; 0 when nobody has said."""
    tags: tuple[Tag, ...] = ()
