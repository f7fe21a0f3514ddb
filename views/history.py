"""What was written down of the steps of an order, in words.

Steps write codes, for engineers. They are put into words when they are shown, so that what old versions wrote reads
well too. What a person typed, and what a partner said, stays as it is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.approvals import role_name
from domain.healing import HealingRule
from domain.holds import AtDeadline, HoldReason, Release
from domain.review import badge
from domain.shipping import Carrier
from domain.texts import CATALOGUE, channel_name, partner_name, text
from views.words import clauses, items

_ASKS: dict[str, HoldReason | None] = {
    "format": HoldReason.FORMAT_INVALID,
    "address": HoldReason.ADDRESS_INCOMPLETE,
    "healing.person": HoldReason.ADDRESS_INCOMPLETE,
    "healing": None,
    "channel.locked": HoldReason.CHANNEL_LOCKED,
    "channel.refund_pending": HoldReason.REFUND_PENDING,
    "stock": None,
    "risk": HoldReason.RISK,
    "duplicate.note": None,
    "duplicate": HoldReason.DUPLICATE,
    "compliance.blocked": HoldReason.COMPLIANCE_BLOCKED,
    "compliance": HoldReason.COMPLIANCE,
    "declaration.blocked": HoldReason.COMPLIANCE_BLOCKED,
    "declaration": HoldReason.DECLARATION_INCOMPLETE,
    "price": HoldReason.PRICE_CONFLICT,
    "fields": HoldReason.FIELDS_MISSING,
    "approval": HoldReason.APPROVAL,
    "credit": HoldReason.CREDIT_LIMIT,
}
"""Which hold a finding asks for, by its code or how that begins; None: a note. For findings that are not kept."""


@dataclass(frozen=True)
class Written:
    """One event as it was written down.

    `result` is what its step gave. `holds` says of the codes of the order's findings which hold each asks for ("": a
    note), `titles` what the merchant's own fields are called.
    """

    what: str
    why: str
    result: Mapping[str, Any] = field(default_factory=dict)
    holds: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)


Words = Callable[[Written], str]


def why_words(event: Written) -> str:
    """Why it happened, in words; what this version has no words for, as it was written down."""
    words = WORDS.get(event.what)
    return words(event) if words is not None else event.why


def who_words(who: str) -> str:
    """Who did it: the system's own parts and partners in words, people by their names."""
    kind, _, rest = who.partition(":")
    if kind == "channel" and rest:
        return text("event.who.from_channel", channel=channel_name(rest))
    if f"event.who.{kind}" in CATALOGUE:
        return text(f"event.who.{kind}")
    if rest in set(Carrier):
        return text("event.by_courier", courier=text(f"carrier.{rest}"), partner=partner_name(kind))
    return partner_name(who)


def _read(form: str, words: Callable[..., str]) -> Words:
    """Words for what was written in one form, from its parts; what was written otherwise stays as it is."""
    pattern = re.compile(form, re.DOTALL)

    def read(event: Written) -> str:
        found = pattern.fullmatch(event.why)
        return words(*found.groups()) if found is not None else event.why

    return read


def _as_it_is(event: Written) -> str:
    """A sentence, or what a person typed."""
    return event.why


def _said(what: str, why: str) -> str:
    return text("desk.became", what=what, how=why) if why else what


# ------------------------------------------------------------------------------------------------ review and holds


def _badges(codes: Sequence[str], holds: Mapping[str, str]) -> str:
    """What findings are called, each once with how many there are; notes last."""
    asked = Counter(holds.get(code, _asks(code)) for code in codes)
    notes = asked.pop("", 0)
    named = [badge(hold) + (f" ×{count}" if count > 1 else "") for hold, count in asked.items()]
    return items([*named, *([text("event.notes", count=notes)] if notes else [])])


def _asks(code: str) -> str:
    return str(_ASKS.get(code, _ASKS.get(code.partition(".")[0])) or "")


def _found(event: Written) -> str:
    codes = [code for code in event.why.split("; ") if code]
    if not codes:
        return text("event.found_nothing")
    now = {str(flag["code"]): str(flag["hold"]) for flag in event.result.get("flags", ())}
    return text("event.found", what=_badges(codes, {**event.holds, **now}))


def _held(event: Written) -> str:
    """A hold: what it is called, and what it says or by what it ended."""
    kind, _, rest = event.why.partition(": ")
    if kind not in set(HoldReason):
        return event.why
    called = text(f"hold.{kind}")
    way, more = rest.partition(", ")[::2]
    if event.what == "hold.closed" and way == AtDeadline.LAPSE:
        rest = text("event.lapsed")
    elif event.what == "hold.closed" and way in set(Release):
        rest = text("and.clause").join(part for part in (text(f"release.{way}"), more) if part)
    # Some sentences begin with what the hold is called.
    return rest if rest.startswith(called) else _said(called, rest)


def _decided(event: Written) -> str:
    role, _, why = event.why.partition(": ")
    return _said(role_name(role), why)


def _next_approver(role: str, stage: str) -> str:
    return _said(role_name(role), text(f"event.late.{stage}"))


def _status(status: str) -> str:
    key = f"channel_status.{status}"
    return text("event.status", status=text(key) if key in CATALOGUE else status)


def _refunds(count: str, status: str, pending: str) -> str:
    open_ = [text("channel.refund_pending")] if pending == "True" else []
    return clauses([text("event.refunds", count=count), _status(status), *open_])


def _fields(event: Written) -> str:
    return items([event.titles.get(key, key) for key in event.why.split(", ")])


def _mended(rule: str, before: str, after: str) -> str:
    before = _LACKS_ALL.sub(r"\1", before)
    return _said(text(f"healing.rule.{rule}"), before if after == "?" else f"{before} → {after}")


_LACKS_ALL = re.compile(r"-（(.*)）")
"""An address that has no region at all: a dash, and what is missing."""


def _shadow(event: Written) -> str:
    would, _, why = event.why.partition(": ")
    if would == "hold":
        why = _badges(why.split(", "), event.holds)
    elif would == "fail":
        why = text("event.ask_it")
    key = f"shadow.do.{would}"
    return _said(text(key), why) if key in CATALOGUE else event.why


# --------------------------------------------------------------------------------------------------- goods and boxes


def _consignment(n: str, warehouse: str) -> str:
    return text("consignment.name", n=n, warehouse=warehouse)


def _freed(count: str) -> str:
    return text("event.freed", count=count) if int(count) else text("event.freed_nothing")


def _joined(number: str, leader: str, rule: str) -> str:
    return text("event.joined", number=number, leader=leader, rule=rule)


def _reported(event: Written) -> str:
    """What a warehouse says in its own words is quoted."""
    ours = {one for key in ("warehouse.exception", "warehouse.cancelled_itself") for one in CATALOGUE[key]}
    return event.why if not event.why or event.why in ours else text("event.warehouse_says", words=event.why)


def _left(event: Written) -> str:
    """Why, without the order's own number."""
    why, _, ids = event.why.rpartition(": ")
    return why if why and _ORDERS.fullmatch(ids) else event.why


def _undone(event: Written) -> str:
    why, _, ids = event.why.rpartition(": ")
    return _said(why, items(ids.split(", "))) if why and _ORDERS.fullmatch(ids) else event.why


_ORDERS = re.compile(r"[^\s:]+:[^\s:]+:[^\s:]+(, [^\s:]+:[^\s:]+:[^\s:]+)*")


def _number(carrier: str, number: str) -> str:
    return f"{text(f'carrier.{carrier}')} {number}"


def _of_box(carrier: str, number: str, parcel: str) -> str:
    return text("event.of_box", number=_number(carrier, number), parcel=parcel)


def _parcel(n: str, why: str) -> str:
    return _said(text("desk.parcel", n=n), why.strip())


def _asked(event: Written) -> str:
    """What came of stopping each parcel."""
    found = re.findall(r"#(\d+) (\w+)", event.why)
    known = [(n, f"intercept.{how}") for n, how in found if f"intercept.{how}" in CATALOGUE]
    return clauses([_parcel(n, text(key)) for n, key in known]) if known else event.why


def _other_number(event: Written) -> str:
    return re.sub(rf"\b({_CARRIER}) (?=\w)", lambda found: text(f"carrier.{found[1]}") + " ", event.why)


def _covered(count: str) -> str:
    return text("event.covered", count=count) if int(count) else text("event.covered_nothing")


def _sent_after(sku: str, count: str, order: str, why: str) -> str:
    return clauses([text("event.gift", sku=sku, count=count, order=order), *([why] if why else [])])


_CARRIER = "|".join(Carrier)

WORDS: dict[str, Words] = {
    "order.accepted": _found,
    "review.passed": _as_it_is,
    "document.newer": _read(r"version \d+, (\w+)", _status),
    "refunds.applied": _read(r"(\d+) refunds, (\w+), pending: (True|False)", _refunds),
    "fields.supplied": _fields,
    "declaration.supplied": _as_it_is,
    "healing.healed": _read(rf"({'|'.join(HealingRule)}): (.*) → (.*)", _mended),
    "healing.failed": _read(rf"({'|'.join(HealingRule)}): (.*) → (.*)", _mended),
    "healing.person": _read(rf"({'|'.join(HealingRule)}): (.*) → (.*)", _mended),
    "hold.opened": _held,
    "hold.closed": _held,
    "hold.escalated": _held,
    "task.raised": _read(r"[\w.]+: (.*)", str),
    "approval.approve": _decided,
    "approval.refuse": _decided,
    "approval.withdraw": _decided,
    "approval.late": _read(r"(\w+): (FIRST|DEPUTY|ESCALATED)", _next_approver),
    "stock.locked": _as_it_is,
    "stock.locked_again": _read(r"(\d+): (\S+)", _consignment),
    "stock.arrived": _read(r"(\d+): (\S+)", _consignment),
    "stock.fitted": _read(r"more is needed than is locked", lambda: text("event.more_needed")),
    "stock.released": _read(r"(\d+) SKUs", _freed),
    "consignments.fitted": _read(r"not all of it could be changed", lambda: text("event.not_all_changed")),
    "couriers.planned": _read(r"(.*) \((\S+)\)", lambda why, rule: text("event.by_rule", why=why, rule=rule)),
    "merge.joined": _read(r"(\d+): (\S+) \((.*)\)", _joined),
    "merge.left": _left,
    "merge.undone": _undone,
    "warehouse.packed": _as_it_is,
    "warehouse.mismatch": _as_it_is,
    "warehouse.partial": _as_it_is,
    "warehouse.exception": _reported,
    "warehouse.cancelled": _reported,
    "warehouse.nothing": _as_it_is,
    "waybill.live": _read(rf"\w+:({_CARRIER}) (\S+)", _number),
    "waybill.manual": _read(rf"({_CARRIER}) (\S+)", _number),
    "waybill.of_box": _read(rf"\w+:({_CARRIER}) (\S+): (\S+)", _of_box),
    "waybill.void": _read(
        r"(VOIDED|NOT_FOUND|TOO_LATE) (\S+)", lambda how, number: _said(number, text(f"event.void.{how}"))
    ),
    "label.printed": _read(r"(.+)", lambda sheet: text("event.sheet", sheet=sheet)),
    "label.withdrawn": _read(r"(.+)", lambda sheet: text("event.sheet", sheet=sheet)),
    "channel.told": _read(rf"({_CARRIER}) (\S+)", _number),
    "channel.not_told": _as_it_is,
    "channel.shows_other": _other_number,
    "shipping.finished": _as_it_is,
    "parcel.rerouted": _read(r"\S+#(\d+)(.*)", _parcel),
    "parcel.returning": _read(r"\S+#(\d+)(.*)", _parcel),
    "parcel.void": _read(r"\S+#(\d+)(.*)", _parcel),
    "parcel.refused": _read(r"\S+#(\d+)(.*)", _parcel),
    "address.confirmed": _as_it_is,
    "address.refused": _as_it_is,
    "address.dropped": _as_it_is,
    "address.rerouted": _as_it_is,
    "address.rerouted_in_part": _as_it_is,
    "refund.parcels_asked": _asked,
    "gift.sent_after": _read(r"(.+) × (\d+): (\S+); (.*)", _sent_after),
    "order.signed": _as_it_is,
    "order.cancelled": _as_it_is,
    "order.undelivered": _as_it_is,
    "warranty.activated": _read(r"(\d+) lines", _covered),
    "shadow.decided": _shadow,
}
"""How each kind of event is put into words. A test looks that none of those that steps write is missing."""
