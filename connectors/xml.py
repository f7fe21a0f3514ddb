"""XML from outside, read with every dangerous part of the language switched off."""

from __future__ import annotations

from lxml import etree

from connectors.errors import DocumentUnreadable


def parse_untrusted_xml(body: bytes, source: str) -> etree._Element:
    """The root element of a document that a stranger may have written.

    Refuses whatever is not well formed and whatever has a DOCTYPE or declares an entity (no partner needs one; they are
    how a small document grows without bound or reads local files). Raises DocumentUnreadable(source, reason); the
    reason never quotes the document.
    """
    # Refused before the parser runs, for libxml2 expands entities in attributes whatever the options say.
    upper = body.upper()
    if b"<!DOCTYPE" in upper or b"<!ENTITY" in upper:
        raise DocumentUnreadable(source, "XML with a DOCTYPE or entity declaration")
    # A parser each time: lxml parsers keep state and are not shared between threads.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise DocumentUnreadable(source, "not well-formed XML") from error
    # A DOCTYPE in an encoding where the bytes above look different (UTF-16, say).
    if root.getroottree().docinfo.internalDTD is not None:
        raise DocumentUnreadable(source, "XML with a DOCTYPE or entity declaration")
    return root
