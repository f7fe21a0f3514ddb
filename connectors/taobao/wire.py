"""How values are written in TOP's JSON: yuan as text, Beijing time as text, lists one level down, truth as text.

A complaint is a ValueError that names fields, never their values.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from connectors.fields import as_int, as_text
from domain.clock import parse_beijing
from domain.money import parse_yuan

M = TypeVar("M", bound=BaseModel)

_FEN_LIMIT = 10**13
_TRUE, _FALSE = ("true", "1"), ("false", "0")
_FIRST_YEAR = 2003  # Taobao's own


def _fen(value: object) -> int | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str | int | Decimal) or isinstance(value, bool):
        raise ValueError("no amount")
    amount = parse_yuan(value)
    if abs(amount) >= _FEN_LIMIT:
        raise ValueError("no amount")
    return amount


def _whole(value: object) -> int:
    if isinstance(value, Decimal) and abs(value) < _FEN_LIMIT and value == value.to_integral_value():
        value = int(value)
    return as_int(value, "number")


def _moment(value: object) -> datetime | None:
    if value is None or value == "":
        return None
    moment = parse_beijing(as_text(value))
    # Some platforms write "not yet" as the year 1 or 1970.
    return moment if moment.year >= _FIRST_YEAR else None


def _flag(value: object) -> bool:
    return value is True or str(value).lower() in _TRUE


def _truth(value: object) -> bool | None:
    if value is None or value == "":
        return None
    word = str(value).lower()
    if not isinstance(value, str | bool | int) or word not in _TRUE + _FALSE:
        raise ValueError("neither true nor false")
    return word in _TRUE


def _listed(value: object) -> list[Any]:
    """TOP's `{"trade": [...]}` (or, with `simplify`, the list itself) as a list; a missing one is empty."""
    if isinstance(value, Mapping):
        value = next((inner for inner in value.values() if isinstance(inner, list)), None)
    return value if isinstance(value, list) else []


Text = Annotated[str, BeforeValidator(as_text)]
Fen = Annotated[int | None, BeforeValidator(_fen)]
Whole = Annotated[int, BeforeValidator(_whole)]
Moment = Annotated[datetime | None, BeforeValidator(_moment)]
Flag = Annotated[bool, BeforeValidator(_flag)]
"""Whether something is surely so."""
Truth = Annotated[bool | None, BeforeValidator(_truth)]
"""Whether something is so; None where the platform is silent."""
Listed = BeforeValidator(_listed)


class Wire(BaseModel):
    """A part of an answer. Fields that are not named are not read."""

    model_config = ConfigDict(hide_input_in_errors=True)


def read(model: type[M], value: object) -> M:
    """An answer's part as a model. Raises ValueError naming the fields that cannot be read."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        names = {".".join(map(str, problem["loc"])) for problem in error.errors(include_input=False)}
        raise ValueError(f"cannot read {', '.join(sorted(names))}") from None


def word(value: str) -> str:
    """A word of the platform's as it may stand in an error. Anything else in its place may be anything."""
    return value if value.isascii() and value.replace("_", "").isalnum() and len(value) <= 60 else "?"
