"""What the sandbox's shops offer, each under numbers of its own, and the stock that they were told last."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.catalogue import CATALOGUE


@dataclass
class Listing:
    """One article as a shop offers it. `told` counts the figures that it took, `pieces` is the last one."""

    sku: str
    item_id: str
    sku_id: str
    pieces: int | None = None
    told: int = 0


class Listings:
    """The catalogue as one shop offers it. `item_base` and `sku_base`: where its numbers begin; 0: the shop has none of
    its own, and calls articles as the merchant does."""

    def __init__(self, item_base: int = 0, sku_base: int = 0) -> None:
        self._listings: dict[tuple[str, str], Listing] = {}
        for n, item in enumerate(CATALOGUE):
            item_id = str(item_base + n) if item_base else ""
            sku_id = str(sku_base + n) if sku_base else item.sku
            self._listings[item_id, sku_id] = Listing(item.sku, item_id, sku_id)

    def find(self, sku_id: str, item_id: str | None = None) -> Listing | None:
        """The listing under these numbers. Without an item's, the SKU's alone is enough."""
        if item_id is not None:
            return self._listings.get((item_id, sku_id))
        return next((listing for listing in self._listings.values() if listing.sku_id == sku_id), None)

    def rows(self) -> list[dict[str, str]]:
        """What is offered, as the merchant would write it into a file."""
        return [
            {"sku": listing.sku, "item_id": listing.item_id, "sku_id": listing.sku_id}
            for listing in self._listings.values()
        ]

    def book(self) -> list[dict[str, str | int]]:
        """The last figure of each listing that was told one."""
        return [
            {"item_id": one.item_id, "sku_id": one.sku_id, "pieces": one.pieces, "times": one.told}
            for one in self._listings.values()
            if one.pieces is not None
        ]


def tell(listing: Listing, pieces: int) -> None:
    """The shop takes a figure."""
    listing.pieces = pieces
    listing.told += 1
