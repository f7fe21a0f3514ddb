"""What a review looks at, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass

from domain.holds import HoldReason
from domain.order import Order


@dataclass(frozen=True)
class Dossier:
    """An order, and what the house knows about it beside its document. Whoever reviews collects that first."""

    order: Order


@dataclass(frozen=True)
class Flag:
    """One finding. `code` names it, `hold` is what it opens, `detail` is the operator's sentence."""

    code: str
    hold: HoldReason
    detail: str
