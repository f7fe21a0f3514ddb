"""Kuaidiniao's words: courier codes, the shapes of their numbers, and states of a journey."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from domain.clock import format_beijing
from sandbox.road import Node, NodeKind

Json = dict[str, Any]

CARRIERS: dict[str, str] = {
    "SF": "SF",
    "ZTO": "ZTO",
    "YTO": "YTO",
    "STO": "STO",
    "YD": "YUNDA",
    "EMS": "EMS",
    "JD": "JD",
    "DBL": "DEPPON",
    "JTSD": "JTSD",
}
"""ShipperCode → our carrier code; every other courier of theirs is our OTHER."""

NEEDS_PHONE_TAIL = frozenset({"SF", "ZTO", "KYSY"})

ANSWERS_NO_TRACE_AS_FAILURE = frozenset({"STO", "EMS"})
"""For some carriers "no trace yet" comes as Success=false; the vendor does not say which, so these two play them."""

NAMES: dict[str, str] = {
    "SF": "顺丰速运",
    "ZTO": "中通快递",
    "YTO": "圆通速递",
    "STO": "申通快递",
    "YD": "韵达速递",
    "EMS": "EMS",
    "JD": "京东快递",
    "DBL": "德邦快递",
    "JTSD": "极兔速递",
}

_SHAPES: dict[str, re.Pattern[str]] = {
    "SF": re.compile(r"SF\d{13}"),
    "YTO": re.compile(r"YT\d{13}"),
    "JTSD": re.compile(r"JT\d{13}"),
    "JD": re.compile(r"JD[A-Z]{0,2}\d{11,13}"),
    "DBL": re.compile(r"DPK\d{12}"),
    "ZTO": re.compile(r"7\d{13}|78\d{13}"),
    "STO": re.compile(r"77\d{13}"),
    "YD": re.compile(r"4\d{14}"),
    "EMS": re.compile(r"1\d{12}"),
}

_STATES: dict[NodeKind, tuple[str, str]] = {
    NodeKind.COLLECTED: ("1", "1"),
    NodeKind.IN_TRANSIT: ("2", "2"),
    NodeKind.AT_STATION: ("2", "205"),
    NodeKind.OUT_FOR_DELIVERY: ("2", "202"),
    NodeKind.SIGNED: ("3", "301"),
    NodeKind.REFUSED: ("4", "404"),
    NodeKind.LOST: ("4", "403"),
    NodeKind.RETURNED: ("4", "406"),
    NodeKind.FORWARDED: ("5", "5"),
    NodeKind.TURNED_BACK: ("4", "413"),
}
"""State and StateEx (a trace's Action). There is no code for "lost": the parcel's news just stop (403 超时未更新)."""


def carrier_of(shipper_code: str) -> str:
    """Our carrier code of a ShipperCode."""
    return CARRIERS.get(shipper_code, "OTHER")


def recognise(number: str, known_carrier: str | None) -> list[str]:
    """The ShipperCodes that a number may belong to, most likely first: the true courier, then the shape."""
    true = [code for code, carrier in CARRIERS.items() if carrier == known_carrier]
    return true + [code for code, shape in _SHAPES.items() if shape.fullmatch(number) and code not in true]


def report(nodes: Sequence[Node], *, fine: bool) -> Json:
    """State and Traces of a journey, oldest first; with `fine` also StateEx, Action and the delivering courier."""
    state, state_ex = _STATES[nodes[-1].kind] if nodes else ("0", "0")
    result: Json = {"State": state, "Traces": [_trace(node, fine=fine) for node in nodes]}
    if not fine:
        return result
    result["StateEx"] = state_ex
    result["Location"] = nodes[-1].place if nodes else ""
    couriers = [node for node in nodes if node.courier_phone]
    if couriers:
        result["DeliveryMan"] = couriers[-1].courier_name
        result["DeliveryManTel"] = couriers[-1].courier_phone
    return result


def _trace(node: Node, *, fine: bool) -> Json:
    trace: Json = {"AcceptTime": format_beijing(node.at), "AcceptStation": node.text, "Remark": ""}
    return {**trace, "Location": node.place, "Action": _STATES[node.kind][1]} if fine else trace
