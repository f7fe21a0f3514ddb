"""Reading values out of JSON that may be anything, for channels whose documents lose fields and mix types.

Every complaint is a ValueError that names the field, never its value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn

from domain.clock import parse_beijing
from domain.money import parse_yuan

_LIMIT = 10**15
_INTEGER = re.compile(r"-?\d{1,19}", re.ASCII)


def load_json(raw: bytes | str) -> Any:
    """The value of a JSON text, fractions as Decimal: an amount in yuan never passes through a float.

    Raises ValueError for no JSON, for NaN and its kin, and for JSON nested beyond all reason.
    """
    try:
        return json.loads(raw, parse_float=Decimal, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("JSON is nested too deeply") from None


def dump_json(value: Any) -> str:
    """What `load_json` gave, as text again: keys sorted, fractions as texts, and ASCII, so that no text of a stranger
    (lone surrogates, NUL) can stop it from being stored. Raises ValueError when it is nested too deeply."""
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    except RecursionError:
        raise ValueError("JSON is nested too deeply") from None


def as_mapping(value: object, name: str) -> Mapping[str, Any]:
    """An object. Raises ValueError."""
    if not isinstance(value, dict):
        raise ValueError(f"{name} is no object")
    return value


def as_list(value: object) -> list[Any]:
    """A list; a missing one (or null, as platforms write an empty one) is empty."""
    return value if isinstance(value, list) else []


def as_int(value: object, name: str) -> int:
    """An integer, also when it is written as text (ids and codes come both ways). Raises ValueError."""
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _LIMIT:
        raise ValueError(f"{name} is no integer")
    return value


def optional_int(source: Mapping[str, Any], name: str) -> int | None:
    """An integer, or None where the field is missing."""
    value = source.get(name)
    return None if value is None or value == "" else as_int(value, name)


def truth_of(source: Mapping[str, Any], name: str) -> bool | None:
    """Whether something is so, also when it is written as text; None where the field is missing. Raises ValueError."""
    value = source.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise ValueError(f"{name} is neither true nor false")
    return value


def yuan_of(source: Mapping[str, Any], name: str) -> int:
    """An amount in yuan, number or text, in fen. Raises ValueError."""
    value = source.get(name)
    if isinstance(value, str | int | Decimal) and not isinstance(value, bool):
        try:
            fen = parse_yuan(value)
        except ValueError:
            fen = None
        if fen is not None and abs(fen) <= _LIMIT:
            return fen
    raise ValueError(f"{name} is no amount in yuan")


def optional_yuan(source: Mapping[str, Any], name: str) -> int:
    """An amount in yuan in fen; 0 where the field is missing. Raises ValueError."""
    return 0 if source.get(name) in (None, "") else yuan_of(source, name)


def optional_beijing(source: Mapping[str, Any], name: str) -> datetime | None:
    """A moment written as Beijing time; None where the field is missing. Raises ValueError."""
    value = source.get(name)
    if value in (None, ""):
        return None
    try:
        return parse_beijing(as_text(value))
    except (ValueError, OverflowError):
        raise ValueError(f"{name} is no time") from None


def text_of(source: Mapping[str, Any], name: str) -> str:
    """A field as text; "" where it is missing."""
    return as_text(source.get(name))


def as_text(value: object) -> str:
    """Text, or a number written as text; "" for anything else. What no database takes (NUL, lone surrogates) goes."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.replace("\x00", "").encode("utf-8", "ignore").decode() if isinstance(value, str) else ""


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
