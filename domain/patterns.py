"""Regular expressions that people write into tables: matched in a time that grows with the value and never explodes.

The engine is Rust's, which pydantic brings along. It has no look-around and no backreferences: those are what makes
others go back and try again, and a pattern like `(a+)+$` take years over thirty letters.
"""

from __future__ import annotations

from functools import lru_cache

from pydantic_core import SchemaError, SchemaValidator, core_schema


def matches(pattern: str, value: str) -> bool:
    """Whether the whole of a value has a form. A pattern that `wrong_with` refuses forbids nothing: a version from
    before it was refused must not stop orders."""
    found = _whole(pattern)
    return found is None or found.isinstance_python(value)


def wrong_with(pattern: str) -> str:
    """Why this is no pattern that can be matched, in English; "" when it is one."""
    try:
        _built(pattern)  # alone, since what closes a bracket too many would be at home between ours
        _built(_anchored(pattern))
    except SchemaError as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        return lines[-1].removeprefix("error: ").removesuffix(".")
    return ""


@lru_cache(maxsize=256)
def _whole(pattern: str) -> SchemaValidator | None:
    return _built(_anchored(pattern)) if not wrong_with(pattern) else None


def _anchored(pattern: str) -> str:
    return rf"\A(?:{pattern})\z"


def _built(pattern: str) -> SchemaValidator:
    return SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))
