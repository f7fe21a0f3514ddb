"""`orderhub listings`: taken out of a file, shown, and what was told of them."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from pydantic import SecretStr

from commands import listings as command
from domain.clock import utc_now
from settings import CompanySettings, Settings
from store import listings
from store.database import Database

GOOD = "channel,shop,sku,item_id,sku_id\ndouyin,123,MUG-01,3500,1700\nown,main,MUG-01,,\n"


@pytest.fixture
def settings(database: Database) -> Settings:
    url = SecretStr(database.url)
    return Settings.model_construct(database_url=url, language="zh", company=CompanySettings())


async def test_a_file_is_taken_once(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    for expected in ({"added": 2, "changed": 0}, {"added": 0, "changed": 0}):
        assert await command.take(settings, GOOD.encode(), as_json=True) == 0
        said = json.loads(capsys.readouterr().out)
        assert said == expected | {"same": 2 - expected["added"], "bad": 0}
    assert (
        await command.take(settings, GOOD.replace("123,MUG-01", "123,CUP-01").encode("utf-8-sig"), as_json=False) == 0
    )
    assert "变更 1" in capsys.readouterr().out
    assert await command.show(settings, "", "", as_json=True) == 0
    shown = json.loads(capsys.readouterr().out)["listings"]
    assert [(row["channel"], row["sku"], row["item_id"], row["sku_id"]) for row in shown] == [
        ("douyin", "CUP-01", "3500", "1700"),
        ("own", "MUG-01", "", "MUG-01"),
    ]
    assert await command.show(settings, "own", "main", as_json=False) == 0
    assert "main" in capsys.readouterr().out


async def test_bad_rows_are_named_and_hold_up_no_other(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    bad = "ebay,1,MUG,1,1\ndouyin,,MUG,1,1\ntaobao,店,,1,1\npdd,1,MUG,,\n"
    assert await command.take(settings, (GOOD + bad).encode("gb18030"), as_json=True) == 1
    printed = capsys.readouterr()
    assert json.loads(printed.out) == {"added": 2, "changed": 0, "same": 0, "bad": 4}
    assert [line.partition("：")[0] for line in printed.err.splitlines()] == [f"第 {n} 行" for n in (4, 5, 6, 7)]


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\x00\xff\xfe\x81", b'channel,shop,sku\n"a'])
def test_what_is_no_such_file_is_said(content: bytes) -> None:
    read = command.parsed(content)
    assert read.found == []
    assert read.problems


async def test_the_log_shows_what_was_reckoned_with(
    settings: Settings, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    key = ("douyin", "123", "3500", "1700")
    async with database.transaction() as tx:
        await listings.put(tx, [listings.Named(*key, "MUG-01")])
    inputs = {"available": 12, "safety": 2, "room": 10, "share": 80, "formula": "…"}
    async with database.transaction() as tx:
        logged = await listings.asked(tx, listings.Wanted(key, 8, inputs, "publish_stock@1/a", 0))
        assert logged is not None
        await listings.not_taken(tx, logged, "unknown", "no answer", utc_now() + timedelta(minutes=1))
    assert await command.log(settings, "MUG-01", 10, as_json=True) == 0
    (row,) = json.loads(capsys.readouterr().out)["published"]
    assert (row["pieces"], row["status"], row["inputs"], row["rule"]) == (8, "unknown", inputs, "publish_stock@1/a")
    assert await command.log(settings, "", 10, as_json=False) == 0
    assert "80" in capsys.readouterr().out
