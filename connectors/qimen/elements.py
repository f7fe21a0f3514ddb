"""XML as Qimen writes it: nested elements, lists as a wrapper with repeated children, no attributes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from lxml import etree

Value: TypeAlias = "str | Mapping[str, Value] | Sequence[Value]"
Fields: TypeAlias = Mapping[str, Value]

_DECLARATION = b'<?xml version="1.0" encoding="utf-8"?>\n'
_NOT_XML = re.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")


def render(root: str, fields: Fields) -> bytes:
    """The document as it is signed and sent. Empty values are left out; a sequence repeats its element.

    Characters that XML cannot hold (control characters in a buyer's note) are dropped.
    """
    element = etree.Element(root)
    _fill(element, fields)
    return _DECLARATION + etree.tostring(element, encoding="utf-8", xml_declaration=False)


def _fill(parent: etree._Element, fields: Fields) -> None:
    for name, value in fields.items():
        repeated = [value] if isinstance(value, str | Mapping) else value
        for one in repeated:
            _append(parent, name, one)


def _append(parent: etree._Element, name: str, value: Value) -> None:
    if not value:
        return
    child = etree.SubElement(parent, name)
    if isinstance(value, str):
        child.text = _NOT_XML.sub("", value)
    elif isinstance(value, Mapping):
        _fill(child, value)
    else:
        raise TypeError(f"a list inside a list has no element of its own: {name}")


def text(parent: etree._Element, path: str) -> str:
    """The text at a path. Absent, `<x/>`, `<x></x>` and blanks are all the same: ""."""
    return (parent.findtext(path) or "").strip()


def whole(parent: etree._Element, path: str) -> int:
    """A whole number that is not negative. Raises ValueError."""
    found = text(parent, path)
    if not re.fullmatch(r"[0-9]{1,9}", found):
        raise ValueError(f"{path} is no quantity")
    return int(found)
