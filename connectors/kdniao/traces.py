"""Reads a waybill's journey, which answers to queries and pushes write alike. Raises nothing but ValueError."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from connectors.kdniao.codes import NO_TRACE, meaning, track_code, trouble
from domain.clock import parse_beijing
from domain.phones import courier_phone, phones_in
from domain.shipping import Carrier, TrackCode, TrackNode, TrackReport


def read_object(text: str | bytes) -> dict[str, Any]:
    """A JSON object. Some accounts answer it as text/html, so only the body is looked at."""
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def word(entry: Mapping[str, Any], key: str) -> str:
    """A field that may be a text, a number, null or absent, as text."""
    value = entry.get(key)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"{key} is no text")
    text = str(value).replace("\0", "").strip()  # PostgreSQL keeps no NUL
    text.encode("utf-8")  # and nobody keeps half a surrogate pair, which JSON can hold: UnicodeEncodeError
    return text


def read_report(entry: Mapping[str, Any], carrier: Carrier, number: str) -> TrackReport:
    """The report in an answer or in one entry of a push; "no trace yet" gives one without nodes."""
    traces = _traces(entry)
    return TrackReport(carrier, number, _nodes(entry, traces), _courier_phone(entry, traces))


def _traces(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    traces = entry.get("Traces") or []
    if not isinstance(traces, list) or not all(isinstance(trace, dict) for trace in traces):
        raise ValueError("Traces is no list of objects")
    # Ascending already by the protocol; equal times keep the vendor's order.
    return sorted(traces, key=lambda trace: parse_beijing(word(trace, "AcceptTime")))


def _nodes(entry: Mapping[str, Any], traces: list[dict[str, Any]]) -> tuple[TrackNode, ...]:
    if not traces:
        return ()
    overall = word(entry, "StateEx") or word(entry, "State") or NO_TRACE
    nodes = [_node(trace) for trace in traces[:-1]]
    newest = traces[-1]
    if not word(newest, "Action"):
        # The basic plan gives no Action: only the state of the whole says what the newest trace is.
        newest = {**newest, "Action": "" if overall == NO_TRACE else overall}
    nodes.append(_node(newest))
    if _says_more(overall, nodes[-1]):
        # Some states have no trace of their own (402 超时未签收, 403 超时未更新): they hold since the newest one.
        last = nodes[-1]
        what = trouble(overall, last.text)
        code, unknown = meaning(overall)
        nodes.append(TrackNode(last.at, code, last.text, last.place, overall, what, unknown))
    return tuple(nodes)


def _node(trace: Mapping[str, Any]) -> TrackNode:
    action = word(trace, "Action")
    code, unknown = meaning(action) if action else (TrackCode.IN_TRANSIT, None)
    return TrackNode(
        at=parse_beijing(word(trace, "AcceptTime")),
        code=code,
        text=word(trace, "AcceptStation"),
        place=word(trace, "Location"),
        partner_code=action,
        trouble=trouble(action, word(trace, "AcceptStation")) if action else None,
        unknown=unknown,
    )


def _says_more(overall: str, newest: TrackNode) -> bool:
    if overall == NO_TRACE or newest.partner_code.startswith(overall):  # 202 is the finer word for 2
        return False
    return track_code(overall) is not newest.code


def _courier_phone(entry: Mapping[str, Any], traces: list[dict[str, Any]]) -> str:
    """In the order that the vendor documents; "" where none is given, as on the basic plan.

    A field may hold several numbers, or one with its middle masked: then the newest trace may say more.
    """
    sender = entry.get("SenderInfo")
    fields = (word(entry, "DeliveryManTel"), word(sender, "PersonTel") if isinstance(sender, dict) else "")
    given = [number for field in fields for number in phones_in(field)]
    delivering = [word(trace, "AcceptStation") for trace in reversed(traces) if word(trace, "Action") == "202"]
    whole = [number for number in given if "*" not in number]
    return whole[0] if whole else courier_phone([*delivering, *given])
