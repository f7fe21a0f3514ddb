"""`orderhub rules` as a person calls it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from pydantic import SecretStr

from activities.contracts import OrderAt
from activities.couriers import CourierSteps
from activities.partners import HubConfig
from commands import doctor, rules
from commands.rules_coverage import show_coverage
from domain.texts import use_language
from domain.words import About, Word
from embedded.credentials import Ports
from embedded.environment import open_home
from rules import engine
from rules.documents import version_of
from rules.workbook import read_workbook
from runtime.rules import RuleKeeper
from settings import Settings, load_settings
from store import words
from store.database import Database
from tests.rules.days import LATER, rows, whole
from tests.rules.documents import changed
from tests.store.samples import taken

NEW = changed("courier_plan", "clear", steps='"sf:SF"')
NEW["orderhub"]["examples"][0]["expect"]["steps"] = "sf:SF"
VERSION, DEFAULT = version_of(NEW), version_of(engine.default("courier_plan"))


@pytest.fixture
def database_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """SQLite only: tests/store/test_rules.py and tests/runtime/test_rules.py hold what differs between databases."""
    shutil.copy(migrated_sqlite, tmp_path / "store.db")
    return f"sqlite+aiosqlite:///{tmp_path / 'store.db'}"


@pytest.fixture
async def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database_url: str) -> Settings:
    for name in [name for name in os.environ if name.upper().startswith("ORDERHUB_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    for name, value in open_home(tmp_path / "home", Ports(1, 2, 3, 4)).variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ORDERHUB_DATABASE_URL", database_url)
    return load_settings()


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    use_language("zh")
    engine.use(engine.Book())


def yes(question: str) -> bool:
    return True


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[[Awaitable[int]], Awaitable[tuple[int, Any]]]:
    """Run a command with --json. Its exit code, and what it printed: an object, or the lines of its complaint."""

    async def call(command: Awaitable[int]) -> tuple[int, Any]:
        capsys.readouterr()
        code = await command
        out, err = capsys.readouterr()
        return code, json.loads(out) if out else err.splitlines()

    return call


async def _in_force(settings: Settings, run: Any) -> tuple[str, list[str]]:
    code, said = await run(rules.show_all(settings, as_json=True))
    assert code == 0
    [found] = [one for one in said["rules"] if one["name"] == "courier_plan"]
    return found["version"], [one["state"] for one in found["drafts"]]


async def test_from_the_file_into_force_and_back(
    settings: Settings, database: Database, tmp_path: Path, run: Any
) -> None:
    file = tmp_path / "plan.xlsx"
    rules.write_document("courier_plan", NEW, file)
    await taken(database, "SO1")
    assert await run(rules.import_(settings, "courier_plan", file, "li", "试行", as_json=True)) == (
        0,
        {"name": "courier_plan", "version": VERSION, "new": True},
    )
    again = await run(rules.import_(settings, "courier_plan", file, "li", "试行", as_json=True))
    assert again[1]["new"] is False
    assert await _in_force(settings, run) == (DEFAULT, ["draft"])

    wish = (settings, "courier_plan", "", "wang", "大促", "", "", yes)
    code, said = await run(rules.publish(*wish, as_json=True))
    assert (code, said) == (1, ["courier_plan 没有测试通过的版本；先运行 orderhub rules test courier_plan"])
    code, said = await run(rules.test(settings, "courier_plan", "", None, 500, "li", as_json=True))
    assert (code, said["sound"], said["version"], said["examples"]) == (0, True, VERSION, 3)
    assert (said["against"]["of"], said["against"]["tried"], said["against"]["changed"]) == ("order", 1, 1)
    assert said["against"]["differences"][0]["changed"]["steps"] == ["sf:SF cainiao:ZTO", "sf:SF"]
    assert await _in_force(settings, run) == (DEFAULT, ["tested"])

    refused = (*wish[:-1], lambda question: False)
    assert (await run(rules.publish(*refused, as_json=True)))[0] == 2
    code, said = await run(rules.publish(*wish, as_json=True))
    assert (code, said["changed"], said["event"]["who"], said["event"]["why"]) == (0, True, "wang", "大促")
    assert (await run(rules.publish(*wish, as_json=True)))[1]["changed"] is False
    assert await _in_force(settings, run) == (VERSION, [])

    code, said = await run(rules.rollback(settings, "courier_plan", None, "zhao", "太慢", yes, as_json=True))
    assert (code, said["event"]["what"]) == (0, "withdrawn")
    assert await _in_force(settings, run) == (DEFAULT, [])
    code, said = await run(rules.rollback(settings, "courier_plan", None, "zhao", "太慢", yes, as_json=True))
    assert code == 1
    assert said[0].startswith("courier_plan 没有可撤回的发布")
    _, said = await run(rules.history(settings, "courier_plan", as_json=True))
    assert [(event["what"], event["who"]) for event in said["events"]] == [
        ("drafted", "li"), ("tested", "li"), ("published", "wang"), ("withdrawn", "zhao"),
    ]  # fmt: skip


async def test_next_years_days_are_entered_in_a_file_and_the_doctor_is_content(
    settings: Settings, tmp_path: Path, run: Any
) -> None:
    file = tmp_path / "official_days.xlsx"
    with time_machine.travel(datetime(LATER, 6, 1, tzinfo=UTC)):
        before = await doctor.days(settings)
        rules.write_document("official_days", rows(*whole(LATER)), file)
        await run(rules.import_(settings, "official_days", file, "li", "", as_json=True))
        code, said = await run(rules.test(settings, "official_days", "", None, 0, "li", as_json=True))
        assert (code, said["sound"]) == (0, True)
        await run(rules.publish(settings, "official_days", "", "li", "国务院已公布", "", "", yes, as_json=True))
        after = await doctor.days(settings)
        empty = SecretStr(f"sqlite+aiosqlite:///{tmp_path / 'no_tables.db'}")
        without = await doctor.days(settings.model_copy(update={"database_url": empty}))
    assert [one.well for one in (before, after, without)] == [False, True, False]
    assert after.found == f"China's holidays and shifted weekends of {LATER}"


async def test_a_window_that_has_not_begun_is_called_off_by_its_number(
    settings: Settings, run: Any, tmp_path: Path
) -> None:
    file = tmp_path / "plan.json"
    rules.write_document("courier_plan", NEW, file)
    await run(rules.import_(settings, "courier_plan", file, "li", "", as_json=True))
    await run(rules.test(settings, "courier_plan", "", None, 0, "li", as_json=True))
    window = ("2999-11-11 00:00", "2999-11-12 00:00:00")
    code, said = await run(rules.publish(settings, "courier_plan", "", "li", "双十一", *window, yes, as_json=True))
    assert code == 0
    assert (
        said["event"]["begins"] == "2999-11-10T16:00:00+00:00" or "2999-11-11T00:00:00+08:00" in said["event"]["begins"]
    )
    assert (await _in_force(settings, run))[0] == DEFAULT
    number = said["event"]["number"]
    assert (await run(rules.rollback(settings, "courier_plan", number, "li", "取消", yes, as_json=True)))[0] == 0
    _, said = await run(rules.show_all(settings, as_json=True))
    assert [one["waiting"] for one in said["rules"] if one["name"] == "courier_plan"] == [[]]
    for bad in ("gestern", "2020-01-01 00:00"):
        wish = rules.publish(settings, "courier_plan", VERSION, "li", "", bad, "", yes, as_json=True)
        assert (await run(wish))[0] == 1


async def test_what_is_wrong_is_named_and_nothing_is_kept(settings: Settings, run: Any, tmp_path: Path) -> None:
    file = tmp_path / "freight.xlsx"
    rules.write_document("freight", changed("freight", "sf_city", base="20001", zone='"moon"'), file)
    code, said = await run(rules.import_(settings, "freight", file, "li", "", as_json=True))
    assert code == 1
    assert said[0].startswith("工作表「运费估算」，第 3 行，D 列（每单起价（分））：20001 超出允许的范围")
    code, said = await run(rules.test(settings, "freight", "", file, 0, "li", as_json=True))
    assert (code, said["sound"], said["problems"][0]["row"]) == (1, False, "sf_city")
    assert said["problems"][0]["sentence"].startswith("工作表「运费估算」，第 3 行")
    assert (await run(rules.history(settings, "freight", as_json=True)))[1]["events"] == []
    for wish in (
        rules.import_(settings, "weather", file, "li", "", as_json=True),
        rules.import_(settings, "freight", tmp_path / "none.xlsx", "li", "", as_json=True),
        rules.show(settings, "freight", "00000000", as_json=True),
        rules.test(settings, "freight", "", None, 0, "li", as_json=True),
        rules.history(settings, "weather", as_json=True),
    ):
        code, said = await run(wish)
        assert code == 1
        assert said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[]", "不是决策表文件"),
        (b'{"nodes": 5}', "不是决策表文件"),
        (b"{", "不是决策表文件"),
        ("{中}".encode("gbk"), "不是 UTF-8 编码"),
    ],
)
async def test_json_that_is_no_rule_set(
    settings: Settings, run: Any, tmp_path: Path, content: bytes, said: str
) -> None:
    file = tmp_path / "t.json"
    file.write_bytes(content)
    code, lines = await run(rules.test(settings, "freight", "", file, 0, "li", as_json=True))
    assert (code, said in lines[0]) == (1, True), lines


async def test_json_as_windows_writes_it(settings: Settings, run: Any, tmp_path: Path) -> None:
    file = tmp_path / "t.json"
    file.write_text(json.dumps(NEW), encoding="utf-8-sig")
    code, said = await run(rules.test(settings, "courier_plan", "", file, 0, "li", as_json=True))
    assert (code, said["version"]) == (0, VERSION)


async def test_an_export_of_what_is_in_force_can_be_imported(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "freight.xlsx"
    assert await rules.export(settings, "freight", file, "") == 0
    assert read_workbook("freight", file)[0] == engine.default("freight")


async def test_people_can_read_it(settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert await rules.show_all(settings, as_json=False) == 0
    assert "出厂默认" in capsys.readouterr().out
    assert await rules.show(settings, "silence", "", as_json=False) == 0
    assert "轨迹静默时限" in capsys.readouterr().out


def test_tables_as_they_came_and_files_are_checked_without_an_installation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rules.check("en", as_json=False) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" of ")[1].split(" is ")[0] for line in lines] == list(engine.tables())
    assert rules.check("zh", "silence", as_json=False) == 0
    assert capsys.readouterr().out.startswith("silence 的版本")

    file = tmp_path / "plan.json"
    file.write_text(json.dumps(NEW), encoding="utf-8")
    assert rules.check("zh", "courier_plan", file, as_json=True) == 0
    assert json.loads(capsys.readouterr().out)["tables"]["courier_plan"]["sound"]
    assert rules.check("en", "freight", file, as_json=False) == 1
    assert "freight cannot be published" in capsys.readouterr().err
    assert rules.check("en", "freigth", as_json=False) == 1
    assert "freight" in capsys.readouterr().err
    assert rules.check("en", "freight", tmp_path / "none.xlsx", as_json=True) == 1
    assert json.loads(capsys.readouterr().out)["problems"] == [f"there is no file {tmp_path / 'none.xlsx'}"]


async def test_people_can_read_what_a_draft_would_change(
    settings: Settings, database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    file = tmp_path / "plan.xlsx"
    rules.write_document("courier_plan", NEW, file)
    wish = (settings, "courier_plan", "", file, 500, "li")
    assert await rules.test(*wish, as_json=False) == 0
    assert "还没有订单，无从试算（这张表问的是：订单）" in capsys.readouterr().out
    for number in ("SO1", "SO2"):
        await taken(database, number)
    assert await rules.test(*wish, as_json=False) == 0
    said = capsys.readouterr().out
    assert "在 2 个最近的订单上试算：2 个（100.0%）结果不同" in said
    assert '顺序: "sf:SF cainiao:ZTO" → "sf:SF"' in said
    assert all(f"own:main:{number}" in said for number in ("SO1", "SO2"))


async def test_an_old_order_is_explained_by_the_version_that_decided(
    settings: Settings, database: Database, run: Any, tmp_path: Path
) -> None:
    file = tmp_path / "plan.json"
    rules.write_document("courier_plan", NEW, file)
    await run(rules.import_(settings, "courier_plan", file, "li", "", as_json=True))
    await run(rules.test(settings, "courier_plan", "", None, 0, "li", as_json=True))
    await run(rules.publish(settings, "courier_plan", "", "li", "", "", "", yes, as_json=True))
    await RuleKeeper(database).first_look()
    order_id = await taken(database, "SO1")
    await CourierSteps(database, HubConfig()).plan_couriers(OrderAt(order_id, 1))
    await run(rules.rollback(settings, "courier_plan", None, "li", "", yes, as_json=True))
    code, said = await run(rules.explain(settings, order_id, as_json=True))
    assert code == 0
    [step] = said["steps"]
    [decision] = [one for one in step["decisions"] if one["table"] == "courier_plan"]
    assert step["step"] == "plan/1"
    assert (decision["table"], decision["version"], decision["row"]) == ("courier_plan", VERSION, "clear")
    assert decision["again"] == "clear"
    assert decision["now"] == "clear"
    assert decision["in_force"] == DEFAULT
    assert decision["differs_now"]["steps"] == ["sf:SF", "sf:SF cainiao:ZTO"]
    assert (await run(rules.explain(settings, "own:main:NONE", as_json=True)))[0] == 1


async def test_coverage_of_the_partners_words(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert await show_coverage(settings, "status_map", 30, as_json=True) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["unmapped"] == 0
    taobao = next(one for one in said["partners"] if (one["partner"], one["kind"]) == ("taobao", "order_step"))
    assert [one["ours"] for one in taobao["mapped"]] == ["PAID", "UNPAID", "LOCKED", "PAID"]

    db = Database(settings.database_url.get_secret_value())
    async with db.transaction() as tx:
        await words.keep(tx, Word("jd", About.ORDER, "ON_HOLD"), 2)
    await db.close()
    assert await show_coverage(settings, "status_map", 30, as_json=True) == 1
    said = json.loads(capsys.readouterr().out)
    jd = next(one for one in said["partners"] if (one["partner"], one["kind"]) == ("jd", "order"))
    assert [(one["word"], one["times"]) for one in jd["unmapped"]] == [("ON_HOLD", 2)]
    assert await show_coverage(settings, "status_map", 30, as_json=False) == 1
    assert "ON_HOLD ×2" in capsys.readouterr().out
    assert await show_coverage(settings, "freight", 30, as_json=False) == 2
