"""Lines as pieces, each with its own price to the fen.

A line's amount is shared by its pieces so that they differ by a fen at most. Pieces of one price stand together as a
run, so that a line of ten thousand pieces costs no more than one of two.
"""

from __future__ import annotations

from collections.abc import Iterable

Run = tuple[int, int, int]
"""Fen of a piece, the line's place in the basket, how many pieces."""


def runs(line: int, amount: int, quantity: int) -> list[Run]:
    """The pieces of a line, the dearest first."""
    low, dearer = divmod(amount, quantity)
    found = [(low + 1, line, dearer)] if dearer else []
    return [*found, (low, line, quantity - dearer)]


def dearest(pool: Iterable[Run], count: int) -> list[Run]:
    """The `count` dearest pieces; of equally dear ones those of the line that stands first."""
    return _first(sorted(pool, key=lambda run: (-run[0], run[1])), count)


def cheapest(pool: Iterable[Run], count: int) -> list[Run]:
    """The `count` cheapest pieces; of equally cheap ones those of the line that stands first."""
    return _first(sorted(pool, key=lambda run: (run[0], run[1])), count)


def _first(ordered: list[Run], count: int) -> list[Run]:
    found = []
    for price, line, pieces in ordered:
        taken = min(pieces, count)
        if taken <= 0:
            break
        found.append((price, line, taken))
        count -= taken
    return found
