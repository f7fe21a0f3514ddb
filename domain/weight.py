"""What goods weigh, as far as anybody has said."""

from __future__ import annotations

from collections.abc import Mapping

USUAL_G = 1000
"""What a piece is taken to weigh for choosing a warehouse, and a parcel for a courier, where nobody has said."""


def piece_weight(sku: str, known: Mapping[str, int]) -> int:
    """Grams of one piece; `known` are those of the articles of which it was said."""
    return known.get(sku) or USUAL_G


def parcel_weight(pieces: Mapping[str, int], known: Mapping[str, int]) -> int:
    """Grams of a parcel with so many pieces by SKU.

    Where the weight of one article is unknown, the parcel has the usual weight, or that of the others if it is more.
    """
    said = sum(count * known.get(sku, 0) for sku, count in pieces.items())
    complete = bool(pieces) and all(known.get(sku) for sku in pieces)
    return said if complete else max(said, USUAL_G)
