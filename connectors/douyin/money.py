"""What was paid for each line of a Douyin order, to the fen.

`paid_fen` of an order is Douyin's `pay_amount`: what the order is worth to the merchant, what its refunds are counted
from, and what the sub orders' `pay_amount` add up to. What left the buyer's purse may be less by `promotion_pay_amount`
(a discount of the payment service, which the platform settles with the merchant); that is the platform's affair, and
taking it off would leave lines that do not add up.

The discount is what remains: goods at their current price + freight - paid. The platform's own promotion fields are not
added up, for they overlap. It is negative where the platform charged on top (cross-border tax, a raised price).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.fields import optional_int, text_of


def line_amounts(items: Sequence[Mapping[str, Any]], paid: int, freight: int) -> list[int]:
    """Fen paid for each sub order, freight left out, so that they and the freight add up to `paid` exactly.

    The documents do not say whether a sub order's `pay_amount` holds its part of the freight, and both are seen. The
    sums tell: either they leave the freight over, or they reach `paid` with it, and then each sub order's `post_amount`
    (or there being one paid line only) tells its part. Nothing is spread by guess: amounts that add up neither way
    raise ValueError.
    """
    amounts = [_amount(item) for item in items]
    unknown = [i for i, amount in enumerate(amounts) if amount is None]
    known = [amount or 0 for amount in amounts]
    if unknown:
        if len(unknown) > 1 or any(known):
            raise ValueError("pay_amount is missing in sub orders")
        known[unknown[0]] = paid - freight
    if sum(known) + freight != paid:
        known = [amount - part for amount, part in zip(known, _freight_parts(items, known, paid, freight), strict=True)]
    if any(amount < 0 for amount in known):
        raise ValueError("a sub order with a negative amount")
    return known


def _amount(item: Mapping[str, Any]) -> int | None:
    amount = optional_int(item, "pay_amount")
    return 0 if amount is None and text_of(item, "given_product_type") == "FREE" else amount


def _freight_parts(items: Sequence[Mapping[str, Any]], known: list[int], paid: int, freight: int) -> list[int]:
    if sum(known) == paid:
        parts = [optional_int(item, "post_amount") or 0 for item in items]
        if sum(parts) == freight:
            return parts
        if sum(1 for amount in known if amount) == 1:
            return [freight if amount else 0 for amount in known]
    raise ValueError(f"sub orders add up to {sum(known)} fen, the order to {paid} fen with {freight} fen freight")
