from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import DocumentUnreadable
from connectors.xml import parse_untrusted_xml

BOMB = (
    '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><r x="&c;">&c;</r>'
)


def test_reads_what_partners_write() -> None:
    root = parse_untrusted_xml('<Request service="X"><Head>测试 &amp; &#65;</Head></Request>'.encode(), "sf")
    assert root.tag == "Request"
    assert root.findtext("Head") == "测试 & A"


def test_reads_a_declared_encoding() -> None:
    root = parse_untrusted_xml('<?xml version="1.0" encoding="GBK"?><r>冷链</r>'.encode("gbk"), "qimen")
    assert root.text == "冷链"


@pytest.mark.parametrize(
    "body",
    [
        BOMB.encode(),
        BOMB.replace("DOCTYPE", "doctype").encode(),
        b"\xff\xfe" + BOMB.encode("utf-16-le"),
        b'<!DOCTYPE r SYSTEM "file:///etc/hostname"><r/>',
        b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]><r>&x;</r>',
        b'<?xml version="1.0"?>\n<!-- -->\n<!DOCTYPE r><r/>',
        b"\xff\xfe" + "<!DOCTYPE r><r/>".encode("utf-16-le"),
        b"<r>&undeclared;</r>",
        b"",
        b"<r>",
        b"{}",
        b"\x00\x01\xff",
        b"<a>" * 5000,
        (b"<a>" * 400) + (b"</a>" * 400),
    ],
)
def test_refuses(body: bytes) -> None:
    with pytest.raises(DocumentUnreadable) as caught:
        parse_untrusted_xml(body, "sf")
    assert caught.value.source == "sf"


def test_the_reason_never_quotes_the_document() -> None:
    with pytest.raises(DocumentUnreadable) as caught:
        parse_untrusted_xml(b"<r>13800000000</x>", "sf")
    assert "13800000000" not in str(caught.value)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: f"<r>{text}</r>".encode()))
def test_no_bytes_raise_anything_else(body: bytes) -> None:
    try:
        root = parse_untrusted_xml(body, "sf")
    except DocumentUnreadable:
        return
    assert root.getroottree().docinfo.internalDTD is None
