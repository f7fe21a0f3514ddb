"""Money as integer fen, and the one way in which an amount is split.

Decimal appears only while a text in yuan is read or written; float never does.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import NewType

Fen = NewType("Fen", int)
"""An amount in fen, the hundredth of a yuan. May be negative (a refund, a discount)."""

ZERO = Fen(0)


def parse_yuan(text: str | int | Decimal) -> Fen:
    """Read an amount in yuan, as partners write it ("49.50", "1,280", "￥9.9"), into fen.

    Digits beyond the fen are rounded half up (some platforms send three decimals).
    Raises ValueError for anything that is no finite number.
    """
    cleaned = str(text).strip().replace(",", "").lstrip("¥￥")
    try:
        # What is not finite, or has more digits than Decimal computes with, comes out as one of the errors below.
        return Fen(int((Decimal(cleaned) * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP)))
    except (ArithmeticError, ValueError):
        raise ValueError(f"not an amount in yuan: {text!r}") from None


def format_yuan(amount: int) -> str:
    """Write fen as yuan with exactly two decimals: 12345 → "123.45"."""
    sign = "-" if amount < 0 else ""
    return f"{sign}{abs(amount) // 100}.{abs(amount) % 100:02d}"


def split(total: int, weights: Sequence[int]) -> list[Fen]:
    """Split `total` fen in proportion to `weights` by largest remainder; the parts always sum to `total`.

    Ties go to the earlier part, so the result is the same on every machine. With all weights zero the
    split is even. Raises ValueError for no weights, or for a negative one.
    """
    if not weights:
        raise ValueError("nothing to split over")
    if any(weight < 0 for weight in weights):
        raise ValueError("weights must not be negative")
    base = sum(weights)
    if base == 0:
        weights, base = [1] * len(weights), len(weights)
    sign, rest = (-1, -total) if total < 0 else (1, total)
    parts = [rest * weight // base for weight in weights]
    remainders = [rest * weight % base for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-remainders[i], i))
    for i in by_remainder[: rest - sum(parts)]:
        parts[i] += 1
    return [Fen(sign * part) for part in parts]
