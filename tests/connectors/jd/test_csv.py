from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import DocumentUnreadable
from connectors.jd import JdChannel, Reject, read_export
from connectors.jd.csv_rows import clean
from connectors.jd.settings import EXPORT_COLUMNS, Column
from connectors.ports import Document
from domain.news import OrderNews
from domain.order import ChannelStatus, ClearReceiver, Order
from domain.review import format_check

from .conftest import SHOP

EXPORTED = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
HEADER = (
    "订单号,商品ID,商品名称,订购数量,支付方式,下单时间,京东价,订单金额,结算金额,订单状态,下单帐号,客户姓名,客户地址,"
    "联系电话,订单备注,商家备注,运费金额,付款确认时间,货号"
)


def row(order_no: str = "290000000001", **changes: str) -> str:
    values = {
        "订单号": order_no,
        "商品ID": "100001",
        "商品名称": "马克杯",
        "订购数量": "2",
        "支付方式": "在线支付",
        "下单时间": "2026-03-01 10:20:00",
        "京东价": "49.50",
        "订单金额": "99.00",
        "结算金额": "90.00",
        "订单状态": "等待出库",
        "下单帐号": "buyer-1",
        "客户姓名": "测试",
        "客户地址": "浙江杭州市余杭区示例路1号",
        "联系电话": "13800000000",
        "订单备注": "",
        "商家备注": "",
        "运费金额": "10.00",
        "付款确认时间": "2026-03-01 10:20:30",
        "货号": "MUG-01",
    }
    return ",".join((values | changes).values())


def file_of(*rows: str, header: str = HEADER, encoding: str = "utf-8-sig") -> BinaryIO:
    return io.BytesIO("\r\n".join([header, *rows, ""]).encode(encoding))


def read(*rows: str, **options: Any) -> tuple[list[Document], list[Reject]]:
    found = list(read_export(file_of(*rows, **options), SHOP, EXPORTED))
    return [x for x in found if isinstance(x, Document)], [x for x in found if isinstance(x, Reject)]


async def order_of(document: Document, channel: JdChannel) -> Order:
    (news,) = await channel.interpret(document)
    assert isinstance(news, OrderNews)
    return news.order


async def test_an_order_of_the_export(channel: JdChannel) -> None:
    (document,), rejects = read(row())
    order = await order_of(document, channel)
    assert rejects == []
    assert (document.source, document.kind, document.document_id) == ("jd", "order", f"{SHOP}:290000000001")
    assert document.version == order.version == int(EXPORTED.timestamp()) * 1000
    assert document.order_id == order.order_id
    assert order.status is ChannelStatus.PAID
    assert order.placed_at == datetime(2026, 3, 1, 2, 20, tzinfo=UTC)
    assert order.paid_at == datetime(2026, 3, 1, 2, 20, 30, tzinfo=UTC)
    assert order.amounts.model_dump() == {
        "goods_fen": 9900,
        "freight_fen": 1000,
        "discount_fen": 900,
        "paid_fen": 10000,
    }
    (line,) = order.lines
    assert (line.line_no, line.sku, line.quantity) == ("290000000001:100001:1", "MUG-01", 2)
    assert isinstance(order.receiver, ClearReceiver)
    assert order.receiver.detail == "浙江杭州市余杭区示例路1号"
    assert order.customer.external_id == "buyer-1"
    assert format_check(order) == []


def test_the_same_file_gives_the_same_documents() -> None:
    assert read(row()) == read(row())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
def test_encodings(encoding: str) -> None:
    assert read(row(), encoding=encoding)[0] == read(row())[0]


@pytest.mark.parametrize("raw", [b"\xff\xff\xff", file_of(row()).read()[:-20] + b"\xe6", b"", b"a,b\r\n1,2"])
def test_a_file_that_is_no_export(raw: bytes) -> None:
    file = io.BytesIO(raw)
    with pytest.raises(DocumentUnreadable):
        list(read_export(file, SHOP, EXPORTED))
    assert not file.closed


@pytest.mark.parametrize("gone", ["订单号", "订购数量", "订单状态", "客户姓名", "客户地址", "联系电话"])
def test_a_required_column_is_missing(gone: str) -> None:
    with pytest.raises(DocumentUnreadable, match="no column for"):
        read(row(), header=HEADER.replace(gone, "别的"))


def test_one_of_the_two_columns_of_goods_is_enough() -> None:
    assert read(row(), header=HEADER.replace("商品ID", "别的"))[1] == []
    assert read(row(), header=HEADER.replace("货号", "别的"))[1] == []
    with pytest.raises(DocumentUnreadable, match="sku_id"):
        read(row(), header=HEADER.replace("商品ID", "别的").replace("货号", "另外"))


async def test_columns_are_found_by_name_in_any_order(channel: JdChannel) -> None:
    names, cells = HEADER.split(","), row().split(",")
    (document,), _ = read(",".join(reversed(cells)), header=",".join(f" {name}\t" for name in reversed(names)))
    assert document == read(row())[0][0]


async def test_aliases(channel: JdChannel) -> None:
    header = HEADER.replace("客户姓名", "收货人姓名").replace("货号", "商家SKUID")
    assert read(row(), header=header)[0] == read(row())[0]
    own = EXPORT_COLUMNS | {Column.ORDER_NO: ("单号",)}
    found = list(read_export(file_of(row(), header=HEADER.replace("订单号", "单号")), SHOP, EXPORTED, own))
    assert found == read(row())[0]


async def test_the_sellers_own_sku_goes_before_the_article_number(channel: JdChannel) -> None:
    (document,), _ = read(row() + ",OWN-1", header=HEADER + ",商家SKUID")
    assert (await order_of(document, channel)).lines[0].sku == "OWN-1"
    (document,), _ = read(row() + ",", header=HEADER + ",商家SKUID")
    assert (await order_of(document, channel)).lines[0].sku == "MUG-01"


@pytest.mark.parametrize(
    ("cell", "bare"),
    [
        ('="123456"', "123456"),
        ('="123456"\t', "123456"),
        ("123456\t", "123456"),
        ("'123456", "123456"),
        ("\ufeff订单号 ", "订单号"),
        ("\u00a0测试\u3000", "测试"),
        ('"x"', "x"),
        ("=1+1", "=1+1"),
        ("", ""),
    ],
)
def test_what_spreadsheets_leave_is_cleaned(cell: str, bare: str) -> None:
    assert clean(cell) == bare


def test_numbers_as_formulas() -> None:
    plain = read(row())[0]
    assert read(row('="290000000001"'))[0] == plain
    assert read(row('"=""290000000001"""'))[0] == plain
    assert read(row("290000000001\t", 联系电话='="13800000000"'))[0] == plain


async def test_damaged_times_and_decorated_amounts(channel: JdChannel) -> None:
    (document,), rejects = read(
        row(
            下单时间="2026/3/1 10:20",
            付款确认时间="2026/3/1 10:21",
            订单金额='"￥1,099.00"',
            结算金额='"1,090.00"',
            京东价="549.5",
        )
    )
    order = await order_of(document, channel)
    assert rejects == []
    assert order.placed_at == datetime(2026, 3, 1, 2, 20, tzinfo=UTC)
    assert order.amounts.goods_fen == 109900


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("等待付款", ChannelStatus.UNPAID),
        ("等待出库", ChannelStatus.PAID),
        ("待发货", ChannelStatus.PAID),
        ("等待确认收货", ChannelStatus.SHIPPED),
        ("已出库", ChannelStatus.SHIPPED),
        ("完成", ChannelStatus.FINISHED),
        ("锁定", ChannelStatus.LOCKED),
        ("取消", ChannelStatus.CANCELLED),
        ("(删除)等待出库", ChannelStatus.CANCELLED),
        ("（删除）锁定", ChannelStatus.CANCELLED),
    ],
)
async def test_states(channel: JdChannel, state: str, status: ChannelStatus) -> None:
    (document,), _ = read(row(订单状态=state, 付款确认时间="0001-01-01 00:00:00"))
    assert (await order_of(document, channel)).status is status


async def test_an_unknown_state_is_quarantined(channel: JdChannel) -> None:
    (document,), _ = read(row(订单状态="配送中"))
    with pytest.raises(DocumentUnreadable, match="配送中"):
        await channel.interpret(document)


async def test_rows_of_one_order_are_its_lines(channel: JdChannel) -> None:
    sums = {"订单金额": "149.00", "结算金额": "140.00"}
    (document,), _ = read(row(**sums), row(商品ID="100002", 货号="CAP", 订购数量="1", 京东价="50.00", **sums))
    order = await order_of(document, channel)
    assert [(line.sku, line.quantity) for line in order.lines] == [("MUG-01", 2), ("CAP", 1)]
    assert sum(line.amount_fen for line in order.lines) == 14000


async def test_rows_that_do_not_stand_together_are_still_one_order(channel: JdChannel) -> None:
    sums = {"订单金额": "149.00", "结算金额": "140.00"}
    second = row(商品ID="100002", 货号="CAP", 订购数量="1", 京东价="50.00", **sums)
    documents, rejects = read(row(**sums), row("290000000002"), second)
    assert rejects == []
    assert [document.document_id for document in documents] == [f"{SHOP}:290000000002", f"{SHOP}:290000000001"]
    assert len((await order_of(documents[1], channel)).lines) == 2


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ((row("2", 客户地址="甲"), row("2", 客户地址="乙")), "differ in address"),
        ((row("2"), row("2", 订单状态="锁定")), "differ in state"),
        ((row("2", 订购数量="两"),), "quantity"),
        ((row("2", 订购数量="0"),), "quantity"),
        ((row("2", 联系电话=""),), "no phone"),
        ((row("2", 商品ID="", 货号=""),), "no sku_id"),
        ((row("2", 下单时间="昨天"),), "placed_at is no time"),
        ((row("2", 京东价="贵"),), "price is no amount"),
        ((row("2") + ",多", row("2")), "header's cells"),
        ((row("2"), "2,短"), "header's cells"),
    ],
)
def test_a_bad_order_is_rejected_whole_and_alone(bad: tuple[str, ...], reason: str) -> None:
    documents, (reject,) = read(row("1"), *bad, row("3"))
    assert [document.document_id for document in documents] == [f"{SHOP}:1", f"{SHOP}:3"]
    assert reject.order_no == "2"
    assert reason in reject.reason
    assert reject.lines == tuple(range(3, 3 + len(bad)))
    assert len(reject.cells) == len(bad)
    assert "13800000000" not in repr(reject)


@pytest.mark.parametrize("order_no", ["", "合计", "2.9E+11", "1" * 21])
def test_a_row_without_an_order_number_is_rejected_alone(order_no: str) -> None:
    documents, (reject,) = read(row("1"), row(order_no), row("3"))
    assert [document.document_id for document in documents] == [f"{SHOP}:1", f"{SHOP}:3"]
    assert (reject.order_no, reject.reason) == ("", "no order number")


def test_blank_lines_are_nothing() -> None:
    assert read("", row(), ",,,", "")[1] == []


def test_a_quote_that_is_never_closed_does_not_block_what_follows() -> None:
    swallowed = [row(str(n)) for n in range(2, 1500)]
    documents, rejects = read(row("1"), row("9999", 订单备注='"坏'), *swallowed)
    assert documents[0].document_id == f"{SHOP}:1"
    assert documents[-1].document_id == f"{SHOP}:1499"
    assert "quote" in rejects[0].reason


class Generated(io.RawIOBase):
    """A file of so many rows that is never whole in memory."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._chunks = self._generate()
        self._rest = b""

    def _generate(self) -> Iterator[bytes]:
        yield (HEADER + "\n").encode()
        before, after = row("290000000001").encode().split(b"290000000001")
        for n in range(self._rows):
            yield before + str(290000000000 + n).encode() + after + b"\n"

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        assert (offset, whence) == (0, 0)
        self._chunks, self._rest = self._generate(), b""
        return 0

    def tell(self) -> int:
        return 0

    def readinto(self, buffer: Any, /) -> int:
        while len(self._rest) < len(buffer):
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            self._rest += chunk
        given, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(given)] = given
        return len(given)


def peak_of(rows: int) -> int:
    file = io.BufferedReader(Generated(rows))
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_export(file, SHOP, EXPORTED)) == rows
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_file() -> None:
    assert peak_of(3000) < peak_of(300) + 100_000


@given(st.binary(max_size=400) | st.lists(st.text(max_size=30), max_size=8).map("\n".join).map(str.encode))
def test_no_file_raises_anything_else(tail: bytes) -> None:
    for raw in (tail, file_of(row()).read() + tail):
        try:
            found = list(read_export(io.BytesIO(raw), SHOP, EXPORTED))
        except DocumentUnreadable:
            continue
        assert all(isinstance(each, Document | Reject) for each in found)
