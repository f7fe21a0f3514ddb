"""SF's route nodes, as a query answers and as a push brings them, and what their opCodes mean to an order. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from connectors.sf.responses import Wire
from domain.clock import parse_beijing
from domain.phones import courier_phone
from domain.shipping import Carrier, InterceptKind, TrackCode, TrackNode, TrackReport, Trouble
from domain.tracking import trouble_in
from domain.words import About, Glossary, UnknownWord, Word

# Protocol section 5. A code that is not here changes no order's course, and somebody is asked what it means.
_MEANING = Glossary(
    "sf",
    About.PARCEL,
    TrackCode,
    {
        **dict.fromkeys(("50", "51", "54"), TrackCode.COLLECTED),
        **dict.fromkeys(("30", "31", "36", "302", "304", "3036"), TrackCode.IN_TRANSIT),
        # With the courier, or waiting at an agent, a shop or in a locker: only 80 says signed.
        **dict.fromkeys(
            ("204", "44", "607", "123", "130", "125", "126", "657", "658"),
            TrackCode.OUT_FOR_DELIVERY,
        ),
        **dict.fromkeys(("33", "70"), TrackCode.PROBLEM),
        # 8000 offers the picture of the signature, so there is one.
        **dict.fromkeys(("80", "8000"), TrackCode.SIGNED),
        **dict.fromkeys(("99", "648", "631"), TrackCode.RETURNED),
    },
    field="opCode",
)
_DELIVERING = "44"
_BACK_OR_ON = frozenset({"99", "648", "631"})


class Route(Wire):
    """One node on the wire. `accept_time` is Beijing time."""

    accept_time: str
    accept_address: str | None = None
    remark: str | None = None
    op_code: str


class _Routes(Wire):
    mail_no: str
    routes: list[Route] | None = None


class _Answer(Wire):
    route_resps: list[_Routes] | None = None


def queried_report(data: dict[str, Any], number: str) -> TrackReport:
    """The report in an answer to EXP_RECE_SEARCH_ROUTES. Raises ValueError for a node without a readable time."""
    answers = _Answer.model_validate(data).route_resps or []
    return report(number, [route for each in answers if each.mail_no == number for route in each.routes or []])


def report(number: str, routes: Iterable[Route]) -> TrackReport:
    """The report of one waybill, oldest node first. Raises ValueError for a node without a readable time.

    A parcel on its way back is signed by its sender in the end, with the same opCode 80: after a node RETURNED, that
    node says RETURNED too.
    """
    nodes: list[TrackNode] = []
    phone, back = "", False
    for at, route in sorted(((parse_beijing(route.accept_time), route) for route in routes), key=lambda pair: pair[0]):
        code, unknown = meaning(route)
        back = back or code is TrackCode.RETURNED
        if back and code is TrackCode.SIGNED:
            code = TrackCode.RETURNED
        remark = route.remark or ""
        trouble = _trouble(route, remark) if code is TrackCode.PROBLEM else None
        nodes.append(TrackNode(at, code, remark, route.accept_address or "", route.op_code, trouble, unknown))
        if route.op_code == _DELIVERING:
            phone = courier_phone([remark]) or phone
    return TrackReport(Carrier.SF, number, tuple(nodes), phone)


def meaning(route: Route) -> tuple[TrackCode, Word | None]:
    """What one node means by itself, and its code where that means nothing yet: the parcel is where it was."""
    try:
        code = _MEANING.sense(route.op_code) or TrackCode.NONE
    except UnknownWord as unknown:
        return TrackCode.NONE, unknown.word
    except ValueError:
        code = TrackCode.NONE
    remark = route.remark or ""
    # 99 and 648 stand for two things, which only the words tell apart: sent back, or sent on to another address.
    if code is TrackCode.RETURNED and "转寄" in remark and "退" not in remark:
        return TrackCode.PROBLEM, None
    return code, None


def _trouble(route: Route, remark: str) -> Trouble:
    if route.op_code in _BACK_OR_ON:
        return Trouble.FORWARDED
    return trouble_in(remark, Trouble.DELIVERY_FAILED)


def shows(report: TrackReport, kind: InterceptKind, since: datetime) -> bool:
    """Whether a parcel's route says since then that it is sent on, or sent back. Clocks may differ by two minutes."""
    word = "退" if kind is InterceptKind.RETURN else "转寄"
    return any(
        node.partner_code in _BACK_OR_ON and word in node.text and node.at >= since - _CLOCKS_DIFFER
        for node in report.nodes
    )


_CLOCKS_DIFFER = timedelta(minutes=2)
