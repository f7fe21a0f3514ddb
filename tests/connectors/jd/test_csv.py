"""Order exports: what is read, what is rejected with which words, and that memory does not grow with the file."""

from __future__ import annotations

import random
import tempfile
import tracemalloc
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.drops import FiledOrder, Reject
from connectors.errors import DocumentUnreadable
from connectors.jd import JdChannel, JdExports
from connectors.jd.csv_rows import clean
from connectors.jd.settings import EXPORT_COLUMNS, Column
from connectors.ports import Document
from domain.news import OrderNews
from domain.order import ChannelStatus, ClearReceiver, Order, Region
from domain.review import Dossier, review

from .conftest import SHOP, settings

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


def file_of(*rows: str, header: str = HEADER, encoding: str = "utf-8-sig") -> bytes:
    return "\r\n".join([header, *rows, ""]).encode(encoding)


def found_in(raw: bytes | Iterable[bytes], **changes: Any) -> list[FiledOrder | Reject]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "content"
        with path.open("wb") as file:
            file.writelines([raw] if isinstance(raw, bytes) else raw)
        read = JdExports(settings(**changes)).read(path, Path(folder) / "rows", SHOP, lambda _: None)
        try:
            return list(read.orders())
        finally:
            read.close()


def filed(*rows: str, **options: Any) -> list[FiledOrder]:
    return [each for each in found_in(file_of(*rows, **options)) if isinstance(each, FiledOrder)]


def read(*rows: str, **options: Any) -> tuple[list[Document], list[Reject]]:
    found = found_in(file_of(*rows, **options))
    documents = [each.document for each in found if isinstance(each, FiledOrder)]
    return documents, [each for each in found if isinstance(each, Reject)]


async def order_of(document: Document, channel: JdChannel) -> Order:
    (news,) = await channel.interpret(document)
    assert isinstance(news, OrderNews)
    return news.order


async def test_an_order_of_the_export(channel: JdChannel) -> None:
    (document,), rejects = read(row())
    order = await order_of(document, channel)
    assert rejects == []
    assert (document.source, document.kind, document.document_id) == ("jd", "order", f"{SHOP}:290000000001")
    assert document.version == order.version == 0
    assert replace(document, version=7) != document
    assert (await order_of(replace(document, version=7), channel)).version == 7
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
    assert order.receiver.detail == "示例路1号"
    assert order.receiver.region == Region(province="浙江", city="杭州市", district="余杭区")
    assert order.customer.external_id == "buyer-1"
    assert review(Dossier(order)) == []


def test_the_same_file_gives_the_same_orders() -> None:
    assert filed(row()) == filed(row())


@pytest.mark.parametrize(
    ("changes", "other"),
    [
        ({"订单状态": "锁定"}, True),
        ({"客户地址": "浙江杭州市余杭区示例路2号"}, True),
        ({"客户姓名": "测试二"}, True),
        ({"联系电话": "13800000001"}, True),
        ({"货号": "MUG-02"}, True),
        ({"订购数量": "1", "订单金额": "49.50", "结算金额": "40.50"}, True),
        ({"运费金额": "11.00"}, True),
        ({"商家备注": "易碎"}, True),
        ({"商品名称": "杯"}, True),
        ({"京东价": "49.500"}, False),
        ({"下单帐号": "buyer-2"}, False),
        ({"支付方式": "货到付款"}, False),
    ],
)
def test_the_fingerprint_tells_what_matters_from_what_does_not(changes: dict[str, str], other: bool) -> None:
    (before,), (after,) = filed(row()), filed(row(**changes))
    assert (before.fingerprint != after.fingerprint) == other


def test_how_far_an_order_has_come() -> None:
    states = ["等待付款", "等待出库", "锁定", "已出库", "完成", "取消"]
    assert [filed(row(订单状态=state))[0].stage for state in states] == [0, 1, 1, 2, 3, 3]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
def test_encodings(encoding: str) -> None:
    assert read(row(), encoding=encoding)[0] == read(row())[0]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"\xff\xff\xff", "编码"),
        (file_of(row(), encoding="gbk") + b"\xff", "编码"),  # GBK that does not decode
        (file_of(row()) + b"\xe6", "编码"),  # cut in the middle of a character
        (file_of(row()) + "测".encode("gbk"), "编码"),  # two encodings in one file
        (b"", "缺少列"),
        (b"a,b\r\n1,2", "缺少列"),
        (b'"' + file_of(*[row()] * 30), "缺少列"),
        (b"\x00" * 100, "缺少列"),
    ],
)
def test_a_file_that_is_no_export(raw: bytes, words: str) -> None:
    with pytest.raises(DocumentUnreadable, match=words):
        found_in(raw)


@pytest.mark.parametrize("gone", ["订单号", "订购数量", "订单状态", "客户姓名", "客户地址", "联系电话"])
def test_a_required_column_is_missing(gone: str) -> None:
    with pytest.raises(DocumentUnreadable, match=f"缺少列：{gone}"):
        read(row(), header=HEADER.replace(gone, "别的"))


def test_one_of_the_two_columns_of_goods_is_enough() -> None:
    assert read(row(), header=HEADER.replace("商品ID", "别的"))[1] == []
    assert read(row(), header=HEADER.replace("货号", "别的"))[1] == []
    with pytest.raises(DocumentUnreadable, match="商品ID"):
        read(row(), header=HEADER.replace("商品ID", "别的").replace("货号", "另外"))


async def test_columns_are_found_by_name_in_any_order(channel: JdChannel) -> None:
    names, cells = HEADER.split(","), row().split(",")
    (document,), _ = read(",".join(reversed(cells)), header=",".join(f" {name}\t" for name in reversed(names)))
    assert document == read(row())[0][0]


async def test_aliases(channel: JdChannel) -> None:
    header = HEADER.replace("客户姓名", "收货人姓名").replace("货号", "商家SKUID")
    assert read(row(), header=header)[0] == read(row())[0]
    own = EXPORT_COLUMNS | {Column.ORDER_NO: ("单号",)}
    found = found_in(file_of(row(), header=HEADER.replace("订单号", "单号")), export_columns=own)
    assert found == found_in(file_of(row()))


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


def test_an_unknown_state_is_rejected_and_never_guessed() -> None:
    documents, (reject,) = read(row(订单状态="配送中"))
    assert documents == []
    assert "配送中" in reject.reason


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
    assert [document.document_id for document in documents] == [f"{SHOP}:290000000001", f"{SHOP}:290000000002"]
    assert len((await order_of(documents[0], channel)).lines) == 2


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ((row("2", 客户地址="甲"), row("2", 客户地址="乙")), "客户地址不一致"),
        ((row("2"), row("2", 订单状态="锁定")), "订单状态不一致"),
        ((row("2", 订购数量="两"),), "订购数量不是件数"),
        ((row("2", 订购数量="0"),), "订购数量不是件数"),
        ((row("2", 联系电话=""),), "缺少联系电话"),
        ((row("2", 商品ID="", 货号=""),), "缺少商品ID"),
        ((row("2", 下单时间="昨天"),), "下单时间不是时间"),
        ((row("2", 京东价="贵"),), "京东价不是金额"),
        ((row("2", 订单金额="98.00"),), "不能成为订单：orderTotalPrice"),
        ((row("2", 下单时间="0001-01-01 00:00:00"),), "不能成为订单：no orderStartTime"),
        ((row("2") + ",多", row("2")), "单元格与表头不符"),
        ((row("2"), "2,短"), "单元格与表头不符"),
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
    assert (reject.order_no, reject.reason) == ("", "没有订单号")


def test_blank_lines_are_nothing() -> None:
    assert read("", row(), ",,,", "")[1] == []


def test_a_quote_that_is_never_closed_costs_its_own_row_only() -> None:
    before, bad = [row(str(n)) for n in range(1, 20)], row("77", 订单备注='"坏')
    after = [row(str(n)) for n in range(100, 1500)]
    documents, (reject,) = read(*before, bad, *after)
    assert [document.document_id for document in documents] == [
        f"{SHOP}:{n}" for n in (*range(1, 20), *range(100, 1500))
    ]
    assert (reject.order_no, reject.reason, reject.lines) == ("", "引号没有闭合", (21,))
    assert reject.cells == ((bad,),)


def test_at_the_end_of_the_file_too() -> None:
    documents, (reject,) = read(row("1"), row("77", 订单备注='"坏'), row("2"))
    assert [document.document_id for document in documents] == [f"{SHOP}:1", f"{SHOP}:2"]
    assert reject.lines == (3,)


def test_a_file_of_nothing_but_open_quotes_ends() -> None:
    documents, rejects = read(*[row(str(n), 订单备注='"坏') for n in range(1, 500)])
    assert documents == []
    assert [reject.lines for reject in rejects] == [(n,) for n in range(2, 501)]


async def test_a_note_may_have_line_breaks(channel: JdChannel) -> None:
    note = "请走\n冷链\n13800000001"
    documents, rejects = read(row("1", 订单备注=f'"{note}"'), row("2"))
    assert rejects == []
    assert (await order_of(documents[0], channel)).notes.buyer == note


def test_more_rows_than_an_order_can_have() -> None:
    documents, (reject,) = read(row("1"), *[row("2")] * 1500, row("3"))
    assert [document.document_id for document in documents] == [f"{SHOP}:1", f"{SHOP}:3"]
    assert "500" in reject.reason


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        ("JD_10001_20260301120000_1.csv", datetime(2026, 3, 1, 4, 0, tzinfo=UTC)),
        ("20260301120000.csv", datetime(2026, 3, 1, 4, 0, tzinfo=UTC)),
        ("20269901120000_20260301120000.csv", datetime(2026, 3, 1, 4, 0, tzinfo=UTC)),
        ("订单导出 (2).csv", None),
        ("JD_10001_2026030112000012_1.csv", None),
        ("", None),
    ],
)
def test_the_time_in_a_files_name(name: str, moment: datetime | None) -> None:
    assert JdExports(settings()).told_at(name) == moment


def generated(orders: int, *, scattered: bool) -> Iterable[bytes]:
    """A file of orders with two rows each, which stand together or anywhere."""
    yield file_of()
    before, after = row("290000000001", 订单金额="198.00", 结算金额="180.00").encode().split(b"290000000001")
    numbers = [290000000000 + n // 2 for n in range(2 * orders)]
    if scattered:
        random.Random(1).shuffle(numbers)
    for number in numbers:
        yield before + str(number).encode() + after + b"\n"


def peak_of(orders: int, *, scattered: bool = False) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "content"
        with path.open("wb") as file:
            file.writelines(generated(orders, scattered=scattered))
        exports = JdExports(settings())
        tracemalloc.start()
        try:
            read = exports.read(path, Path(folder) / "rows", SHOP, lambda _: None)
            assert sum(isinstance(each, FiledOrder) for each in read.orders()) == orders
            assert read.rows == 2 * orders
            read.close()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize("scattered", [False, True])
def test_memory_does_not_grow_with_the_file(scattered: bool) -> None:
    peak_of(100)  # what is built once
    assert peak_of(3000, scattered=scattered) < peak_of(1000, scattered=scattered) + 200_000


def test_reading_may_be_ended_from_outside(tmp_path: Path) -> None:
    (tmp_path / "content").write_bytes(file_of(*[row(str(n)) for n in range(1, 5000)]))

    def stop(rows: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        JdExports(settings()).read(tmp_path / "content", tmp_path / "rows", SHOP, stop)


@given(st.binary(max_size=400) | st.lists(st.text(max_size=30), max_size=8).map("\n".join).map(str.encode))
def test_no_file_raises_anything_else(tail: bytes) -> None:
    for raw in (tail, file_of(row()) + tail):
        try:
            found = found_in(raw)
        except DocumentUnreadable:
            continue
        assert all(isinstance(each, FiledOrder | Reject) for each in found)
