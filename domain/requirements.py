"""Delivery requirements read out of what people write in an order's notes."""

from __future__ import annotations

from domain.order import Requirement

_WORDS: dict[str, Requirement] = {
    "冷链": Requirement.COLD_CHAIN,
    "易碎": Requirement.FRAGILE,
    "向上": Requirement.UPRIGHT,
    "倒置": Requirement.UPRIGHT,
}


def requirements_in(*texts: str) -> tuple[Requirement, ...]:
    """The requirements named in any of `texts`, each once, always in the same order.

    A word counts wherever it stands ("请冷链发货", "小心易碎！"): a requirement too many costs an ice pack, one too few
    costs the goods.
    """
    named = {requirement for word, requirement in _WORDS.items() if any(word in text for text in texts)}
    return tuple(requirement for requirement in Requirement if requirement in named)
