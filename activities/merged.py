"""What several orders that are packed together make: one instruction, one comparison, a share of each box for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from domain.merging import Part, share_out
from domain.shipping import DeliveryOrder, Package
from store import orders, shipping
from store.merges import Merge
from store.tables import MergeMemberRow


def others(members: Sequence[MergeMemberRow]) -> str:
    """A name of who else is in an instruction, the first being the order itself: another name, another instruction."""
    return ",".join(str(one.n) for one in members[1:])


def instruction_for_all(
    leading: DeliveryOrder, members: Sequence[MergeMemberRow], with_it: Sequence[DeliveryOrder]
) -> DeliveryOrder:
    """The leading order's instruction with the lines of the others; each line says whose it is. Money is summed up."""
    lines, extras = list(leading.lines), dict(leading.extras)
    for member, other in zip(members, with_it, strict=True):
        number = Part(member.order_id, member.n, ()).at_warehouse
        lines += [replace(one, line_no=number(one.line_no), order_no=other.channel_order_no) for one in other.lines]
        extras |= {key: _joined(extras.get(key, ""), value) for key, value in other.extras.items()}
    return replace(
        leading,
        lines=tuple(lines),
        extras=extras,
        buyer_note=_joined(leading.buyer_note, *(one.buyer_note for one in with_it)),
        seller_note=_joined(leading.seller_note, *(one.seller_note for one in with_it)),
        total_fen=leading.total_fen + sum(one.total_fen for one in with_it),
        freight_fen=leading.freight_fen + sum(one.freight_fen for one in with_it),
        discount_fen=leading.discount_fen + sum(one.discount_fen for one in with_it),
    )


async def parts_of(tx: AsyncSession, merge: Merge, code: str) -> list[Part]:
    """The orders in an instruction, as they were when they joined, the leading one first."""
    parts: list[Part] = []
    for member in merge.told(code):
        order = await orders.body(tx, member.order_id, member.revision)
        parts.append(Part(member.order_id, member.n if parts else 0, order.lines))
    return parts


def boxes_of_each(code: str, boxes: Sequence[Package], parts: Sequence[Part]) -> dict[str, list[dict[str, Any]]]:
    """What of each box is whose, as members keep it. A box in which only one order's goods lie is not shared."""
    shares = share_out(boxes, parts)
    owners = [[order_id for order_id, share in shares.items() if place in share] for place in range(len(boxes))]
    return {
        order_id: [
            {
                "box": f"{code}/{place + 1}" if len(owners[place]) > 1 else "",
                "package_code": boxes[place].package_code,
                "items": shipping.box_items(items),
            }
            for place, items in sorted(share.items())
        ]
        for order_id, share in shares.items()
    }


def _joined(*notes: str) -> str:
    return "；".join(dict.fromkeys(note for note in notes if note))
