"""The merchant's own fields: what a value may be, and what must be there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from domain.extensions import (
    LONGEST,
    Demand,
    FieldRule,
    FieldType,
    Place,
    Scope,
    lacking,
    use_fields,
    with_supplied,
    wrong_at_intake,
    wrong_values,
)
from domain.order import Order
from tests.store.samples import order

LINE, WHOLE = Place(Scope.LINE, "1"), Place(Scope.ORDER)


def rule(key: str, type_: FieldType = FieldType.TEXT, scope: Scope = Scope.ORDER, **more: object) -> FieldRule:
    return FieldRule(f"row_{key}", scope, key, type_, "名称", "name", **more)  # type: ignore[arg-type]


RULES = (
    rule("size", FieldType.NUMBER),
    rule("due", FieldType.DATE),
    rule("colour", FieldType.CHOICE, choices=("red", "blue")),
    rule("paper", FieldType.FILE),
    rule("code", pattern="[A-Z]{2}[0-9]{2}"),
    rule("serial", scope=Scope.LINE, many=True, pattern="[0-9A-Z]{4}"),
    rule("firmware", scope=Scope.LINE, many=True, bound_to="serial"),
    rule("centre", scope=Scope.CUSTOMER),
)


def with_fields(whole: dict[str, str] | None = None, line: dict[str, str] | None = None, pieces: int = 2) -> Order:
    found = order()
    lines = (found.lines[0].model_copy(update={"ext": line or {}, "quantity": pieces}),)
    return found.model_copy(update={"ext": whole or {}, "lines": lines})


@pytest.mark.parametrize(
    "ext",
    [
        {"size": "-2.5"},
        {"due": "2026-02-28"},
        {"colour": "red"},
        {"paper": "a" * 64},
        {"code": "AB12"},
        {"size": " "},
    ],
)
def test_values_that_may_be(ext: dict[str, str]) -> None:
    assert wrong_values(with_fields(ext), RULES, unknown=True) == []


@pytest.mark.parametrize(
    ("ext", "code"),
    [
        ({"size": "two"}, "number"),
        ({"due": "2026-02-30"}, "date"),
        ({"due": "20260228"}, "date"),
        ({"colour": "green"}, "choice"),
        ({"paper": "cert.pdf"}, "file"),
        ({"code": "AB123"}, "pattern"),
        ({"serial": "SN01"}, "unknown"),  # a field of lines
    ],
)
def test_values_that_may_not_be(ext: dict[str, str], code: str) -> None:
    (wrong,) = wrong_values(with_fields(ext), RULES, unknown=True)
    assert (wrong.code, wrong.place) == (code, WHOLE)
    (key,) = ext
    assert f"ext.{key}" in wrong.sentence
    assert ext[key] not in wrong.sentence, "it may be personal"
    assert code == "unknown" or f"extension_fields/row_{key}" in wrong.sentence


def test_a_pattern_and_a_value_that_were_made_for_each_other_stop_nothing() -> None:
    evil = (rule("code", pattern="(a+)+$"),)
    (wrong,) = wrong_values(with_fields({"code": "a" * LONGEST + "!"}), evil)
    assert wrong.code == "pattern"


@pytest.mark.parametrize(
    ("line", "pieces", "codes"),
    [
        ({"serial": "SN01, SN02", "firmware": "1.0,1.1"}, 2, []),
        ({"serial": "SN01"}, 2, []),  # not all of them are known yet
        ({"serial": "SN01,SN02"}, 1, ["too_many"]),
        ({"serial": "SN01,SN01"}, 2, ["twice"]),
        ({"serial": "SN01，SN2"}, 2, ["pattern"]),
        ({"serial": "SN01,SN02", "firmware": "1.0"}, 2, ["unbound"]),
        ({"firmware": "1.0"}, 2, ["unbound"]),
        ({"serial": "SN01,SN02", "firmware": "1.0,1.0"}, 2, []),  # two of one version
    ],
)
def test_firmware_belongs_to_a_serial_number(line: dict[str, str], pieces: int, codes: list[str]) -> None:
    assert [wrong.code for wrong in wrong_values(with_fields(line=line, pieces=pieces), RULES)] == codes


def test_what_must_be_there() -> None:
    demands = [Demand(WHOLE, RULES[0]), Demand(LINE, RULES[5]), Demand(LINE, RULES[5])]
    found = lacking(with_fields({"size": "1"}), demands)
    assert [(wrong.place, wrong.key, wrong.code) for wrong in found] == [(LINE, "serial", "missing")]
    assert lacking(with_fields({"size": "1"}, {"serial": "SN01"}), demands) == []


def test_what_is_supplied_goes_before_what_the_document_says() -> None:
    before = with_fields({"size": "1", "code": "AB12"})
    supplied = {(WHOLE, "size"): "2", (LINE, "serial"): "SN01", (Place(Scope.CUSTOMER), "centre"): "K1"}
    after = with_supplied(before, supplied)
    assert dict(after.ext) == {"size": "2", "code": "AB12"}
    assert dict(after.lines[0].ext) == {"serial": "SN01"}
    assert dict(after.customer.ext) == {"centre": "K1"}
    assert with_supplied(before, {}) is before


def test_a_body_without_fields_is_written_as_it_always_was() -> None:
    assert '"ext"' not in order().model_dump_json()
    assert "ext" not in order().model_dump(mode="json")
    found = with_fields({"size": "1"}, {"serial": "SN01"})
    assert Order.model_validate_json(found.model_dump_json()) == found
    assert Order.model_validate(order().model_dump(mode="json")).ext == {}


@pytest.fixture
def defined() -> Iterator[None]:
    use_fields(lambda: RULES)
    yield
    use_fields(None)


def test_what_cannot_be_is_refused_at_intake_only_where_the_definitions_are_known(defined: None) -> None:
    wrong = wrong_at_intake(with_fields({"no_such_field": "1"}))
    assert wrong is not None
    assert wrong.code == "unknown"
    assert wrong_at_intake(with_fields({"size": "1"})) is None
    assert wrong_at_intake(order()) is None
    use_fields(None)
    assert wrong_at_intake(with_fields({"no_such_field": "1"})) is None
