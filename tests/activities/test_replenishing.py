"""Below its safety stock an article raises an alert, a suggestion to order, or a sale that pauses."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from pydantic import SecretStr
from python_calamine import CalamineWorkbook
from sqlmodel import col, select

from activities import contracts as c
from activities.contracts import SafetyAsk, SafetySeen
from activities.replenishing import decimals
from activities.review import ordered
from commands import replenishment as command
from domain.clock import utc_now
from domain.holds import HoldReason
from gateway.app import create_app
from gateway.deps import Gateway
from rules.documents import BadRule
from rules.engine import check
from rules.replenishing import policy
from settings import CompanySettings, Settings
from store import replenishments, stock, suggestions
from store.holds import close_hold, open_hold
from store.replenishments import NotOpen
from store.steps import load_order
from store.tables import IncomingRow, ReplenishmentRow, SkuRow, StockLedgerRow, TaskRow
from tests.activities.conftest import Bench
from tests.gateway.house import Orders, build_gateway, client_of

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
PATH = "/api/v1/staff/replenishments"


async def article(bench: Bench, below: str, *, safety: int = 20, free: int = 10, sku: str = "MUG") -> None:
    async with bench.db.transaction() as tx:
        tx.add(SkuRow(sku=sku, title="=马克杯", abc="A", safety_stock=safety, below_safety=below))
        if free:
            await stock.receive(tx, sku, "WH01", free, stock.Movement(f"receive/{sku}", "receive", "test"))


async def sold(bench: Bench, pieces: int, days: int, sku: str = "MUG") -> None:
    """So many a day left with orders, over the last days."""
    async with bench.db.transaction() as tx:
        for n in range(days):
            tx.add(
                StockLedgerRow(
                    key=f"own:main:{sku}{n}/ship",
                    sku=sku,
                    warehouse="WH01",
                    on_hand_delta=-pieces,
                    on_hand_after=0,
                    reserved_after=0,
                    kind="ship",
                    reason="ship",
                    who="test",
                    at=utc_now() - timedelta(days=n + 1),
                )
            )


async def watch(bench: Bench) -> SafetySeen:
    answer: SafetySeen = await bench.run(c.WATCH_SAFETY, SafetyAsk(batch=1))
    return answer


async def tasks(bench: Bench) -> dict[str, str]:
    async with bench.db.reading() as tx:
        rows = (await tx.execute(select(TaskRow).where(col(TaskRow.closed_at).is_(None)))).scalars()
        return {row.key: row.text for row in rows}


async def rows(bench: Bench, *, every: bool = True) -> list[ReplenishmentRow]:
    async with bench.db.reading() as tx:
        return await suggestions.listed(tx, every=every)


@pytest.mark.parametrize(
    ("below", "keys", "words"),
    [
        ("alert", {"below_safety/MUG"}, "可用 10，低于安全库存 20"),
        ("suggest", {"below_safety/MUG", "replenish/WH01/MUG"}, "低于安全库存"),
        ("pause", {"below_safety/MUG", "replenish/WH01/MUG"}, "已暂停销售"),
    ],
)
async def test_what_the_article_says_happens(bench: Bench, below: str, keys: set[str], words: str) -> None:
    await article(bench, below)
    suggested = int(below != "alert")
    for _ in range(2):
        assert await watch(bench) == SafetySeen(1, 1, suggested)
    found = await tasks(bench)
    assert set(found) == keys
    assert words in found["below_safety/MUG"]
    assert len(await rows(bench)) == suggested


async def test_a_suggestion_says_what_it_was_reckoned_from_and_follows_the_stock(bench: Bench) -> None:
    with time_machine.travel(NOW, tick=False):
        await article(bench, "suggest")
        await sold(bench, 2, 56)
        await watch(bench)
        (row,) = await rows(bench)
        # A: seven days until it is here, fourteen to last, thirty percent more
        assert row.quantity == 55 + 20 - 10
        assert row.facts == row.facts | {"free": 10, "safety": 20, "sold": 112, "sold_per_day": "2.00", "lasts_days": 5}
        assert row.facts == row.facts | {"turnover_days": "5.00", "forecast": "42.00", "out_days": 2, "lead_days": 7}
        assert row.facts["rule"].startswith("replenishment@")
        assert "约可售 5 天" in (await tasks(bench))["replenish/WH01/MUG"]
        async with bench.db.transaction() as tx:
            await stock.reserve(tx, "own:main:X", {"MUG": 4}, "WH01", "test")
        await watch(bench)
        (row,) = await rows(bench)
        assert row.quantity == 55 + 20 - 6
        async with bench.db.transaction() as tx:
            await stock.receive(tx, "MUG", "WH01", 14, stock.Movement("more", "receive", "test"))
        assert await watch(bench) == SafetySeen(1, 0, 0)
        assert await tasks(bench) == {}
        assert [row.status for row in await rows(bench)] == ["dropped"]


async def test_what_was_accepted_is_a_purchase_and_suggested_no_more(bench: Bench) -> None:
    await article(bench, "suggest")
    await watch(bench)
    (row,) = await rows(bench)
    assert row.number is not None
    for _ in range(2):
        async with bench.db.transaction() as tx:
            bought = await replenishments.accept(tx, row.number, "li")
    assert (bought.number, bought.quantity, bought.warehouse) == (f"RP{row.number}", row.quantity, "WH01")
    assert timedelta(days=6) < bought.expected_at - utc_now() <= timedelta(days=7)
    assert await watch(bench) == SafetySeen(1, 1, 0)
    assert set(await tasks(bench)) == {"below_safety/MUG"}, "it is below it still, and enough is on its way"
    async with bench.db.reading() as tx:
        assert len((await tx.execute(select(IncomingRow))).scalars().all()) == 1
        with pytest.raises(NotOpen):
            await replenishments.accept(tx, 4711, "li")


async def test_articles_without_a_safety_stock_are_nobodys_matter(bench: Bench) -> None:
    await article(bench, "suggest", safety=0, free=0)
    assert await watch(bench) == SafetySeen(0, 0, 0)


async def test_what_orders_wait_for_is_suggested_until_it_comes(bench: Bench) -> None:
    order = await bench.order()
    wanted = ordered(order)["MUG"]
    async with bench.db.transaction() as tx:
        row = await load_order(tx, order.order_id)
        await open_hold(tx, row, 1, HoldReason.STOCK_SHORT, "short", utc_now())
        await stock.receive(tx, "MUG", "WH01", -10, stock.Movement("lost", "lost", "test"))
    for _ in range(2):
        assert (await watch(bench)).suggested == len(ordered(order))
    mugs = next(row for row in await rows(bench) if row.sku == "MUG")
    assert (mugs.quantity, mugs.cause, mugs.facts["waiting"]) == (wanted, "shortage", wanted)
    assert mugs.number is not None
    async with bench.db.transaction() as tx:
        await replenishments.accept(tx, mugs.number, "li")
    assert (await watch(bench)).suggested == len(ordered(order)) - 1, "what is on its way is not asked for again"
    async with bench.db.transaction() as tx:
        await close_hold(tx, await load_order(tx, order.order_id), 1, "test", "stock came")
    assert (await watch(bench)).suggested == 0
    assert await rows(bench, every=False) == []


async def test_a_freeze_that_was_over_suggests_a_replenishment(bench: Bench) -> None:
    async with bench.db.transaction() as tx:
        await stock.receive(tx, "MUG", "WH01", 10, stock.Movement("receive", "receive", "test"))
        await stock.freeze(tx, "T1", {"MUG": 4}, "WH01", "WH02", "li", lasts=timedelta(0))
    async with bench.db.transaction() as tx:
        assert not (await stock.send(tx, "T1", "li")).ok
    (row,) = await rows(bench)
    assert (row.sku, row.warehouse, row.quantity, row.cause) == ("MUG", "WH02", 4, "invalid_freeze")
    async with bench.db.transaction() as tx:
        await suggestions.keep(tx, "MUG", "WH02", 9, suggestions.SHORTAGE, {})
        await suggestions.keep(tx, "MUG", "WH02", 2, suggestions.SHORTAGE, {})
    assert [(row.quantity, row.cause) for row in await rows(bench)] == [(9, "invalid_freeze")]


async def test_procurement_lists_exports_and_accepts(
    bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await article(bench, "suggest")
    await watch(bench)
    url = SecretStr(bench.db.url)
    settings = Settings.model_construct(database_url=url, language="zh", company=CompanySettings())
    assert await command.show(settings, every=False, as_json=True) == 0
    (shown,) = json.loads(capsys.readouterr().out)["replenishments"]
    assert (shown["sku"], shown["quantity"], shown["facts"]["safety"]) == ("MUG", 10, 20)
    assert await command.show(settings, every=False, as_json=False) == 0
    for name in ("out.csv", "out.xlsx"):
        assert await command.export(settings, tmp_path / name, every=False) == 0
    assert await command.export(settings, tmp_path / "out.pdf", every=False) == 1
    (line,) = csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text(encoding="utf-8-sig")))
    assert (line["商品"], line["建议数量"], line["名称"]) == ("MUG", "10", "'=马克杯"), "a title is never a formula"
    header, cells = CalamineWorkbook.from_path(tmp_path / "out.xlsx").get_sheet_by_index(0).to_python()
    said = dict(zip(header, cells, strict=True))
    assert (said["建议数量"], said["名称"]) == (10, "=马克杯")
    with zipfile.ZipFile(tmp_path / "out.xlsx") as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")
    capsys.readouterr()
    assert await command.accept(settings, "RP1", 50, "2026-11-30") == 0
    assert "采购单 RP1：MUG × 50，预计 2026-11-30" in capsys.readouterr().out
    assert await command.accept(settings, "RP2", None, "") == 1
    assert await command.accept(settings, "one", None, "") == 1


async def test_the_staff_api_of_procurement(bench: Bench) -> None:
    await article(bench, "suggest")
    await watch(bench)
    async with AsyncExitStack() as closing:
        gateway: Gateway = await build_gateway(bench.db, Orders(), closing)
        async with client_of(create_app(gateway)) as stranger:
            assert (await stranger.get(PATH)).status_code == 401
        async with client_of(create_app(gateway), headers={"authorization": "Bearer token-of-wei"}) as staff:
            (seen,) = (await staff.get(PATH)).json()["replenishments"]
            assert seen["quantity"] == 10
            file = await staff.get(f"{PATH}/export", params={"form": "csv"})
            assert (file.status_code, "MUG" in file.text) == (200, True)
            assert (await staff.get(f"{PATH}/export")).content[:2] == b"PK"
            accepted = f"{PATH}/{seen['number']}/accept"
            assert (await staff.post(accepted, json={"quantity": 0})).status_code == 422
            for _ in range(2):
                done = await staff.post(accepted, json={"quantity": 12})
                assert (done.status_code, done.json()["purchase"]["quantity"]) == (200, 12)
            assert (await staff.post(f"{PATH}/99/accept", json={})).status_code == 404
            assert (await staff.get(PATH)).json() == {"replenishments": []}
            assert len((await staff.get(PATH, params={"every": True})).json()["replenishments"]) == 1


def test_terms(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check("replenishment") == 3
    assert policy("MUG", "A").lead_days == 7
    assert policy("MUG", "").factor_percent == 115
    said = type("Decision", (), {"result": {"lead_days": "7", "cover_days": 1, "factor_percent": 100}, "rule": "r"})
    monkeypatch.setattr("rules.replenishing.decide", lambda *_: said)
    with pytest.raises(BadRule):
        policy("MUG", "A")


@pytest.mark.parametrize(("n", "d", "words"), [(0, 1, "0.00"), (1, 3, "0.33"), (2, 3, "0.67"), (1, 8, "0.13")])
def test_decimals(n: int, d: int, words: str) -> None:
    assert decimals(n, d) == words
