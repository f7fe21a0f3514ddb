"""Qimen's XML: reading requests without trust, writing answers and reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lxml import etree

Content = Mapping[str, "Content | Sequence[Content] | str | int | None"]
"""An element's children by name: texts, further elements, or several children of the same name. None is left out."""

_HEAD = b'<?xml version="1.0" encoding="utf-8"?>\n'


class Refusal(Exception):
    """A request that the warehouse refuses; `message` holds no personal data."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


class Node:
    """An element of a request. Absent, `<x/>` and `<x></x>` are all the same: no value."""

    def __init__(self, element: etree._Element, name: str) -> None:
        self._element = element
        self._name = name

    def text(self, name: str) -> str:
        """A child's text, or "" for none."""
        return (self._element.findtext(name) or "").strip()

    def needed(self, name: str) -> str:
        """A child's text. Raises Refusal when there is none."""
        value = self.text(name)
        if not value:
            raise Refusal("PARAM_MISSING", f"缺少必填字段 {self._name}.{name}")
        return value

    def child(self, name: str) -> Node:
        """A child element. Raises Refusal when there is none."""
        element = self._element.find(name)
        if element is None:
            raise Refusal("PARAM_MISSING", f"缺少必填字段 {self._name}.{name}")
        return Node(element, name)

    def optional(self, name: str) -> Node | None:
        """A child element, if there is one."""
        element = self._element.find(name)
        return None if element is None else Node(element, name)

    def items(self, wrapper: str, name: str) -> list[Node]:
        """The repeated children in a wrapper; at least one. Raises Refusal."""
        found = [Node(element, name) for element in self._element.findall(f"{wrapper}/{name}")]
        if not found:
            raise Refusal("PARAM_MISSING", f"缺少必填字段 {self._name}.{wrapper}.{name}")
        return found


def read(body: bytes, root: str = "request") -> Node:
    """The root element. Raises Refusal for another one or none; no entity is resolved and nothing is fetched."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        element = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise Refusal("PARAM_INVALID", "请求体不是合法的 XML") from None
    if element.tag != root or element.getroottree().docinfo.doctype:
        raise Refusal("PARAM_INVALID", f"请求体的根元素必须为 {root}")
    return Node(element, root)


def write(root: str, content: Content) -> bytes:
    """A document in UTF-8 with the head that Qimen wants."""
    element = etree.Element(root)
    _fill(element, content)
    return _HEAD + etree.tostring(element, encoding="utf-8", xml_declaration=False)


def _fill(element: etree._Element, content: Content) -> None:
    for name, value in content.items():
        if value is None:
            continue
        if isinstance(value, Mapping):
            _fill(etree.SubElement(element, name), value)
        elif isinstance(value, str | int):
            etree.SubElement(element, name).text = str(value)
        else:
            for entry in value:
                _fill(etree.SubElement(element, name), entry)
