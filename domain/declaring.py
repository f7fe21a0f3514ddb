"""Whether an order that goes abroad says everything that its way there asks for. Nothing is sent to customs from here.

Which fields are asked for are rules, dated and kept as data (the table `declaration_rules`); this knows how each field
is written, where its value may come from, and what is still missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from domain.articles import ArticleFacts
from domain.order import Order, OrderLine
from domain.tags import CUSTOMS, Tag, well_formed
from domain.texts import text

HOME = "CN"

EU = frozenset(
    [
        *("AT", "BE", "BG", "HR", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HU"),
        *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    ]
)
_OWN_RULES = frozenset({HOME, "US", "CA", "GB"})

ORDER_FIELDS: dict[str, str] = {
    "way": r"small_parcel|general_cargo",
    "consignee_name": r"[A-Za-z][A-Za-z .,'-]{1,99}",
    "consignee_addr": r"(?=.*[A-Za-z])[\x20-\x7e]{3,200}",
    "consignee_city": r"[A-Za-z][A-Za-z .'-]{0,99}",
    "consignee_state": r"[\x20-\x7e]{1,60}",
    "consignee_postcode": r"[A-Za-z0-9][A-Za-z0-9 -]{1,11}",
    "consignee_country": r"[A-Z]{2}",
    "consignee_phone": r"\+?[0-9 ()-]{6,20}",
    "consignee_email": r"[^@\s]{1,64}@[^@\s]+\.[A-Za-z]{2,20}",
    "shipper_name": r"\S.{1,99}",
    "shipper_addr": r"\S.{2,199}",
    "shipper_country": r"[A-Z]{2}",
    "exporter_uscc": r"[0-9A-HJ-NPQRTUWXY]{18}",
    "customs_reg_no": r"[0-9A-Z]{10}",
    "invoice_no": r"\S{1,60}",
    "currency": r"[A-Z]{3}",
    "duty_payer": r"\S.{0,99}",
    "ioss_no": r"IM\d{10}",
    "eori": r"[A-Z]{2}[A-Z0-9]{1,15}",
    "vat_no": r"[A-Z]{2}[A-Z0-9+*]{2,13}",
    "importer_bn": r"\d{9}RM\d{4}",
    "fda_prior_notice_no": r"\d{12}",
    "fsvp_importer": r"\S.{0,199}",
    "aphis_permit_no": r"\S{1,60}",
    "vet_cert_no": r"\S{1,60}",
    "cfia_import_permit_no": r"\S{1,60}",
    "zoosanitary_cert_no": r"\S{1,60}",
    "ched_p_no": r"\S{1,60}",
}
"""Fields of an order's declaration, and how they are written."""

LINE_FIELDS = frozenset({*CUSTOMS, "quantity", "declared_value"})
"""Fields of each line; most of them are written down of the article."""

DEMANDED = {"hs_code_10": "hs_code"}
"""What a rule may ask for under another name: the field, in a stricter form."""

_POSTCODES = {"US": r"\d{5}(-\d{4})?", "CA": r"[A-Z]\d[A-Z] ?\d[A-Z]\d"}
_STATES = {"US": r"[A-Z]{2}", "CA": r"[A-Z]{2}"}
_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"


class Standing(StrEnum):
    """What there is to an order's declaration."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    BLOCKED = "blocked"


@dataclass(frozen=True)
class Demand:
    """A rule that applies: what it asks for, of which at least one, and why nothing may go that way ("": it may)."""

    row: str
    require: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    block: str = ""


@dataclass(frozen=True)
class Missing:
    """A field that is not there (`missing`), counts no more or not yet on the `day` on which the order is to leave
    (`expired`), cannot be what it should (`malformed`), or contradicts another one (`contradicts`). `line_no` is "" for
    a field of the order; `field` may name several, of which one is needed."""

    field: str
    line_no: str = ""
    why: str = "missing"
    day: str = ""

    def sentence(self) -> str:
        """For people."""
        names = text("declare.or").join(field_name(name) for name in self.field.split("|"))
        place = text("declare.line", line=self.line_no) if self.line_no else ""
        return text(f"declare.is_{self.why}", place=place, what=names, day=self.day)


@dataclass(frozen=True)
class Supplied:
    """Values by field, of the order and of its lines by number."""

    fields: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Judged:
    """What became of looking at a declaration."""

    destination: str
    standing: Standing
    missing: tuple[Missing, ...] = ()
    blocked: tuple[str, ...] = ()


def destination(order: Order) -> str:
    """The country that an order goes to in the end, as ISO 3166 has it."""
    declared = order.declaration.destination if order.declaration is not None else ""
    return declared or order.receiver.region.country


def area(country: str) -> str:
    """What countries with the same rules are called: EU, or the country itself; OTHER where none are known."""
    if country in EU:
        return "EU"
    return country if country in _OWN_RULES else "OTHER"


def field_name(name: str) -> str:
    """What people call a field."""
    plain = DEMANDED.get(name, name)
    return text(f"tag.{plain}") if plain in CUSTOMS else text(f"declare.{plain}")


def may_be(name: str, value: str, country: str = "") -> bool:
    """Whether a value can be one of this field; an unknown field has none."""
    if name in CUSTOMS:
        return well_formed(name, value)
    if name == "declared_value":
        return bool(re.fullmatch(r"\d{1,9}(\.\d{1,2})?", value, re.ASCII)) and Decimal(value) > 0
    if name == "quantity":
        return value.isascii() and value.isdecimal() and int(value) > 0
    if name not in ORDER_FIELDS or not re.fullmatch(ORDER_FIELDS[name], value, re.ASCII):
        return False
    if name == "consignee_postcode" and country in _POSTCODES:
        return bool(re.fullmatch(_POSTCODES[country], value))
    if name == "consignee_state" and country in _STATES:
        return bool(re.fullmatch(_STATES[country], value))
    return name != "exporter_uscc" or _uscc(value)


def problems(given: Supplied, order: Order) -> list[str]:
    """What is wrong with values that somebody wants to supply, in words; [] when all of them can be taken."""
    country = destination(order)
    lines = {line.line_no for line in order.lines}
    found = [name for name in given.fields if name not in ORDER_FIELDS]
    found += [name for values in given.lines.values() for name in values if name not in LINE_FIELDS]
    said = [text("declare.no_field", field=name[:40]) for name in dict.fromkeys(found)]
    said += [text("declare.no_line", line=line_no[:40]) for line_no in given.lines if line_no not in lines]
    if said:
        return said
    wrong = [Missing(name, "", "malformed") for name, v in given.fields.items() if not may_be(name, v, country)]
    for line_no, values in given.lines.items():
        wrong += [Missing(name, line_no, "malformed") for name, v in values.items() if not may_be(name, v)]
    return [one.sentence() for one in wrong]


def judge(
    order: Order,
    demands: Mapping[str, Sequence[Demand]],
    supplied: Supplied,
    house: Mapping[str, str],
    articles: Mapping[str, ArticleFacts],
    day: date,
    first: date | None = None,
) -> Judged:
    """What is still missing. `demands` are those for each category of goods among the lines, `house` the fields that
    hold for every order, `day` the one by which it is to leave, and `first` the one on which it may already: what the
    articles have must be valid on both.

    Of several values the document's own goes first, then what a person supplied, then what the house knows; one that
    cannot be right gives way to the next.
    """
    country = destination(order)
    values = _Values(order, supplied, house, articles, (first or day, day), country)
    missing: dict[Missing, None] = {}
    for line in order.lines:
        article = articles.get(line.sku)
        for demand in demands.get(article.category if article else "", ()):
            for name in demand.require:
                missing.update(dict.fromkeys(values.lacking(name, line)))
            if demand.any_of and all(any(values.lacking(name, line)) for name in demand.any_of):
                level = line.line_no if set(demand.any_of) <= LINE_FIELDS else ""
                missing[Missing("|".join(demand.any_of), level)] = None
    missing.update(dict.fromkeys(values.contradictions()))
    block = dict.fromkeys(one.block for rows in demands.values() for one in rows if one.block)
    if block:
        return Judged(country, Standing.BLOCKED, tuple(missing), tuple(block))
    return Judged(country, Standing.INCOMPLETE if missing else Standing.COMPLETE, tuple(missing))


class _Values:
    """Where the value of a field comes from."""

    def __init__(
        self,
        order: Order,
        supplied: Supplied,
        house: Mapping[str, str],
        articles: Mapping[str, ArticleFacts],
        days: tuple[date, date],
        country: str,
    ) -> None:
        self._order = order
        self._supplied = supplied
        self._house = house
        self._articles = articles
        self._days = days
        self._country = country

    def lacking(self, name: str, line: OrderLine) -> Iterable[Missing]:
        """Why a field that is asked for is not good, if it is not."""
        plain = DEMANDED.get(name, name)
        level = line.line_no if plain in LINE_FIELDS else ""
        given = self._of_line(plain, line) if level else self._of_order(plain)
        if not given:
            lapse = self._lapse(plain, line) if level else None
            return [Missing(name, level, "expired", str(lapse)) if lapse is not None else Missing(name, level)]
        good = [value for value in given if may_be(plain, value, self._country)]
        if name == "hs_code_10":
            good = [value for value in good if len(value) == 10]
        return [] if good else [Missing(name, level, "malformed")]

    def contradictions(self) -> Iterable[Missing]:
        """A gross weight below the net weight; declared values that do not sum to what the goods cost."""
        total, said = Decimal(0), False
        for line in self._order.lines:
            net, gross = self._good("net_weight_g", line), self._good("gross_weight_g", line)
            if net and gross and int(gross) < int(net):
                yield Missing("gross_weight_g", line.line_no, "contradicts")
            said = said or bool(self._said("declared_value", line))
            total += Decimal(self._good("declared_value", line) or 0)
        paid = Decimal(sum(line.amount_fen for line in self._order.lines)) / 100
        if said and self._of_order("currency")[:1] == ["CNY"] and abs(total - paid) > Decimal("0.01"):
            yield Missing("declared_value", "", "contradicts")

    def _good(self, name: str, line: OrderLine) -> str:
        return next((value for value in self._of_line(name, line) if may_be(name, value)), "")

    def _said(self, name: str, line: OrderLine) -> list[str]:
        declared = self._order.declaration
        sources = [declared.lines if declared is not None else {}, self._supplied.lines]
        return [value for lines in sources if (value := lines.get(line.line_no, {}).get(name, ""))]

    def _of_line(self, name: str, line: OrderLine) -> list[str]:
        given = self._said(name, line)
        if self._lapse(name, line) is None:
            given += [tag.value for tag in self._tags(name, line) if tag.valid_on(self._days[1])]
        own = {
            "quantity": str(line.quantity),
            "unit": "pcs",
            "declared_value": f"{line.amount_fen // 100}.{line.amount_fen % 100:02d}",
        }
        return [*given, own[name]] if name in own else given

    def _tags(self, name: str, line: OrderLine) -> list[Tag]:
        """What is written down of a line's article that counts where it goes."""
        article, places = self._articles.get(line.sku), ("", self._country, area(self._country))
        return [tag for tag in article.tags if tag.kind == name and tag.area in places] if article is not None else []

    def _lapse(self, name: str, line: OrderLine) -> date | None:
        """A day on which none of these is valid, though there are some."""
        tags = self._tags(name, line)
        lapsed = (day for day in reversed(self._days) if not any(tag.valid_on(day) for tag in tags))
        return next(lapsed, None) if tags else None

    def _of_order(self, name: str) -> list[str]:
        declared = self._order.declaration
        sources = [declared.fields if declared is not None else {}, self._supplied.fields, self._house]
        given = [value for fields in sources if (value := fields.get(name, ""))]
        own = {"currency": "CNY", "consignee_country": self._country, "shipper_country": HOME, "way": "small_parcel"}
        return [*given, own[name]] if name in own else given


def way_of(order: Order, supplied: Supplied) -> str:
    """How the goods go: as a small parcel, unless somebody says otherwise."""
    declared = order.declaration.fields if order.declaration is not None else {}
    said = supplied.fields.get("way") or declared.get("way", "")
    return said if may_be("way", said) else "small_parcel"


def _uscc(code: str) -> bool:
    """Whether the last character of a unified social credit code is right (GB 32100: weights 3 to the n, modulo 31)."""
    total = sum(_USCC.index(char) * pow(3, n, 31) for n, char in enumerate(code[:17]))
    return _USCC.index(code[17]) == (31 - total % 31) % 31
