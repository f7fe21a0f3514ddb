"""Finance's export as finance reads it: the sheets of a month, on both databases."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from python_calamine import CalamineWorkbook
from sqlmodel import update

from commands.finance import export_to
from domain.clock import format_beijing
from domain.extensions import Place, Scope, Value
from domain.finance import Period, Sheet, period
from domain.order import Amounts, Channel, ChannelStatus, Order, OrderLine
from domain.refund import Refund, RefundKind, RefundStatus
from domain.shipping import TrackCode
from gateway import finance_books
from gateway.finance_books import export
from rules.fields import definitions
from settings import Settings, load_settings
from store import credit_limits, extensions, orders, refunds
from store.database import Database
from store.steps import load_order
from store.tables import (
    ConsignmentRow,
    InvoiceChoiceRow,
    OrderRow,
    OrderTaxRow,
    ParcelRow,
    PlanRow,
    RefundRow,
    ShadowOrderRow,
    SuppliedFieldRow,
    TrackNodeRow,
    WaybillRow,
)
from tests.commands.test_warehouses import _chinese_again, settings
from tests.gateway.house import STAFF
from tests.store.samples import order
from tests.store.test_credit_limits import on_account

__all__ = ["_chinese_again", "settings"]

NOVEMBER = period("2026-11-01", "2026-12-01")
MIDDLE = datetime(2026, 11, 15, 4, 0, tzinfo=UTC)
API = "/api/v1/staff/finance/export"
LAN, WEI = ({"Authorization": f"Bearer {token}"} for token in STAFF.values())
NAMES = {
    "汇总": Sheet.SUMMARY,
    "订单明细": Sheet.LINES,
    "退款": Sheet.REFUNDS,
    "发货单": Sheet.CONSIGNMENTS,
    "扩展字段": Sheet.FIELDS,
}
Table = list[dict[str, Any]]


def _read(book: Path | bytes) -> dict[Sheet, Table]:
    found = CalamineWorkbook.from_filelike(io.BytesIO(book if isinstance(book, bytes) else book.read_bytes()))
    assert found.sheet_names == list(NAMES)
    tables = {}
    for name, sheet in NAMES.items():
        head, *rows = found.get_sheet_by_name(name).to_python(skip_empty_area=False)
        tables[sheet] = [dict(zip(map(str, head), row, strict=True)) for row in rows]
    return tables


def _fen(cell: Any) -> int:
    return round(cell * 100) if cell != "" else 0


def _sum(rows: Sequence[Mapping[str, Any]], column: str) -> int:
    return sum(_fen(row[column]) for row in rows)


async def _take(db: Database, *many: Order) -> None:
    for one in many:
        async with db.transaction() as tx:
            await orders.take(tx, one)


async def _books(db: Database, path: Path, of: Period = NOVEMBER, **more: Any) -> dict[Sheet, Table]:
    folder = _folder(path)
    await export(db, of, definitions(), folder / "books.xlsx", **more)
    assert _names(folder) == ["books.xlsx"], "nothing else is left"
    return _read(folder / "books.xlsx")


def _folder(path: Path) -> Path:
    folder = path / "out"
    folder.mkdir(exist_ok=True)
    return folder


def _names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def _some_orders(dice: random.Random, count: int) -> list[Order]:
    made = []
    for n in range(count):
        lines = []
        for line_no in range(1, dice.randint(1, 4) + 1):
            quantity, unit = dice.randint(1, 5), dice.randint(0, 30_000)
            off = dice.randint(0, quantity * unit)
            amount = quantity * unit - off
            line = OrderLine(
                line_no=str(line_no),
                sku=dice.choice(["MUG", "CUP", "=1+1"]),
                title="杯",
                quantity=quantity,
                unit_price_fen=unit,
                amount_fen=amount,
            )
            lines.append(line)
        goods = sum(line.quantity * line.unit_price_fen for line in lines)
        net, freight = sum(line.amount_fen for line in lines), dice.randint(0, 2_000)
        paid_at = MIDDLE + timedelta(days=dice.randint(-25, 25), seconds=dice.randint(0, 86_400))
        made.append(
            order(
                f"R{n}",
                channel=dice.choice([Channel.OWN, Channel.POS]),
                shop=dice.choice(["main", "second"]),
                lines=tuple(lines),
                amounts=Amounts(goods_fen=goods, freight_fen=freight, discount_fen=goods - net, paid_fen=net + freight),
                placed_at=paid_at,
                paid_at=paid_at,
                ext={"overseas_certificate": "a" * 64} if dice.random() < 0.3 else {},
            )
        )
    return made


async def test_the_sheets_balance_with_each_other_and_with_the_orders(database: Database, tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")  # noqa: T201
    dice = random.Random(seed)
    many = _some_orders(dice, 40)
    await _take(database, *many)
    for one in dice.sample(many, 12):
        status, kind = dice.choice(list(RefundStatus)), dice.choice(list(RefundKind))
        refund = Refund(
            channel=one.channel,
            shop=one.shop,
            channel_order_no=one.channel_order_no,
            refund_id=f"F{one.channel_order_no}",
            version=1,
            status=status,
            kind=kind,
            amount_fen=dice.randint(0, one.amounts.paid_fen),
            asked_at=MIDDLE,
        )
        async with database.transaction() as tx:
            await refunds.take(tx, refund)
            moved = update(RefundRow).where(RefundRow.refund_id == refund.refund_id)  # type: ignore[arg-type]
            await tx.execute(moved.values(updated_at=MIDDLE + timedelta(days=dice.randint(-20, 20))))
    for one in many[:10]:
        async with database.transaction() as tx:
            for line in one.lines:
                about: dict[str, Any] = {
                    "order_id": one.order_id,
                    "revision": 1,
                    "line_no": line.line_no,
                    "rate_permille": 130,
                }
                tx.add(OrderTaxRow(**about, gross_fen=0, freight_fen=0, tax_fen=0, rule=""))
    tables = await _books(database, tmp_path, page=7)
    mine = [one for one in many if NOVEMBER.holds(one.paid_at)]
    lines, summary = tables[Sheet.LINES], tables[Sheet.SUMMARY]
    assert len(lines) == sum(len(one.lines) for one in mine)
    for one in mine:
        rows = [row for row in lines if row["订单号"] == one.order_id]
        assert _sum(rows, "实付") == one.amounts.paid_fen
        assert _sum(rows, "商品金额") == one.amounts.goods_fen
        assert _sum(rows, "优惠合计") == one.amounts.discount_fen
        assert _sum(rows, "运费") == one.amounts.freight_fen
    *days, total = summary
    assert total["渠道"] == "合计"
    assert total["订单数"] == sum(day["订单数"] for day in days) == len(mine)
    for column in ("商品金额", "优惠合计", "平台承担", "店铺承担", "未区分承担方", "运费", "实付", "税额"):
        assert _fen(total[column]) == _sum(days, column) == _sum(lines, column), column
    assert _fen(total["已退金额"]) == _sum(days, "已退金额") == _sum(tables[Sheet.REFUNDS], "已退金额")
    assert total["退款数"] == len(tables[Sheet.REFUNDS])
    for day in days:
        key = (day["渠道"], day["店铺"])
        paid = [row for row in lines if (row["渠道"], row["店铺"]) == key and row["支付时间"][:10] == day["日期"]]
        assert _sum(paid, "实付") == _fen(day["实付"])
        assert "2026-11-01" <= day["日期"] <= "2026-11-30"
    # The same of one shop is its part, and whatever page it is read in.
    part = await _books(database, tmp_path, period("2026-11-01", "2026-12-01", "own", "main"))
    expected = [row for row in lines if row["渠道"] == "自有商城" and row["店铺"] == "main"]
    assert part[Sheet.LINES] == expected


async def test_nobody_is_named_and_no_cell_is_a_formula(database: Database, tmp_path: Path) -> None:
    (line,) = order().lines
    evil = line.model_copy(update={"sku": '=HYPERLINK("x")'})
    one = order("@SUM", lines=(evil,), paid_at=MIDDLE, ext={"cost_centre": "x"})
    customer = one.customer.model_copy(update={"name": "张测试", "ext": {"cost_centre": "+1"}})
    await _take(database, one.model_copy(update={"customer": customer}))
    tables = await _books(database, tmp_path)
    (row,) = tables[Sheet.LINES]
    assert (row["商品编码"], row["平台订单号"]) == ('=HYPERLINK("x")', "@SUM")
    (field,) = tables[Sheet.FIELDS]
    assert (field["字段"], field["值"], field["字段属于"], field["补充时间"]) == ("cost_centre", "+1", "客户", "")
    await export(database, NOVEMBER, definitions(), tmp_path / "books.csv")
    written = {sheet: (tmp_path / f"books-{sheet}.csv").read_text("utf-8-sig") for sheet in Sheet}
    (row,) = csv.DictReader(io.StringIO(written[Sheet.LINES]))
    assert (row["商品编码"], row["平台订单号"], row["实付"]) == ('\'=HYPERLINK("x")', "'@SUM", "49.50")
    (field,) = csv.DictReader(io.StringIO(written[Sheet.FIELDS]))
    assert field["值"] == "'+1"
    everything = "".join(written.values()) + str(tables)
    for personal in (one.receiver.name, one.receiver.phone, one.receiver.detail, "张测试"):  # type: ignore[union-attr]
        assert personal not in everything


async def test_a_consignment_tells_when_it_left_and_what_may_be_invoiced(database: Database, tmp_path: Path) -> None:
    one = on_account("SO1", 10_001, paid_at=MIDDLE)
    oid = one.order_id
    await _take(database, one)
    async with database.transaction() as tx:
        await credit_limits.set_limit(tx, "b2b", "C9", 50_000, "zhao", "年度额度")
    async with database.transaction() as tx:
        await credit_limits.reserve(tx, one, 1)
        tx.add(PlanRow(order_id=oid, n=1, revision=1, strategy="s", reason="", scores=[], freight_fen=901, at=MIDDLE))
        tx.add(
            InvoiceChoiceRow(
                order_id=oid, revision=1, type="DIGITAL_SPECIAL", rule="", buyer="", amount_fen=0, at=MIDDLE
            )
        )
        for n, pieces in ((1, 2), (2, 1)):
            lines = [{"line_no": "1", "sku": "MUG", "quantity": pieces}]
            tx.add(ConsignmentRow(order_id=oid, n=n, warehouse=f"WH0{n}", lines=lines, status="packed", at=MIDDLE))
            pid = f"{oid}#{n}"
            about: dict[str, Any] = {"order_id": oid, "parcel_id": pid}
            tx.add(ParcelRow(**about, n=n, package_code="", items=[], status="signed", consignment=n, told_at=None))
            waybill: dict[str, Any] = {"key": pid, "provider": "sf", "carrier": "SF", "attempt": 1, "number": f"SF{n}"}
            tx.add(WaybillRow(**about, **waybill, status="live", asked_at=MIDDLE, updated_at=MIDDLE))
            node: dict[str, Any] = {"number": f"SF{n}", "fingerprint": "x", "code": str(TrackCode.SIGNED), "text": ""}
            tx.add(TrackNodeRow(**node, at=MIDDLE + timedelta(days=1)))
    async with database.transaction() as tx:
        parcel = await tx.get_one(ParcelRow, f"{oid}#1")
        parcel.told_at = MIDDLE
        await tx.flush()
        await credit_limits.has_left(tx, one, parcel)
    tables = await _books(database, tmp_path)
    (row,) = tables[Sheet.CONSIGNMENTS]
    assert (row["发货单"], row["仓库"], row["运单号"], row["快递公司"]) == (1, "WH01", "SF1", "顺丰速运")
    assert (_fen(row["运费预估"]), row["发货时间"]) == (601, format_beijing(MIDDLE))
    assert (row["签收时间"], row["发票类型"]) == (
        format_beijing(MIDDLE + timedelta(days=1)),
        "数电票（增值税专用发票）",
    )
    invoiced = _fen(row["可开票金额"])
    assert 0 < invoiced < 10_001
    assert (_fen(row["转为应收"]), _fen(row["释放预占额度"]), row["账期"]) == (invoiced, invoiced, "NET30")
    total = tables[Sheet.SUMMARY][-1]
    assert (total["发货单数"], _fen(total["可开票金额"]), _fen(total["运费预估"])) == (1, invoiced, 601)


async def test_a_field_that_came_later_is_there_in_the_month_in_which_it_came(
    database: Database, tmp_path: Path
) -> None:
    one = order("SO1", paid_at=MIDDLE - timedelta(days=30))
    await _take(database, one)
    centre, serial = Place(Scope.CUSTOMER), Place(Scope.LINE, "1")
    values = [Value(centre, "cost_centre", "K-1"), Value(serial, "serial_no", "SN-1")]
    async with database.transaction() as tx:
        await extensions.supply(tx, await load_order(tx, one.order_id), values, "wei", definitions())
        await tx.execute(update(SuppliedFieldRow).values(at=MIDDLE))
    tables = await _books(database, tmp_path, page=1)
    (row,) = tables[Sheet.FIELDS]
    assert (row["字段"], row["值"], row["补充时间"]) == ("cost_centre", "K-1", format_beijing(MIDDLE))
    assert tables[Sheet.LINES] == []
    assert [day["日期"] for day in tables[Sheet.SUMMARY]] == ["2026-11-15", ""]
    october = await _books(database, tmp_path, period("2026-10-01", "2026-11-01"))
    assert [field["值"] for field in october[Sheet.FIELDS]] == ["K-1"]


async def test_the_old_systems_orders_are_the_old_systems(database: Database, tmp_path: Path) -> None:
    await _take(database, order("SO1", paid_at=MIDDLE), order("SO2", paid_at=MIDDLE))
    off = order("SO3", paid_at=MIDDLE, status=ChannelStatus.CANCELLED)
    await _take(database, off, order("SO4", paid_at=None, status=ChannelStatus.UNPAID))
    async with database.transaction() as tx:
        facts: dict[str, Any] = {"order_id": "own:main:SO2", "channel": "own", "shop": "main"}
        tx.add(ShadowOrderRow(**facts, placed_at=MIDDLE, heard_at=MIDDLE))
        (await tx.get_one(OrderRow, "own:main:SO3")).exit = "CANCELLED"
    tables = await _books(database, tmp_path)
    assert [row["订单号"] for row in tables[Sheet.LINES]] == ["own:main:SO1", "own:main:SO3"]
    total = tables[Sheet.SUMMARY][-1]
    assert (_fen(total["实付"]), _fen(total["其中已取消"])) == (9900, 4950)


async def test_a_sheet_that_is_full_is_followed_by_another(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finance_books, "MOST_ROWS", 2)
    await _take(database, *(order(f"SO{n}", paid_at=MIDDLE) for n in range(3)))
    await export(database, NOVEMBER, definitions(), tmp_path / "books.xlsx")
    book = CalamineWorkbook.from_path(str(tmp_path / "books.xlsx"))
    assert book.sheet_names[-1] == "订单明细 2"
    pages = [book.get_sheet_by_name(name).to_python() for name in ("订单明细", "订单明细 2")]
    assert [len(page) for page in pages] == [3, 2]
    assert pages[0][0] == pages[1][0]


async def test_the_command_says_what_it_does_and_writes_nothing_that_it_should_not(
    settings: Settings, database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = _folder(tmp_path)
    book = out / "nov.xlsx"

    async def asked(since: str = "2026-11-01", channel: str = "", file: Path = book, **more: bool) -> tuple[int, str]:
        code = await export_to(settings, since, "2026-12-01", channel, "", file, **more)
        said = capsys.readouterr()
        return code, said.out + said.err

    assert (await asked("November"))[0] == 2
    assert (await asked("2026-12-01"))[0] == 2
    code, said = await asked(channel="nowhere")
    assert (code, "taobao" in said) == (2, True)
    assert (await asked(file=out / "nov.pdf"))[0] == 2
    assert (await asked(file=out / "none" / "nov.xlsx"))[0] == 2
    assert _names(out) == []
    code, said = await asked()
    assert (code, "没有任何数据" in said) == (0, True)
    assert _read(book)[Sheet.LINES] == []
    before = book.read_bytes()
    await _take(database, order("SO1", paid_at=MIDDLE))
    code, said = await asked()
    assert (code, "--force" in said, book.read_bytes() == before) == (2, True, True)
    code, said = await asked(force=True, as_json=True)
    assert (code, '"paid_fen": 4950' in said) == (0, True)
    assert len(_read(book)[Sheet.LINES]) == 1


async def test_its_headers_are_english_where_the_settings_say_so(
    settings: Settings, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERHUB_LANGUAGE", "en")
    await _take(database, order("SO1", paid_at=MIDDLE))
    out = tmp_path / "nov.csv"
    assert await export_to(load_settings(), "2026-11-01", "2026-12-01", "", "", out) == 0
    written = {name: (tmp_path / f"nov-{name}.csv").read_text("utf-8-sig") for name in ("lines", "summary")}
    assert written["lines"].startswith("order,channel,shop,platform order no.,")
    assert written["summary"].splitlines()[-1].startswith("Total,")


async def test_over_the_staff_api_finance_gets_it_and_nobody_else(
    client: httpx.AsyncClient, database: Database
) -> None:
    await _take(database, order("SO1", paid_at=MIDDLE))
    wish = {"from": "2026-11-01", "to": "2026-12-01"}
    assert (await client.get(API, params=wish)).status_code == 401
    assert (await client.get(API, params=wish, headers=WEI)).status_code == 403
    assert (await client.get(API, params={**wish, "to": "2026-11-01"}, headers=LAN)).status_code == 422
    answer = await client.get(API, params=wish, headers=LAN)
    assert answer.headers["content-disposition"] == 'attachment; filename="finance_2026-11-01_2026-12-01.xlsx"'
    assert len(_read(answer.content)[Sheet.LINES]) == 1
    answer = await client.get(API, params={**wish, "format": "csv", "sheet": "summary"}, headers=LAN)
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.content.decode("utf-8-sig").splitlines()[-1].startswith("合计,")
