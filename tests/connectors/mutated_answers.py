"""Spoilt answers and documents, in whatever a partner speaks: JSON, JSON within JSON, XML; anything else is cut up."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from lxml import etree

from connectors.fields import load_json
from tests.connectors.mutations import as_bytes, mutated

_INSIDE = "json-inside"
_TEXTS = (
    "",
    " ",
    "0",
    "-1",
    "1e999",
    "9" * 30,
    "true",
    "NaN",
    "2026-13-01 00:00:00",
    "0001-01-01 00:00:00",
    "杯" * 200,
)


def spoilt(good: bytes) -> st.SearchStrategy[bytes]:
    """`good` after a few changes that leave most of it as it was."""
    if good.lstrip().startswith(b"<"):
        return _spoilt_xml(good) | _cut(good)
    try:
        value = load_json(good)
    except ValueError:
        return _cut(good)
    return mutated(_opened(value)).map(_closed).map(as_bytes) | _cut(good)


def _opened(value: Any) -> Any:
    """JSON that stands in JSON as a text is opened, so that it is spoilt inside as well."""
    if isinstance(value, dict):
        return {name: _opened(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_opened(part) for part in value]
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return {_INSIDE: _opened(load_json(value))}
        except ValueError:
            return value
    return value


def _closed(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {_INSIDE}:
            return as_bytes(_closed(value[_INSIDE])).decode()
        return {name: _closed(part) for name, part in value.items()}
    return [_closed(part) for part in value] if isinstance(value, list) else value


@st.composite
def _cut(draw: st.DrawFn, good: bytes) -> bytes:
    start = draw(st.integers(0, len(good)))
    return good[:start] + draw(st.binary(max_size=4)) + good[start + draw(st.integers(0, 20)) :]


@st.composite
def _spoilt_xml(draw: st.DrawFn, good: bytes) -> bytes:
    root = etree.fromstring(good)
    for _ in range(draw(st.integers(1, 4))):
        nodes = list(root.iter())
        node = nodes[draw(st.integers(0, len(nodes) - 1))]
        parent = node.getparent()
        match draw(st.sampled_from(("text", "text", "drop", "repeat", "rename", "nest", "empty"))):
            case "text":
                node.text = draw(st.sampled_from(_TEXTS))
            case "drop" if parent is not None:
                parent.remove(node)
            case "repeat" if parent is not None:
                parent.append(etree.fromstring(etree.tostring(node)))
            case "rename":
                node.tag = draw(st.sampled_from(("x", "request", "xs")))
            case "nest":
                node.append(etree.fromstring(etree.tostring(node)))
            case _:
                node.clear()
    return etree.tostring(root, encoding="utf-8")
