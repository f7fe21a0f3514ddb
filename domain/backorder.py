"""What cannot go now: which purchase it waits for, and what nobody has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from domain.sourcing import Claim, Consignment, Pieces, Purchase, Short, Site, Unit, Wanted, needed


class Later:
    """Places what cannot go now: over what is left of the stock and the purchases, earliest day first."""

    def __init__(
        self,
        wanted: Sequence[Wanted],
        left: Mapping[tuple[str, str], int],
        purchases: Sequence[Purchase],
        sites: Sequence[Site],
        most: int,
    ) -> None:
        """`left` is the free stock that nothing of the order has taken yet; `most` bounds the consignments."""
        self._wanted = wanted
        self._left = dict(left)
        self._sites = sites
        self._most = most
        self._purchases = sorted(
            (one for one in purchases if one.quantity > 0), key=lambda one: (one.ready_at, one.no, one.sku)
        )
        self._coming = {self._key(one): one.quantity for one in self._purchases}
        self._placed: dict[str, list[Unit]] = {}
        self._claims: dict[str, list[tuple[Purchase, int]]] = {}

    @staticmethod
    def _key(one: Purchase) -> tuple[str, str, str]:
        return (one.no, one.sku, one.warehouse)

    def place(self, rest: Sequence[Unit], *, together: bool = False) -> tuple[Consignment, ...]:
        """All at one warehouse if one can, else (unless they must stay together) unit by unit where it comes first."""
        if self._most >= 1 and rest and not self._take(rest) and not together:
            for unit in rest:
                self._take([unit])
        return tuple(self._consignment(n, code, here) for n, (code, here) in enumerate(sorted(self._placed.items()), 1))

    def _take(self, some: Sequence[Unit]) -> bool:
        options = []
        for site in self._sites:
            if site.code not in self._placed and len(self._placed) >= self._most:
                continue
            claims = self._covering(site.code, some)
            if claims is not None:
                last = max((purchase.ready_at for purchase, _ in claims), default=date.min)
                options.append((last, site.distance, site.load_permille, site.code, claims))
        if not options:
            return False
        *_, code, claims = min(options, key=lambda one: one[:4])
        for sku, count in needed(some).items():
            coming = sum(quantity for purchase, quantity in claims if purchase.sku == sku)
            self._left[sku, code] = self._left.get((sku, code), 0) - (count - coming)
        for purchase, quantity in claims:
            self._coming[self._key(purchase)] -= quantity
        self._placed.setdefault(code, []).extend(some)
        self._claims.setdefault(code, []).extend(claims)
        return True

    def _covering(self, code: str, some: Sequence[Unit]) -> list[tuple[Purchase, int]] | None:
        claims = []
        for sku, count in needed(some).items():
            lacking = count - max(0, self._left.get((sku, code), 0))
            for purchase in self._purchases:
                if lacking > 0 and (purchase.sku, purchase.warehouse) == (sku, code):
                    quantity = min(lacking, self._coming[self._key(purchase)])
                    if quantity:
                        claims.append((purchase, quantity))
                        lacking -= quantity
            if lacking > 0:
                return None
        return claims

    def _consignment(self, n: int, code: str, here: Sequence[Unit]) -> Consignment:
        pieces: list[Pieces] = [
            (part.line_no, part.sku, part.quantity) for part in self._wanted if any(part in unit.parts for unit in here)
        ]
        sums: dict[tuple[str, str], int] = {}
        for purchase, quantity in self._claims[code]:
            sums[purchase.no, purchase.sku] = sums.get((purchase.no, purchase.sku), 0) + quantity
        last = max(
            (purchase for purchase, _ in self._claims[code]), key=lambda one: (one.ready_at, one.no), default=None
        )
        return Consignment(
            n,
            code,
            tuple(pieces),
            last.no if last else "",
            last.ready_at if last else None,
            tuple(Claim(no, sku, quantity) for (no, sku), quantity in sorted(sums.items())),
        )

    def short(self, rest: Sequence[Unit]) -> tuple[Short, ...]:
        """What of `rest` found no place, line by line; what is nowhere at all is charged to the later lines."""
        homeless = [unit for unit in rest if not any(unit in here for here in self._placed.values())]
        missing = self._nowhere(homeless)
        parts = [part for part in self._wanted if any(part in unit.parts for unit in homeless)]
        found = []
        for part in reversed(parts):
            count = min(part.quantity, missing.get(part.sku, 0))
            missing[part.sku] = missing.get(part.sku, 0) - count
            found.append(Short(part.line_no, part.sku, part.quantity, count))
        return tuple(reversed(found))

    def _nowhere(self, homeless: Sequence[Unit]) -> dict[str, int]:
        codes = {site.code for site in self._sites}
        missing = {}
        for sku, count in needed(homeless).items():
            here = sum(max(0, self._left.get((sku, code), 0)) for code in codes)
            coming = sum(
                self._coming[self._key(one)] for one in self._purchases if one.sku == sku and one.warehouse in codes
            )
            missing[sku] = max(0, count - here - coming)
        return missing
