"""Fields that a merchant adds to orders, lines and customers, as data: what they are, and what is wrong with a value.

The definitions are a rule set (`extension_fields`). Whoever takes orders in is told by `use_fields` where they stand;
while nobody is told, only the shape of a value is looked at, and the review finds the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from domain.order import Order
from domain.patterns import matches
from domain.texts import language, text

KEY = r"[a-z][a-z0-9_]{0,39}"
LONGEST = 500
MOST = 50
"""So many fields one order, line or customer can have."""
FILE_ID = re.compile(r"[0-9a-f]{64}")
_BETWEEN = re.compile(r"\s*[,，;；]\s*")
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")


class Scope(StrEnum):
    """What a field belongs to."""

    ORDER = "order"
    LINE = "line"
    CUSTOMER = "customer"


class FieldType(StrEnum):
    """What a value must look like."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    """2026-03-01."""
    CHOICE = "choice"
    FILE = "file"
    """The id of a file that was handed in before."""


@dataclass(frozen=True)
class FieldRule:
    """A row of the rule set: a field, and for which orders it must be there."""

    row: str
    scope: Scope
    key: str
    type: FieldType
    title_zh: str
    title_en: str
    pattern: str = ""
    """A regular expression (domain.patterns) that the whole of a value must match; "": anything."""
    choices: tuple[str, ...] = ()
    many: bool = False
    """Several values with commas between them, as many as the line has pieces at most."""
    bound_to: str = ""
    """Another field of the same scope: each value of this one belongs to one of that one."""
    required: bool = False
    to_warehouse: bool = False
    to_finance: bool = False

    @property
    def title(self) -> str:
        """What people call it."""
        return self.title_zh if language() == "zh" else self.title_en


@dataclass(frozen=True)
class Place:
    """Whose field it is: `line_no` is "" for the order and the customer."""

    scope: Scope
    line_no: str = ""


@dataclass(frozen=True)
class Demand:
    """A field that must be there."""

    place: Place
    rule: FieldRule


@dataclass(frozen=True)
class Value:
    """A field as an order has it."""

    place: Place
    key: str
    value: str


@dataclass(frozen=True)
class Wrong:
    """What is wrong with a field: `code` names it, `sentence` says it with the field and the row of the rule set."""

    place: Place
    key: str
    code: str
    sentence: str


Supplied = Mapping[tuple[Place, str], str]
"""What was handed in after the order came, by whose and which field."""

_fields: dict[str, Callable[[], Sequence[FieldRule]]] = {}


def use_fields(source: Callable[[], Sequence[FieldRule]] | None) -> None:
    """The definitions come from here from now on; None: from nowhere."""
    _fields.clear()
    if source is not None:
        _fields["source"] = source


def wrong_at_intake(order: Order) -> Wrong | None:
    """The first field of an order that cannot be taken in: none that there is, or with a value that it cannot have.

    What is missing is no reason to refuse an order: the review asks for it. None where nobody knows the definitions.
    """
    if "source" not in _fields or not any(_all(order)):
        return None
    return next(iter(wrong_values(order, _fields["source"](), unknown=True)), None)


def wrong_values(order: Order, rules: Sequence[FieldRule], *, unknown: bool = False) -> list[Wrong]:
    """The values that cannot be. `unknown`: a field that the rule set does not have is wrong, too."""
    found = []
    for value in values(order):
        rule = rule_of(rules, value.place.scope, value.key)
        if rule is None:
            if unknown:
                found.append(_wrong(value.place, value.key, None, "unknown"))
            continue
        problem = _problem(rule, value.value, order, value.place)
        if problem is not None:
            code, params = problem
            found.append(_wrong(value.place, value.key, rule, code, **params))
    return found


def lacking(order: Order, demands: Iterable[Demand]) -> list[Wrong]:
    """The fields that must be there and are not."""
    here = {(value.place, value.key) for value in values(order)}
    missing = {(demand.place, demand.rule.key): demand.rule for demand in demands}
    return [_wrong(place, key, rule, "missing") for (place, key), rule in missing.items() if (place, key) not in here]


def values(order: Order) -> list[Value]:
    """All fields that an order has, its customer's and its lines' included."""
    return [Value(place, key, value) for place, ext in _all(order) for key, value in ext.items() if value.strip()]


def for_warehouse(order: Order, rules: Sequence[FieldRule], line_nos: Collection[str] | None = None) -> list[Value]:
    """The fields that a warehouse is told of with an order; with a part of its lines where that is named."""
    found = []
    for value in values(order):
        rule = rule_of(rules, value.place.scope, value.key)
        here = line_nos is None or value.place.scope is not Scope.LINE or value.place.line_no in line_nos
        if here and rule is not None and rule.to_warehouse:
            found.append(value)
    return found


def named(value: Value, rules: Sequence[FieldRule]) -> str:
    """Which field of what a value is, as people say it, and never the value: it may be personal."""
    rule = rule_of(rules, value.place.scope, value.key)
    field = f"{rule.title} ext.{value.key}" if rule is not None else f"ext.{value.key}"
    return text("ext.names", where=text(f"ext.of.{value.place.scope}", line=value.place.line_no), field=field)


def with_supplied(order: Order, supplied: Supplied) -> Order:
    """The order with what was handed in later, which goes before what its document says."""
    if not supplied:
        return order

    def more(place: Place, ext: Mapping[str, str]) -> dict[str, str]:
        return {**ext, **{key: value for (where, key), value in supplied.items() if where == place}}

    return order.model_copy(
        update={
            "ext": more(Place(Scope.ORDER), order.ext),
            "customer": order.customer.model_copy(update={"ext": more(Place(Scope.CUSTOMER), order.customer.ext)}),
            "lines": tuple(
                line.model_copy(update={"ext": more(Place(Scope.LINE, line.line_no), line.ext)}) for line in order.lines
            ),
        }
    )


def rule_of(rules: Sequence[FieldRule], scope: Scope, key: str) -> FieldRule | None:
    """What says how a field looks: the first row about it."""
    return next((rule for rule in rules if rule.scope is scope and rule.key == key), None)


def parts(rule: FieldRule, value: str) -> list[str]:
    """The values in a value."""
    return [part for part in _BETWEEN.split(value.strip()) if part] if rule.many else [value.strip()]


def _all(order: Order) -> list[tuple[Place, Mapping[str, str]]]:
    lines = [(Place(Scope.LINE, line.line_no), line.ext) for line in order.lines]
    found: list[tuple[Place, Mapping[str, str]]] = [(Place(Scope.ORDER), order.ext), *lines]
    found.append((Place(Scope.CUSTOMER), order.customer.ext))
    return [(place, ext) for place, ext in found if ext]


def _problem(rule: FieldRule, value: str, order: Order, place: Place) -> tuple[str, dict[str, object]] | None:
    written = parts(rule, value)
    line = next((one for one in order.lines if one.line_no == place.line_no), None) if place.line_no else None
    if rule.many and line is not None and len(written) > line.quantity:
        return "too_many", {"count": len(written), "pieces": line.quantity}
    for part in written:
        if (problem := _problem_of_part(rule, part)) is not None:
            return problem
    if len(set(written)) < len(written) and rule.many and not rule.bound_to:
        return "twice", {}
    if rule.bound_to:
        of: Mapping[str, str] = order.ext if place.scope is Scope.ORDER else order.customer.ext
        other = (line.ext if line is not None else of).get(rule.bound_to, "")
        count = len([part for part in _BETWEEN.split(other.strip()) if part])
        if count != len(written):
            return "unbound", {"other": rule.bound_to, "count": len(written), "others": count}
    return None


def _problem_of_part(rule: FieldRule, part: str) -> tuple[str, dict[str, object]] | None:
    match rule.type:
        case FieldType.NUMBER if not _NUMBER.fullmatch(part):
            return "number", {}
        case FieldType.DATE if not _is_date(part):
            return "date", {}
        case FieldType.CHOICE if part not in rule.choices:
            return "choice", {"choices": ", ".join(rule.choices)}
        case FieldType.FILE if not FILE_ID.fullmatch(part):
            return "file", {}
    if rule.pattern and not matches(rule.pattern, part):
        return "pattern", {"pattern": rule.pattern}
    return None


def _is_date(written: str) -> bool:
    try:
        return date.fromisoformat(written).isoformat() == written
    except ValueError:
        return False


def _wrong(place: Place, key: str, rule: FieldRule | None, code: str, **params: object) -> Wrong:
    """Never with the value: it may be personal."""
    title = f"{rule.title} ext.{key}" if rule is not None else f"ext.{key}"
    where = text(f"ext.of.{place.scope}", line=place.line_no)
    why = text(f"ext.{code}", **params)
    row = rule.row if rule is not None else "-"
    return Wrong(place, key, code, text("ext.says", where=where, field=title, why=why, row=row))
