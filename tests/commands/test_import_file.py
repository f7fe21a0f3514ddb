"""`orderhub import` as an operator sees it: what is printed, and the exit code."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func
from sqlmodel import select
from typer.testing import CliRunner

import runtime.shutdown
from cli import app
from commands import import_file, shops
from connectors.files import OrderFile
from domain.texts import use_language
from embedded.credentials import Ports
from embedded.environment import open_home
from runtime.client import key_ring
from runtime.shops import take_over
from settings import Settings, load_settings
from store.database import Database
from store.tables import InboxRow
from tests.connectors.files.sheets import B2B, csv_file, row


@pytest.fixture
async def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database_url: str) -> Settings:
    """An installation with a B2B shop that has no key: its orders come from files."""
    for name in [name for name in os.environ if name.upper().startswith("ORDERHUB_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    for name, value in open_home(tmp_path / "home", Ports(1, 2, 3, 4)).variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ORDERHUB_DATABASE_URL", database_url)
    monkeypatch.setenv("ORDERHUB_B2B__SHOPS", '{"trade": {}}')
    loaded = load_settings()
    db = Database(database_url)
    async with db.transaction() as tx:
        await take_over(tx, loaded, key_ring(loaded.encryption))
    await db.close()
    return loaded


@pytest.fixture(autouse=True)
def _chinese_again() -> Iterator[None]:
    yield
    use_language("zh")


async def run(settings: Settings, path: Path, **options: Any) -> int:
    wanted = {"preview": False, "as_json": False} | options
    return await import_file.main(settings, path, "b2b", wanted.pop("shop", "trade"), **wanted)


async def kept(settings: Settings) -> int:
    db = Database(settings.database_url.get_secret_value())
    async with db.reading() as tx:
        count = int((await tx.execute(select(func.count()).select_from(InboxRow))).scalar_one())
    await db.close()
    return count


def mixed(folder: Path) -> Path:
    return csv_file(folder, row(颜色="红"), row(订单号="BO2", 数量="x", 单价=""), row(订单号="BO3"))


async def test_a_preview_says_everything_and_changes_nothing(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run(settings, mixed(tmp_path), preview=True) == 1
    out = capsys.readouterr().out.splitlines()
    assert out == [
        "orders.csv：表头在第 1 行，识别 14 列",
        "不认识、不读取的列：颜色",
        "BO1  1 行  99.00 元  新订单",
        "BO3  1 行  99.00 元  新订单",
        "orders.csv 第 3 行「数量」：不是整数，请填整数，例如 2",
        "orders.csv 第 3 行「单价」：没有填写，请补上",
        "预览：新订单 2，有变化 0，无变化 0，旧版本 0，版本冲突 0，有误 1，问题 2 处。未做任何修改",
    ]
    assert await kept(settings) == 0


async def test_good_orders_are_taken_and_bad_rows_reported(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = mixed(tmp_path)
    assert await run(settings, path) == 1
    assert "已接收：新订单 2，有变化 0。" in capsys.readouterr().out
    assert await kept(settings) == 2
    assert await run(settings, path) == 1
    assert "已接收：新订单 0，有变化 0。未接收：无变化 2" in capsys.readouterr().out
    assert await kept(settings) == 2
    assert await run(settings, csv_file(tmp_path, row())) == 0


async def test_one_json_object(settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert await run(settings, mixed(tmp_path), as_json=True) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["file"], report["channel"], report["shop"], report["preview"]) == (
        "orders.csv",
        "b2b",
        "trade",
        False,
    )
    [sheet] = report["sheets"]
    assert (sheet["columns"]["单价"], sheet["unknown_columns"], sheet["header_row"]) == ("unit_price", ["颜色"], 1)
    assert [(order["order_no"], order["result"]) for order in report["orders"]] == [
        ("BO1", "new"),
        ("BO3", "new"),
        ("BO2", "bad"),
    ]
    assert report["orders"][0] | {"version": 0} == {
        "order_no": "BO1",
        "order_id": "b2b:trade:BO1",
        "version": 0,
        "lines": 1,
        "paid_fen": 9900,
        "result": "new",
    }
    assert [(problem["row"], problem["column"], problem["order_no"]) for problem in report["problems"]] == [
        (3, "数量", "BO2"),
        (3, "单价", "BO2"),
    ]
    assert report["counts"] == {
        "new": 2,
        "changed": 0,
        "unchanged": 0,
        "stale": 0,
        "conflict": 0,
        "bad": 1,
        "problems": 2,
    }


async def test_an_empty_report_is_json_too(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = csv_file(tmp_path, row())
    path.write_text(path.read_text(encoding="utf-8-sig").splitlines()[0], encoding="utf-8")
    assert await run(settings, path, as_json=True) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["orders"], report["problems"]) == ([], [])


async def test_a_version_that_was_used_is_a_problem_of_its_row(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run(settings, csv_file(tmp_path, row(版本="1"))) == 0
    assert await run(settings, csv_file(tmp_path, row(订单号="BO0", 版本="1"), row(版本="1", 备注="别的"))) == 1
    out = capsys.readouterr().out
    assert "orders.csv 第 3 行：版本 1 之前来过，内容不同；请加大版本号" in out


@pytest.mark.parametrize("shop", ["nowhere", ""])
async def test_a_shop_that_there_is_not(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str], shop: str
) -> None:
    assert await run(settings, csv_file(tmp_path, row()), shop=shop) == 2
    assert "orderhub shops list" in capsys.readouterr().err


async def test_a_file_that_cannot_be_read_is_one_sentence(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run(settings, tmp_path / "nowhere.csv") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1


async def test_more_orders_than_one_batch_holds(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(import_file, "_AT_ONCE", 3)
    path = csv_file(tmp_path, *(row(订单号=f"BO{n}") for n in range(10)))
    assert await run(settings, path, as_json=True) == 0
    assert len(json.loads(capsys.readouterr().out)["orders"]) == 10
    assert await kept(settings) == 10


async def test_a_mini_programs_backend_is_listed_among_the_shops(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its group in the settings is not called by its channel."""
    monkeypatch.setenv("ORDERHUB_WECHAT_ORDERS__SHOPS", '{"wx1": {}}')
    loaded = load_settings()
    db = Database(settings.database_url.get_secret_value())
    async with db.transaction() as tx:
        await take_over(tx, loaded, key_ring(loaded.encryption))
    await db.close()
    assert await shops.show(loaded, as_json=False) == 0
    assert "小程序后台" in capsys.readouterr().out


def test_how_far_it_is_is_told_on_stderr(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(import_file, "_TELL_EVERY_S", 0)
    tell = import_file._Progress()
    tell(50, 200)
    out, err = capsys.readouterr()
    assert (out, err) == ("", "已读取 25%\n")


def test_the_template(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "out.xlsx"
    assert import_file.template("en", path) == 0
    assert str(path) in capsys.readouterr().out
    with OrderFile(path, B2B) as file:
        file.load()
        assert file.sheets[0][0] == "orders"
    assert import_file.template("zh", tmp_path / "nowhere" / "out.xlsx") == 2
    assert "写不进去" in capsys.readouterr().err


class Left(Exception):
    """The process would have ended here."""


@pytest.mark.parametrize(
    ("arguments", "code"),
    [([], 2), (["orders.csv"], 2), (["--template", "out.xlsx"], 0)],
)
def test_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int) -> None:
    left: list[int] = []

    def leave(exit_code: int) -> None:
        left.append(exit_code)
        raise Left

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runtime.shutdown, "leave", leave)
    CliRunner().invoke(app, ["import", *arguments])
    assert left == [code]
