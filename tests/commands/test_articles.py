"""`orderhub articles`: taken out of a file, and what sells them is looked at again."""

from __future__ import annotations

import json

import pytest
from pydantic import SecretStr
from sqlmodel import select, update

from commands import articles as command
from settings import CompanySettings, Settings
from store import listings
from store.articles import Article, weights
from store.database import Database
from store.tables import ListingRow

GOOD = "sku,title,abc,safety_stock,below_safety\nMUG,马克杯,b,20,suggest\nCUP,,,,\n"


@pytest.fixture
def settings(database: Database) -> Settings:
    url = SecretStr(database.url)
    return Settings.model_construct(database_url=url, language="zh", company=CompanySettings())


async def test_a_file_is_taken_once(settings: Settings, database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    async with database.transaction() as tx:
        await listings.put(tx, [listings.Named("own", "main", "", sku, sku) for sku in ("MUG", "CUP")])
    for added in (2, 0):
        assert await command.take(settings, GOOD.encode("gb18030"), as_json=True) == 0
        assert json.loads(capsys.readouterr().out) == {"added": added, "changed": 0, "same": 2 - added, "bad": 0}
    bare = {"category": "", "grade": 0, "weight_g": 0}
    assert await command.show(settings, as_json=True) == 0
    assert json.loads(capsys.readouterr().out)["articles"] == [
        {"sku": "CUP", "title": "", "abc": "", "safety_stock": 0, "below_safety": "alert", **bare},
        {"sku": "MUG", "title": "马克杯", "abc": "B", "safety_stock": 20, "below_safety": "suggest", **bare},
    ]
    async with database.transaction() as tx:
        await tx.execute(update(ListingRow).values(stale=False))
    assert await command.take(settings, GOOD.replace("20", "30").encode(), as_json=False) == 0
    assert "变更 1" in capsys.readouterr().out
    async with database.reading() as tx:
        stale = (await tx.execute(select(ListingRow.sku).where(ListingRow.stale))).scalars().all()
    assert stale == ["MUG"], "what channels are told follows at once"
    assert await command.show(settings, as_json=False) == 0
    assert "建议补货" in capsys.readouterr().out


async def test_bad_rows_are_named(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    bad = ",x,A,1,alert\nA1,,D,1,alert\nA2,,A,-1,alert\nA3,,A,1,panic\n"
    assert await command.take(settings, (GOOD + bad).encode(), as_json=True) == 1
    printed = capsys.readouterr()
    assert json.loads(printed.out) == {"added": 2, "changed": 0, "same": 0, "bad": 4}
    assert [line.partition("：")[0] for line in printed.err.splitlines()] == [f"第 {n} 行" for n in (4, 5, 6, 7)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"sku": ""},
        {"abc": "D"},
        {"safety_stock": -1},
        {"below_safety": "panic"},
        {"category": "X!"},
        {"grade": 10},
        {"weight_g": -1},
    ],
)
def test_what_makes_no_sense_is_no_article(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="no article"):
        Article(**({"sku": "MUG"} | wrong))  # type: ignore[arg-type]


TAGS = """sku,kind,value,area,issuer,valid_from,valid_to
MILK,formula_registration,国食注字YP20170001,,总局,2022-01-01,2027-01-01
FOOD,market_access_cert_no,APHIS-1,us,,,
"""


async def test_what_articles_are_in_law(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    classed = "sku,category,grade\nMILK,infant_formula,2\n"
    assert await command.take(settings, classed.encode(), as_json=True) == 0
    assert await command.take(settings, b"sku,title\nMILK,x\n", as_json=True) == 0
    assert await command.take_tags(settings, TAGS.encode(), as_json=True) == 0
    assert await command.take_tags(settings, TAGS.encode(), as_json=True) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"added": 0, "changed": 0, "same": 2, "bad": 0}
    assert await command.show(settings, as_json=True) == 0
    (row,) = json.loads(capsys.readouterr().out)["articles"]
    assert (row["title"], row["category"], row["grade"]) == ("x", "infant_formula", 2), "what is not said stays"
    assert await command.show_tags(settings, as_json=True) == 0
    tags = json.loads(capsys.readouterr().out)["tags"]
    assert [(tag["sku"], tag["area"], tag["valid_to"]) for tag in tags] == [
        ("FOOD", "US", None),
        ("MILK", "", "2027-01-01"),
    ]
    assert await command.show_tags(settings, as_json=False) == 0
    assert "总局" in capsys.readouterr().out


async def test_bad_tags_are_named(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    head = TAGS.splitlines()[0]
    bad = [
        ",hs_code,230910,,,,",
        "A,nonsense,1,,,,",
        "A,formula_registration,YP1,,,,",
        "A,hs_code,230910,,,1.1.2026,",
        "A,hs_code,230910,,,2026-02-01,2026-01-01",
    ]
    assert await command.take_tags(settings, "\n".join([head, *bad]).encode(), as_json=True) == 1
    printed = capsys.readouterr()
    assert json.loads(printed.out) == {"added": 0, "changed": 0, "same": 0, "bad": 5}
    assert [line.partition("：")[0] for line in printed.err.splitlines()] == [f"第 {n} 行" for n in range(2, 7)]


async def test_what_articles_weigh(settings: Settings, database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    assert await command.take(settings, b"sku,weight_g\nMUG,350\nCUP,\nLAMP,1.5\nSAFE,1000001\n", as_json=True) == 1
    assert json.loads(capsys.readouterr().out) == {"added": 2, "changed": 0, "same": 0, "bad": 2}
    assert await command.take(settings, b"sku,title\nMUG,x\n", as_json=True) == 0
    async with database.reading() as tx:
        assert await weights(tx, ["MUG", "CUP", "LAMP"]) == {"MUG": 350}, "a file without weights takes none away"
