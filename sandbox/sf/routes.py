"""What a parcel's journey looks like in SF's words: route nodes of the query and of the push."""

from __future__ import annotations

from typing import Any

from domain.clock import format_beijing
from sandbox.road import Node, NodeKind

Json = dict[str, Any]

OP_CODES: dict[NodeKind, str] = {
    NodeKind.COLLECTED: "50",
    NodeKind.IN_TRANSIT: "30",
    NodeKind.AT_STATION: "31",
    NodeKind.OUT_FOR_DELIVERY: "44",
    NodeKind.SIGNED: "80",
    NodeKind.REFUSED: "99",
    NodeKind.LOST: "33",
    NodeKind.RETURNED: "648",
    NodeKind.FORWARDED: "99",
    NodeKind.TURNED_BACK: "99",
}


def route(node: Node) -> Json:
    """A node as EXP_RECE_SEARCH_ROUTES answers it."""
    remark = node.text
    if node.courier_phone:
        remark = f"快件交给{node.courier_name}，正在派送途中(派件人:{node.courier_name},电话:{node.courier_phone})"
    return {
        "acceptTime": format_beijing(node.at),
        "acceptAddress": node.place,
        "remark": remark,
        "opCode": OP_CODES[node.kind],
    }


def pushed_route(node: Node, push_id: str, number: str, order_id: str) -> Json:
    """A node as RoutePushService pushes it: other field names for the number and the order."""
    return {"id": push_id, "mailno": number, "orderid": order_id, "reasonCode": "", "reasonName": "", **route(node)}
