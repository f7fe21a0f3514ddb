"""Delivery requirements in the words that warehouses and couriers read on their papers."""

from __future__ import annotations

from collections.abc import Iterable

from domain.order import Requirement

REQUIREMENT_WORDS: dict[Requirement, str] = {
    Requirement.COLD_CHAIN: "冷链",
    Requirement.FRAGILE: "易碎",
    Requirement.UPRIGHT: "向上",
}


def requirement_words(requirements: Iterable[Requirement]) -> str:
    """The words of `requirements` joined by "、", each once and always in the same order; "" for none."""
    wanted = set(requirements)
    return "、".join(word for requirement, word in REQUIREMENT_WORDS.items() if requirement in wanted)
