"""The warehouse's own figures: asked for by inventory.query, told by stockchange.report and inventory.report."""

from __future__ import annotations

import httpx
import pytest
import respx
from lxml import etree

from connectors.errors import DocumentUnreadable, Misconfigured, PartnerError, Rejected, Unavailable
from connectors.qimen import QimenPush, QimenWarehouse
from connectors.qimen.requests import inventory_body
from connectors.qimen.signing import sign
from domain.clock import parse_beijing
from domain.news import StockChangeNews
from domain.shelves import Quality, Shelf, ShelfChange
from tests.connectors.qimen.conftest import SECRET, SETTINGS, URL, envelope, failure, push

CHANGE, COUNT = "taobao.qimen.stockchange.report", "taobao.qimen.inventory.report"


def answers(*replies: str | httpx.Response | Exception) -> respx.Route:
    route = respx.post(url__startswith=URL, params__contains={"method": "taobao.qimen.inventory.query"})
    return route.mock(side_effect=[httpx.Response(200, text=one) if isinstance(one, str) else one for one in replies])


def item(sku: str, quantity: str, **more: str) -> str:
    fields = "".join(f"<{name}>{value}</{name}>" for name, value in more.items())
    return f"<item><itemCode>{sku}</itemCode><quantity>{quantity}</quantity>{fields}</item>"


def items(*each: str) -> str:
    return envelope(inner=f"<items>{''.join(each)}</items>")


def test_the_question_names_every_article_in_the_warehouse() -> None:
    root = etree.fromstring(inventory_body(SETTINGS, "WH02", ["SKU-1", "SKU-2"]))
    assert [[(str(f.tag), f.text) for f in criteria] for criteria in root.iterfind("criteriaList/criteria")] == [
        [("warehouseCode", "WH02"), ("ownerCode", "OWN1"), ("itemCode", sku)] for sku in ("SKU-1", "SKU-2")
    ]


@respx.mock
async def test_figures_by_condition(warehouse: QimenWarehouse) -> None:
    route = answers(
        items(
            item("SKU-1", "7", warehouseCode="WH01", inventoryType="ZP", lockQuantity="3"),
            item("SKU-1", "2", inventoryType="ZP", batchCode="B2", lockQuantity=""),
            item("SKU-1", "1", inventoryType="CC"),
            item("SKU-1", "1", inventoryType="XS"),
            item("SKU-1", "5", inventoryType="ZT"),
            item("SKU-1", "100", warehouseCode="WH09"),
            item("SKU-2", "-4"),
        )
    )
    assert list(await warehouse.shelves("WH01", ["SKU-1", "SKU-2", "SKU-3"])) == [
        Shelf("WH01", "SKU-1", Quality.GOOD, 9, 3),
        Shelf("WH01", "SKU-1", Quality.DEFECTIVE, 2, 0),
        Shelf("WH01", "SKU-1", Quality.IN_TRANSIT, 5, 0),
        Shelf("WH01", "SKU-2", Quality.GOOD, -4, 0),
    ]
    request = route.calls.last.request
    query = dict(request.url.params)
    assert query.pop("sign") == sign(query, request.content, SECRET)


@respx.mock
async def test_many_articles_are_asked_for_in_parts(warehouse: QimenWarehouse) -> None:
    skus = [f"SKU-{n}" for n in range(120)]
    route = answers(items(item("SKU-0", "1")), items(item("SKU-50", "2")), items(item("SKU-100", "3")))
    assert [shelf.sku for shelf in await warehouse.shelves("WH01", skus)] == ["SKU-0", "SKU-50", "SKU-100"]
    asked = [[node.text for node in etree.fromstring(call.request.content).iter("itemCode")] for call in route.calls]
    assert [sku for part in asked for sku in part] == skus
    assert max(map(len, asked)) == 50


@respx.mock
async def test_no_article_no_question(warehouse: QimenWarehouse) -> None:
    assert await warehouse.shelves("WH01", []) == []


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (httpx.ReadTimeout("slow"), Unavailable),
        (httpx.Response(500), Unavailable),
        (failure("", "isp.http-read-timeout"), Unavailable),
        (failure("", "system-busy"), Unavailable),
        (failure("Illegal request", "sign-check-failure"), Misconfigured),
        (failure("货主未授权", "E1"), Rejected),
        (items(item("SKU-1", "many")), Unavailable),
        (items(item("SKU-1", "")), Unavailable),
        (items(item("SKU-1", "1", lockQuantity="-1")), Unavailable),
        (items(item("SKU-1", "1", inventoryType="NEW")), Unavailable),
        (items(item("", "1")), Unavailable),
    ],
)
@respx.mock
async def test_errors(
    warehouse: QimenWarehouse, reply: str | httpx.Response | Exception, error: type[PartnerError]
) -> None:
    answers(reply)
    with pytest.raises(PartnerError) as caught:
        await warehouse.shelves("WH01", ["SKU-1"])
    assert (type(caught.value), caught.value.operation) == (error, "shelves")


def change(**changes: str) -> str:
    fields = {
        "ownerCode": "OWN1",
        "warehouseCode": "WH01",
        "orderCode": "QT1",
        "orderType": "QTCK",
        "outBizCode": "SC-1",
        "itemCode": "SKU-1",
        "inventoryType": "ZP",
        "quantity": "-2",
        "changeTime": "2026-02-01 12:00:00",
        "remark": "破损",
    } | changes
    return f"<item>{''.join(f'<{name}>{value}</{name}>' for name, value in fields.items())}</item>"


async def changes_of(source: QimenPush, body: str, method: str = CHANGE) -> tuple[ShelfChange, ...]:
    (document,) = source.unpack(push(body, method))
    (news,) = await source.interpret(document)
    assert isinstance(news, StockChangeNews)
    return news.changes


async def test_stock_changes(source: QimenPush) -> None:
    body = "<request><items>{}</items></request>".format(
        change() + change(quantity="-1", batchCode="B2") + change(outBizCode="SC-2", inventoryType="CC", quantity="+3")
    )
    at = parse_beijing("2026-02-01 12:00:00")
    assert await changes_of(source, body) == (
        ShelfChange("SC-1", "WH01", "SKU-1", Quality.GOOD, -3, "QT1", "QTCK", "破损", at),
        ShelfChange("SC-2", "WH01", "SKU-1", Quality.DEFECTIVE, 3, "QT1", "QTCK", "破损", at),
    )


async def test_a_count(source: QimenPush) -> None:
    body = (
        "<request><totalPage>1</totalPage><currentPage>1</currentPage><pageSize>50</pageSize>"
        "<warehouseCode>WH01</warehouseCode><checkOrderCode>PD1</checkOrderCode><ownerCode>OWN1</ownerCode>"
        "<checkTime>2026-02-01 12:00:00</checkTime><outBizCode>CK-1</outBizCode><adjustType>CHECK</adjustType>"
        f"<items>{item('SKU-1', '-2', totalQty='98')}{item('SKU-2', '1')}</items></request>"
    )
    at = parse_beijing("2026-02-01 12:00:00")
    assert await changes_of(source, body, COUNT) == (
        ShelfChange("CK-1", "WH01", "SKU-1", Quality.GOOD, -2, "PD1", "CHECK", "", at),
        ShelfChange("CK-1", "WH01", "SKU-2", Quality.GOOD, 1, "PD1", "CHECK", "", at),
    )


def test_the_same_report_is_the_same_document(source: QimenPush) -> None:
    body = f"<request><items>{change()}</items></request>"
    (first,), (again,) = source.unpack(push(body, CHANGE)), source.unpack(push(body, "stockchange.report"))
    (other,) = source.unpack(push(body.replace("SC-1", "SC-2"), CHANGE))
    assert (first.kind, first.document_id) == (again.kind, again.document_id) != (other.kind, other.document_id)


async def test_an_empty_report_is_no_news(source: QimenPush) -> None:
    (document,) = source.unpack(push("<request><items/></request>", CHANGE))
    assert await source.interpret(document) == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"outBizCode": ""},
        {"itemCode": ""},
        {"warehouseCode": ""},
        {"quantity": "1.5"},
        {"quantity": ""},
        {"inventoryType": "NEW"},
        {"changeTime": "yesterday"},
    ],
)
async def test_what_cannot_be_read_goes_to_quarantine(source: QimenPush, wrong: dict[str, str]) -> None:
    (document,) = source.unpack(push(f"<request><items>{change(**wrong)}</items></request>", CHANGE))
    with pytest.raises(DocumentUnreadable):
        await source.interpret(document)
