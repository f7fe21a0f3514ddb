"""Good payloads of partners, spoilt: what a parser must bear without raising anything but the connectors' own errors.

`mutated(good)` draws what JSON could hold where `good` was expected: a few of its parts dropped, replaced by oddities,
written as another type, nested, repeated, renamed or moved. Most of it stays good, so that a parser gets far before it
meets the odd part, which arbitrary JSON never does. `mutated_bytes(good)` draws the same as it comes over the wire.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from connectors.errors import DocumentUnreadable, PartnerError, PushRefused
from connectors.fields import load_json

KNOWN_ERRORS = (PartnerError, DocumentUnreadable, PushRefused)
"""All that a connector may raise."""

_MARK = "raw-number:"
_RAW_NUMBER = re.compile(f'"{_MARK}([^"]*)"')

_TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
_ODDITIES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, "", " ", "0", "-1", "true", "false", "null", "NaN"),
    *([], {}, [[]], [None], {"": None}, [{}], {"list": []}),
    *(2**31, 2**63, 10**15 + 1, 10**40, -(10**40), "9" * 30, "1e400", "9.995", "1,280.00", "￥9.9", "九块九"),
    *(f"{_MARK}{number}" for number in ("0.1", "9.995", "1e30", "-0.0", "1e-999999", "1e999999", "1234567890123.678")),
    *("0001-01-01 00:00:00", "2026-03-01", "2026-03-01T10:00:00+08:00", "9999-12-31 23:59:59", "1772331860"),
    *("\x00", "\ud800", "杯" * 200, "测试 13800000000", "a:b#c/d", "../..", "[" * 50, "{}", "<html></html>"),
)


def mutated(good: Any, most: int = 4) -> st.SearchStrategy[Any]:
    """`good` after one to `most` changes, as `load_json` gives it (fractions are Decimal)."""
    return mutated_bytes(good, most).map(load_json)


def mutated_bytes(good: Any, most: int = 4) -> st.SearchStrategy[bytes]:
    """`good` after one to `most` changes, as JSON over the wire."""
    return _changed(good, most).map(as_bytes)


def as_bytes(value: Any) -> bytes:
    """A value as JSON. Lone surrogates are escaped, as partners' own encoders do it."""
    text = json.dumps(value, default=_plain)
    return _RAW_NUMBER.sub(lambda hit: hit[1], text).encode()


@st.composite
def _changed(draw: st.DrawFn, good: Any, most: int) -> Any:
    root = [copy.deepcopy(good)]  # in a list, so that the whole is a part like the others
    for _ in range(draw(st.integers(1, most))):
        places = list(_places(root))
        if not places:
            return None
        parent, key = places[draw(st.integers(0, len(places) - 1))]
        draw(st.sampled_from(_CHANGES))(draw, root, parent, key)
    return root[0] if root else None


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every part of a tree by its parent and its key or index in it."""
    keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    for key in keys:
        yield node, key
        yield from _places(node[key])


_Change = Callable[[st.DrawFn, list[Any], Any, Any], None]


def _drop(draw: st.DrawFn, root: list[Any], parent: Any, key: Any) -> None:
    del parent[key]


def _replace(draw: st.DrawFn, root: list[Any], parent: Any, key: Any) -> None:
    parent[key] = copy.deepcopy(draw(st.sampled_from(_ODDITIES) | _TREES))


def _retype(draw: st.DrawFn, root: list[Any], parent: Any, key: Any) -> None:
    """The same value as another type: a number as text, text as a number, a list as its first, an object as a list."""
    match parent[key]:
        case bool() as value:
            parent[key] = draw(st.sampled_from([str(value), str(value).lower(), int(value)]))
        case int() | float() | Decimal() as value:
            parent[key] = draw(st.sampled_from([str(value), f"{value}.000", f" {value} ", -value, value * 1000]))
        case str() as value if value.lstrip("-").isdigit() and value.isascii():
            parent[key] = int(value)
        case str() as value:
            parent[key] = draw(st.sampled_from([[value], {"value": value}, list(value[:3]), len(value)]))
        case list() as value:
            parent[key] = draw(st.sampled_from([value[0] if value else None, {"item": value}, len(value)]))
        case dict() as value:
            parent[key] = draw(st.sampled_from([list(value.values()), list(value), as_bytes(value).decode()]))
        case _:
            parent[key] = "null"


def _nest(draw: st.DrawFn, root: list[Any], parent: Any, key: Any) -> None:
    value = parent[key]
    parent[key] = draw(st.sampled_from([[value], {"data": value}, {str(key): value}, [[value]]]))


def _repeat(draw: st.DrawFn, root: list[Any], parent: Any, key: Any) -> None:
    if isinstance(parent, list):
        parent.insert(key, copy.deepcopy(parent[key]))
    else:
        parent[draw(st.sampled_from(sorted(parent))) + draw(st.sampled_from(["", "_", "s"]))] = parent[key]


def _rename(draw: st.DrawFn, root: list[Any], parent: Any, key: Any) -> None:
    if isinstance(parent, dict):
        parent[draw(st.sampled_from([key.lower(), key.upper(), f"{key}_", f"{key} ", ""]))] = parent.pop(key)
    else:
        parent.reverse()


def _move(draw: st.DrawFn, root: list[Any], parent: Any, key: Any) -> None:
    """A part of the payload where another one is expected."""
    places = list(_places(root))
    source, name = places[draw(st.integers(0, len(places) - 1))]
    parent[key] = copy.deepcopy(source[name])


_CHANGES: tuple[_Change, ...] = (_replace, _replace, _drop, _retype, _nest, _repeat, _rename, _move)


def _plain(value: object) -> object:
    return f"{_MARK}{value}" if isinstance(value, Decimal) else str(value)
