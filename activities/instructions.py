"""What the warehouse is told: an order, or its part in a consignment, as an instruction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from domain.extensions import Scope, rule_of
from domain.ids import partner_key
from domain.order import Order
from domain.shipping import Carrier, DeliveryOrder, WarehouseLine
from rules.fields import definitions


def delivery_code(order_id: str, n: int) -> str:
    """The code of the nth instruction to the warehouse for an order."""
    return partner_key(f"{order_id}/deliver/{n}", limit=50)


def instruction_of(order: Order, code: str, carrier: Carrier, warehouse: str) -> DeliveryOrder:
    """The instruction to pack the whole of an order."""
    return DeliveryOrder(
        code=code,
        order_id=order.order_id,
        channel=order.channel,
        shop=order.shop,
        channel_order_no=order.channel_order_no,
        placed_at=order.placed_at,
        paid_at=order.paid_at,
        carrier=carrier,
        receiver=order.receiver,
        lines=tuple(
            WarehouseLine(
                line.line_no,
                line.sku,
                line.title,
                line.quantity,
                line.amount_fen,
                gift=line.gift_of is not None,
                extras=_for_warehouse(Scope.LINE, line.ext),
            )
            for line in order.lines
        ),
        requirements=order.notes.requirements,
        buyer_note=order.notes.buyer,
        seller_note=order.notes.seller,
        total_fen=order.amounts.paid_fen,
        freight_fen=order.amounts.freight_fen,
        discount_fen=order.amounts.discount_fen,
        warehouse=warehouse,
        extras={**_for_warehouse(Scope.CUSTOMER, order.customer.ext), **_for_warehouse(Scope.ORDER, order.ext)},
    )


def part_of(whole: DeliveryOrder, lines: Iterable[Mapping[str, Any]]) -> DeliveryOrder:
    """The instruction for one consignment: its lines, and of the money what was paid for them."""
    known = {line.line_no: line for line in whole.lines}
    part = []
    for line in lines:
        of, count = known[line["line_no"]], line["quantity"]
        amount = of.amount_fen * count // of.quantity if of.sku == line["sku"] else 0
        part.append(replace(of, sku=line["sku"], quantity=count, amount_fen=amount))
    total = sum(line.amount_fen for line in part)
    return replace(whole, lines=tuple(part), total_fen=total, freight_fen=0, discount_fen=0)


def _for_warehouse(scope: Scope, ext: Mapping[str, str]) -> dict[str, str]:
    """The merchant's own fields that its warehouses are told of."""
    rules = definitions() if ext else ()
    told = {key: rule_of(rules, scope, key) for key in ext}
    return {key: ext[key] for key, rule in told.items() if rule is not None and rule.to_warehouse}
