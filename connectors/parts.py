"""What a platform that ships a line once knows of a parcel's lines, where parcels may share the pieces of a line."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from domain.shipping import SentParcel, Shipment


@dataclass(frozen=True)
class KnownLines:
    """A parcel's lines by whose number the platform has for them."""

    left: tuple[str, ...]
    """Lines that have no number of a parcel of ours that they are in: these the platform may still be told of."""
    own: bool
    """Whether some line has this parcel's number."""
    other: SentParcel | None
    """Another parcel whose number it has for a line that is in both."""

    @property
    def shown(self) -> SentParcel | None:
        """The other parcel, where the platform shows its number and nowhere this one's: see `write_back`."""
        return None if self.own else self.other


def known_lines(
    shipment: Shipment, numbers_of: Callable[[str], Collection[str]], goods_of: Callable[[str], str] = str
) -> KnownLines:
    """`numbers_of` gives the numbers that the platform has for a line, `goods_of` what it calls it: lines of which it
    does not tell one from the other are the same to it."""
    left: list[str] = []
    own, found = False, None
    for line_no in shipment.line_nos:
        numbers = numbers_of(line_no)
        shared = (
            other
            for other in shipment.others
            if other.number in numbers and goods_of(line_no) in map(goods_of, other.line_nos)
        )
        if shipment.number in numbers:
            own = True
        elif other := next(shared, None):
            found = found or other
        else:
            left.append(line_no)
    return KnownLines(tuple(left), own, found)
