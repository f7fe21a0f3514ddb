from __future__ import annotations

from dataclasses import replace
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from connectors.errors import DocumentUnreadable, PushRefused
from connectors.ports import Document, Push
from connectors.qimen import QimenPush
from domain.news import WarehouseNews
from domain.shipping import Package, ScannedItem, WarehouseReport, WarehouseStatus
from tests.connectors.qimen.conftest import SETTINGS, confirm, process, push

PROCESS = "orderprocess.report"


def unpacked(source: QimenPush, request: Push) -> Document:
    (document,) = source.unpack(request)
    return document


async def report_of(source: QimenPush, request: Push) -> WarehouseReport:
    (news,) = await source.interpret(unpacked(source, request))
    assert isinstance(news, WarehouseNews)
    return news.report


@pytest.mark.parametrize("method", ["taobao.qimen.deliveryorder.confirm", "deliveryorder.confirm"])
async def test_confirm(source: QimenPush, method: str) -> None:
    request = push(confirm(), method)
    document = unpacked(source, request)
    assert (document.source, document.kind, document.document_id, document.version) == (
        "qimen",
        "deliveryorder.confirm",
        "OB-1",
        0,
    )
    assert await report_of(source, request) == WarehouseReport(
        delivery_code="DO-1",
        status=WarehouseStatus.PACKED,
        packages=(
            Package("BOX-1", (ScannedItem("SKU-1", 1, "1"),), 1250),
            Package("P2", (ScannedItem("SKU-1", 1), ScannedItem("GIFT", 1)), 0),
        ),
        final=True,
        message="DELIVERED",
        out_biz_code="OB-1",
        warehouse="WH01",
    )


@pytest.mark.parametrize(
    ("confirm_type", "status", "final"),
    [
        ("0", "DELIVERED", True),
        ("1", "DELIVERED", False),
        ("0", "PARTDELIVERED", True),
        ("1", "PARTDELIVERED", False),
        ("", "DELIVERED", True),
        ("", "PARTDELIVERED", False),
        ("", "", True),
    ],
)
async def test_final(source: QimenPush, confirm_type: str, status: str, final: bool) -> None:
    report = await report_of(source, push(confirm(confirmType=confirm_type, status=status)))
    assert (report.final, report.status) == (final, WarehouseStatus.PACKED)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("NEW", WarehouseStatus.ACCEPTED),
        ("ACCEPT", WarehouseStatus.ACCEPTED),
        ("EXCEPTION", WarehouseStatus.EXCEPTION),
        ("REJECT", WarehouseStatus.EXCEPTION),
        ("CANCELEDFAIL", WarehouseStatus.EXCEPTION),
        ("CANCELED", WarehouseStatus.CANCELLED),
        ("CLOSED", WarehouseStatus.CANCELLED),
    ],
)
async def test_confirm_without_packages(source: QimenPush, status: str, expected: WarehouseStatus) -> None:
    report = await report_of(source, push(confirm(status=status, packages="", lines="")))
    assert (report.status, report.packages, report.message) == (expected, (), status)


def box(quantity: str, code: str = "<expressCode>B</expressCode>", sku: str = "SKU-1", weight: str = "1") -> str:
    item = f"<item><itemCode>{sku}</itemCode><quantity>{quantity}</quantity></item>"
    return f"<package>{code}<weight>{weight}</weight><items>{item}</items></package>"


def line(actual: str) -> str:
    return f"<orderLine><itemCode>SKU-1</itemCode><actualQty>{actual}</actualQty></orderLine>"


@pytest.mark.parametrize(
    "changes",
    [
        {"deliveryOrderCode": ""},
        {"status": "TELEPORTED"},
        {"confirmType": "2"},
        {"status": "", "packages": ""},
        {"status": "DELIVERED", "packages": "", "lines": ""},  # packed, but nowhere
        {"packages": box("1"), "lines": line("2")},
        {"packages": box("2"), "lines": line("1")},
        {"packages": box("1", sku="OTHER"), "lines": line("1")},
        {"packages": box("1") + box("1"), "lines": line("1")},
        {"packages": box("1", code="<expressCode/><packageCode> </packageCode>"), "lines": line("1")},
        {"packages": box("1", sku=""), "lines": ""},
        {"packages": box("1"), "lines": line("one")},
        *({"packages": box(quantity), "lines": ""} for quantity in ("", "-1", "1.5", "１", "1_0")),
    ],
)
async def test_a_confirm_that_cannot_be_right_goes_to_quarantine(source: QimenPush, changes: dict[str, str]) -> None:
    document = unpacked(source, push(confirm(**changes)))
    with pytest.raises(DocumentUnreadable):
        await source.interpret(document)


@pytest.mark.parametrize("lines", ["", line(""), line("1") + line("1"), line("2") + line("0")])
async def test_quantities_that_agree_or_are_not_stated(source: QimenPush, lines: str) -> None:
    report = await report_of(source, push(confirm(packages=box("2"), lines=lines)))
    assert report.packages[0].items == (ScannedItem("SKU-1", 2),)


@pytest.mark.parametrize(("weight", "grams"), [("0.0005", 1), ("12", 12000), ("", 0), ("1.2kg", 0), ("1e9", 0)])
async def test_weight(source: QimenPush, weight: str, grams: int) -> None:
    report = await report_of(source, push(confirm(packages=box("1", weight=weight), lines="")))
    assert report.packages[0].weight_g == grams


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("ACCEPT", WarehouseStatus.ACCEPTED),
        ("EXCEPTION", WarehouseStatus.EXCEPTION),
        ("REJECT", WarehouseStatus.EXCEPTION),
        ("CLOSED", WarehouseStatus.CANCELLED),
        ("CANCELED", WarehouseStatus.CANCELLED),
    ],
)
async def test_process_that_matters(source: QimenPush, status: str, expected: WarehouseStatus) -> None:
    report = await report_of(source, push(process(status, operateInfo="缺货"), PROCESS))
    assert report == WarehouseReport("DO-1", expected, message="缺货", warehouse="WH01")


@pytest.mark.parametrize(
    "body",
    [
        *(process(step) for step in ("PRINT", "PICK", "CHECK", "PACKAGE", "WEIGH", "READY", "OTHER")),
        *(process(step) for step in ("DELIVERED", "PARTDELIVERED", "FULFILLED", "PARTFULFILLED")),
        *(process(step) for step in ("REFUSE", "SIGN", "TMSCANCELED", "TMSCANCELFAILED")),
        process("CANCELED", orderType="THRK"),  # a return that comes in, no delivery order
    ],
)
async def test_process_that_changes_nothing(source: QimenPush, body: str) -> None:
    assert await source.interpret(unpacked(source, push(body, PROCESS))) == ()


@pytest.mark.parametrize("body", [process("TELEPORTED"), process(""), process("ACCEPT", orderCode="")])
async def test_process_that_is_not_understood(source: QimenPush, body: str) -> None:
    document = unpacked(source, push(body, PROCESS))
    with pytest.raises(DocumentUnreadable):
        await source.interpret(document)


def test_document_ids_without_out_biz_code(source: QimenPush) -> None:
    def document_id(body: str, method: str = "deliveryorder.confirm") -> str:
        return unpacked(source, push(body, method)).document_id

    first = document_id(process("PICK"), PROCESS)
    assert first == document_id(process("PICK"), "taobao.qimen.orderprocess.report")
    assert first.startswith("orderprocess.report:DO-1:")
    others = [
        document_id(process("PICK", operateTime="2026-02-01 11:00:01"), PROCESS),
        document_id(process("PACKAGE"), PROCESS),
        document_id(confirm(outBizCode="")),
        document_id(confirm(outBizCode="", operateTime="")),
        document_id(confirm(outBizCode="", operateTime="", packages=box("1"))),
    ]
    assert len({first, *others}) == 6


async def test_body_is_independent_of_the_declared_encoding(source: QimenPush) -> None:
    body = '<?xml version="1.0" encoding="gbk"?>' + process("EXCEPTION", operateInfo="缺货")
    document = unpacked(source, push(body.encode("gbk"), PROCESS))
    assert "缺货" in document.body
    (news,) = await source.interpret(document)
    assert isinstance(news, WarehouseNews)
    assert news.report.message == "缺货"


GENUINE = push(confirm())


@pytest.mark.parametrize(
    "forged",
    [
        push(confirm(), secret="another secret"),
        push(confirm(), sign=""),
        push(confirm(), sign="签名"),
        push(confirm(), app_key="another"),
        push(confirm(), target_app_key="added"),
        push(confirm(), sign_method="hmac"),
        replace(GENUINE, body=GENUINE.body + b"\n"),
        replace(GENUINE, query={}),
    ],
)
def test_forgeries(source: QimenPush, forged: Push) -> None:
    with pytest.raises(PushRefused):
        source.unpack(forged)
    assert source.refused(forged, "sign is wrong").body == (
        b'<?xml version="1.0" encoding="utf-8"?>\n'
        b"<response><flag>failure</flag><code>sign-check-failure</code><message>Illegal request</message></response>"
    )


def test_a_lower_case_sign_is_good_too(source: QimenPush) -> None:
    assert source.unpack(replace(GENUINE, query={**GENUINE.query, "sign": GENUINE.query["sign"].lower()}))


@pytest.mark.parametrize("method", ["taobao.qimen.itemlack.report", "returnorder.confirm", ""])
def test_other_methods_are_not_taken(source: QimenPush, method: str) -> None:
    request = push("<request/>", method)
    with pytest.raises(PushRefused, match="unsupported method") as caught:
        source.unpack(request)
    reply = source.refused(request, caught.value.reason)
    assert reply.status == 200
    root = etree.fromstring(reply.body)
    assert (root.findtext("flag"), root.findtext("code")) == ("failure", "not-accepted")
    assert "unsupported" in str(root.findtext("message"))


def test_accepted(source: QimenPush) -> None:
    reply = source.accepted(GENUINE)
    assert (reply.status, reply.media_type) == (200, "text/xml; charset=utf-8")
    assert reply.body == (
        b'<?xml version="1.0" encoding="utf-8"?>\n'
        b"<response><flag>success</flag><code>0</code><message>ok</message></response>"
    )


@pytest.mark.parametrize("body", ["", "{}", "<response/>", "<request>", "<!DOCTYPE x><request/>"])
def test_genuine_but_unreadable(source: QimenPush, body: str) -> None:
    with pytest.raises(DocumentUnreadable):
        source.unpack(push(body))


async def _read(body: str | bytes, method: str) -> None:
    source = QimenPush(SETTINGS)
    try:
        for document in source.unpack(push(body, method)):
            await source.interpret(document)
    except DocumentUnreadable:
        return


METHODS = st.sampled_from(("deliveryorder.confirm", "taobao.qimen.orderprocess.report"))
TEXT = st.sampled_from(("", "0", "1", "-1", "DELIVERED", "ACCEPT", "1e99", "9" * 30, " ")) | st.text(
    "aé中<&>0.", max_size=5
)
NAMES = ["deliveryOrder", "packages", "package", "orderLines", "orderLine", "items", "item", "order", "process"]
LEAVES = [
    "deliveryOrderCode",
    "status",
    "confirmType",
    "itemCode",
    "quantity",
    "actualQty",
    "weight",
    "expressCode",
    "orderCode",
]
TREES = st.recursive(
    st.tuples(st.sampled_from((*LEAVES, "processStatus")), TEXT),
    lambda inner: st.tuples(st.sampled_from(NAMES), st.lists(inner, max_size=4)),
    max_leaves=15,
)


def _grow(parent: etree._Element, tree: tuple[str, object]) -> None:
    name, content = tree
    child = etree.SubElement(parent, name)
    if isinstance(content, str):
        child.text = content
    elif isinstance(content, list):
        for one in content:
            _grow(child, one)


@given(trees=st.lists(TREES, max_size=4), method=METHODS)
async def test_any_xml_is_read_or_unreadable(trees: list[tuple[str, object]], method: str) -> None:
    root = etree.Element("request")
    for tree in trees:
        _grow(root, tree)
    await _read(etree.tostring(root, encoding="utf-8"), method)


FIELDS = ("deliveryOrderCode", "status", "confirmType", "outBizCode", "operateTime")


@given(changes=st.dictionaries(st.sampled_from(FIELDS), TEXT), quantity=TEXT, weight=TEXT)
async def test_any_values_are_read_or_unreadable(changes: dict[str, str], quantity: str, weight: str) -> None:
    values = {name: escape(value) for name, value in changes.items()}
    packages = box(escape(quantity), weight=escape(weight))
    await _read(confirm(**values, packages=packages), "deliveryorder.confirm")


@given(body=st.binary() | st.text().map(str.encode), method=METHODS)
async def test_any_signed_bytes_are_read_or_unreadable(body: bytes, method: str) -> None:
    await _read(body, method)


@given(query=st.dictionaries(st.sampled_from(("method", "sign", "sign_method", "v")), st.text()), body=st.binary())
def test_any_unsigned_call_is_refused(query: dict[str, str], body: bytes) -> None:
    with pytest.raises(PushRefused):
        QimenPush(SETTINGS).unpack(replace(GENUINE, query={"sign_method": "md5", **query}, body=body))
