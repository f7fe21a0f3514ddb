"""Rows of the tables `promotions` and `promotion_stacking` as terms of the engine, and what is wrong with one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from domain.clock import BEIJING
from domain.promotion import Base, Kind, Layer, Pick, Promotion
from domain.texts import text
from rules.documents import BadRule

_LEAST_PAID = 100
"""A discount on everything leaves at least a tenth to pay: less is a slip of the pen."""

_PART = re.compile(r"([^\s:]+):([1-9]\d{0,3})")

_NOTHING: dict[str, object] = {
    "off_fen": 0,
    "pay_permille": 1000,
    "nth": 0,
    "together": False,
    "price_fen": 0,
    "bundle": "",
    "gift_sku": "",
    "gift_pieces": 0,
    "every": False,
}
"""What a column says whose kind does not read it."""

_READ: dict[Kind, frozenset[str]] = {
    Kind.OFF: frozenset({"off_fen", "every"}),
    Kind.RATE: frozenset({"pay_permille"}),
    Kind.NTH: frozenset({"nth", "pay_permille", "together"}),
    Kind.PRICE: frozenset({"price_fen"}),
    Kind.BUNDLE: frozenset({"price_fen", "bundle"}),
    Kind.GIFT: frozenset({"gift_sku", "gift_pieces", "every"}),
}


def promotion(said: dict[str, Any], rule: str) -> Promotion:
    """The promotion of a row. Raises BadRule with what is wrong."""
    kind = Kind(said["kind"])
    for name, nothing in _NOTHING.items():
        if name not in _READ[kind] and said[name] != nothing:
            raise BadRule(text("rules.promotion.unread", kind=kind, field=name, nothing=json.dumps(nothing)))
    made = Promotion(
        code=str(said["row"]),
        title=str(said["title"]),
        kind=kind,
        group=str(said["group"]),
        at_least_fen=_whole(said, "at_least_fen"),
        at_least_pieces=_whole(said, "at_least_pieces"),
        every=bool(said["every"]),
        off_fen=_whole(said, "off_fen"),
        pay_permille=_whole(said, "pay_permille"),
        nth=_whole(said, "nth"),
        together=bool(said["together"]),
        price_fen=_whole(said, "price_fen"),
        bundle=_bundle(str(said["bundle"])),
        gift_sku=str(said["gift_sku"]),
        gift_pieces=_whole(said, "gift_pieces"),
        most_fen=_whole(said, "most_fen"),
        times=_whole(said, "times"),
        per_buyer=_whole(said, "per_buyer"),
        platform_permille=_whole(said, "platform_permille"),
        coupon=str(said["coupon"]),
        tag=str(said["tag"]),
        begins=_moment(str(said["begins"])),
        ends=_moment(str(said["ends"])),
        rule=rule,
    )
    wrong = _wrong(made)
    if wrong:
        raise BadRule(wrong)
    return made


def layer(said: dict[str, Any], rule: str) -> Layer:
    """The layer of a row. Raises BadRule with what is wrong."""
    excludes = frozenset(str(said["excludes"]).split())
    if said["group"] in excludes:
        raise BadRule(text("rules.promotion.excludes_itself", group=said["group"]))
    return Layer(str(said["group"]), Pick(said["pick"]), Base(said["base"]), excludes, rule)


CHECKED: dict[str, Callable[[dict[str, Any], str], object]] = {"promotions": promotion, "promotion_stacking": layer}
"""Tables whose rows must mean something beyond their cells; raises BadRule. Asked before a version is published."""


def _wrong(one: Promotion) -> str:
    found = []
    match one.kind:
        case Kind.OFF if one.off_fen == 0:
            found.append(text("rules.promotion.off"))
        case Kind.OFF if one.at_least_fen and one.off_fen > one.at_least_fen:
            found.append(text("rules.promotion.off_more"))
        case Kind.RATE if not _LEAST_PAID <= one.pay_permille < 1000:
            found.append(text("rules.promotion.rate", least=_LEAST_PAID))
        case Kind.NTH if one.nth == 0 or one.pay_permille == 1000:
            found.append(text("rules.promotion.nth"))
        case Kind.PRICE if one.price_fen == 0:
            found.append(text("rules.promotion.price"))
        case Kind.BUNDLE if one.price_fen == 0 or not one.bundle:
            found.append(text("rules.promotion.bundle"))
        case Kind.GIFT if not one.gift_sku or one.gift_pieces == 0:
            found.append(text("rules.promotion.gift"))
    if one.every and not (one.at_least_fen or one.at_least_pieces):
        found.append(text("rules.promotion.every"))
    if one.begins and one.ends and one.ends <= one.begins:
        found.append(text("rules.promotion.ends"))
    return "; ".join(found)


def _whole(said: dict[str, Any], name: str) -> int:
    value = said[name]
    if int(value) != value or value < 0:
        raise BadRule(text("rules.promotion.whole", field=name, value=value))
    return int(value)


def _bundle(written: str) -> tuple[tuple[str, int], ...]:
    parts = []
    for part in written.split():
        read = _PART.fullmatch(part)
        if read is None:
            raise BadRule(text("rules.promotion.bundle"))
        parts.append((read[1], int(read[2])))
    if len({sku for sku, _ in parts}) != len(parts):
        raise BadRule(text("rules.promotion.bundle_twice"))
    return tuple(parts)


def _moment(written: str) -> datetime | None:
    """A moment in Beijing; None for ""."""
    if not written:
        return None
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        raise BadRule(text("rules.bad_moment", written=written)) from None
    return found if found.tzinfo else found.replace(tzinfo=BEIJING)
