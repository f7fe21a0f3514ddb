"""What a channel offers: its own numbers for an article of ours, and how many pieces of it may be sold there."""

from __future__ import annotations

from dataclasses import dataclass

from domain.order import Channel


@dataclass(frozen=True)
class StockFigure:
    """How many pieces a shop may sell of one of its listings from now on: the whole figure, never a change of one.

    `item_id` and `sku_id` are the channel's own numbers ("" where it has none). `key` names this figure of this
    listing: told twice under it, it is the same thing; `n` grows with every figure of the listing.
    """

    channel: Channel
    shop: str
    item_id: str
    sku_id: str
    sku: str
    pieces: int
    key: str
    n: int = 1
