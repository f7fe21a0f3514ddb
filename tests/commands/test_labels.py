"""`orderhub labels` at the labels' desk."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import app
from commands.labels import print_again, print_labels, show, take_off
from domain.clock import utc_now
from domain.labels import WINDOW
from domain.paper import Size
from printing.desk import Desk
from store.database import Database
from tests.printing.scanner import pages
from tests.store.labelled import desk, pack, pid, void
from tests.store.samples import NOON

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@on_sqlite
async def test_list_print_and_print_again(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at, out = desk(database), tmp_path / "labels.pdf"
    now = utc_now()
    await pack(database, "SO1", at=now - WINDOW - timedelta(minutes=5))
    await pack(database, "SO2", at=now - timedelta(minutes=1))
    since = now - timedelta(hours=1)

    async def run(*, early: bool = False, again: bool = False, as_json: bool = True) -> str:
        code = await print_labels(at, since, "", out=out, size=Size.SMALL, early=early, again=again, as_json=as_json)
        assert code == 0
        return capsys.readouterr().out

    assert await show(at, since, "", as_json=False) == 0
    shown = capsys.readouterr().out
    assert "顺丰速运" in shown
    assert "可打印" in shown
    assert "还可合入" in shown

    first = json.loads(await run())
    assert (len(first["new"]), first["waiting"], first["file"]) == (1, 1, str(out))
    [page] = pages(out.read_bytes())
    assert [order.split()[0] for order in page.words.splitlines() if order.startswith("SO")] == ["SO1"]
    out.unlink()
    assert await run(as_json=False) == ("没有可打印的面单\n另有 1 个包裹的合并时间未到，--early 可立即打印\n")
    assert not out.exists()
    assert len(json.loads(await run(early=True))["new"]) == 1
    both = json.loads(await run(again=True))
    assert (len(both["sheets"]), both["new"]) == (2, [])
    before = out.read_bytes()
    assert len(pages(before)) == 2
    await run(again=True)
    assert out.read_bytes() == before

    await void(database, pid("SO1"))
    told = await run(again=True, as_json=False)
    assert f"从面单 {first['new'][0]} 移出 {pid('SO1')}（SF100000000011）：单号已作废" in told
    assert out.read_bytes() != before


@on_sqlite
async def test_one_sheet_again_or_withdrawn(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at, out = desk(database), tmp_path / "labels.pdf"
    await pack(database)
    nowhere = tmp_path / "none" / "x.pdf"
    code = await print_labels(at, NOON, "", out=nowhere, size=Size.SMALL, early=False, again=False, as_json=True)
    told = capsys.readouterr()
    assert (code, told.out) == (1, "")
    sheet = told.err.partition("：")[2].partition("，")[0]
    assert await print_again(at, NOON, "", sheet=sheet, out=out) == 0
    assert len(pages(out.read_bytes())) == 1
    assert await take_off(at, NOON, "", sheet=sheet) == 0
    assert "1 个包裹可重新打印" in capsys.readouterr().out
    for code in (await print_again(at, NOON, "", sheet="none", out=out), await take_off(at, NOON, "", sheet="none")):
        assert code == 1
    assert capsys.readouterr().err == "没有这张面单\n" * 2


@on_sqlite
async def test_codes_that_no_phone_can_follow(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await pack(database)
    at = Desk(database, "http://0.0.0.0:8000", timedelta(hours=1))
    out = tmp_path / "labels.pdf"
    await print_labels(at, NOON, "", out=out, size=Size.SMALL, early=False, again=False, as_json=True)
    assert "手机打不开" in capsys.readouterr().err


def test_the_command_line_itself(tmp_path: Path) -> None:
    out = tmp_path / "sample.pdf"
    done = CliRunner().invoke(app, ["labels", "sample", "--size", "100x180", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert len(pages(out.read_bytes())) == 1
    assert CliRunner().invoke(app, ["labels", "sample", "--size", "1x1", "--out", str(out)]).exit_code == 2
