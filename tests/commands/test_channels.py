"""`orderhub channels`: what it says of each channel is what the code does."""

from __future__ import annotations

import ast
import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest

import sandbox
from commands import channels
from commands.channels import covering_tests, planned
from connectors.contract import Case, playing
from connectors.facts import Facts, ReceiverKind, Way
from connectors.jd import JdExports
from connectors.rest.documents import SOURCES
from domain.news import OrderNews
from domain.order import Channel
from embedded.credentials import Ports
from embedded.environment import open_home
from runtime.client import key_ring
from runtime.partners import connectors_of
from runtime.shops import seal
from settings import Settings, load_settings
from store import shops
from store.database import Database
from store.migrate import upgrade
from store.shops import ShopState
from tests.connectors.contract.peers import hasten
from tests.connectors.test_contract import CASES

SELLING: list[Case[Any]] = [case for case in CASES if case.port == "channel"]


def facts_of(connector: Any) -> Facts:
    facts: Facts = type(connector).facts
    return facts


@pytest.mark.parametrize("case", SELLING, ids=lambda case: case.name)
def test_ways_in_are_those_that_the_contract_tries(case: Case[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    hasten(monkeypatch)

    async def said() -> Facts:
        async with case.build() as connector:
            return facts_of(connector)

    facts = asyncio.run(said())
    assert (Way.PUSH in facts.ways) == (case.pushes is not None)
    assert (Way.PULL in facts.ways) == bool(case.pulls)


@pytest.mark.parametrize("case", SELLING, ids=lambda case: case.name)
def test_receivers_are_those_of_the_orders_that_come(case: Case[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    hasten(monkeypatch)

    async def seen() -> tuple[Facts, set[str]]:
        kinds: set[str] = set()
        async with case.build() as connector:
            pushes = case.pushes.genuine if case.pushes else ()
            documents = [each for push in pushes for each in connector.unpack(push)]
            for pull in case.pulls:
                with playing(pull.peer):
                    documents += (await pull.source(connector).pull(pull.shop, pull.window, None)).documents
            with playing(case.peer):
                for document in documents:
                    try:
                        news = await case.source(connector).interpret(document)
                    except Exception:
                        continue  # most rows of a peer's pages are about orders that it does not know
                    kinds |= {each.order.receiver.kind for each in news if isinstance(each, OrderNews)}
            return facts_of(connector), kinds

    facts, kinds = asyncio.run(seen())
    assert kinds <= set(facts.receivers)
    assert bool(kinds) == bool(facts.receivers)


def test_every_channel_has_a_connector_and_a_way_in() -> None:
    for channel in Channel:
        assert connectors_of(channel)
        assert {way for kind in connectors_of(channel) for way in kind.facts.ways}
        assert {kind for each in connectors_of(channel) for kind in each.facts.receivers}


def written_in_books(folder: str) -> set[str]:
    """Which receivers the sandbox's books of a channel can tell of: what their field `encrypted` is written from."""
    kinds: set[str] = set()
    for path in (Path(sandbox.__file__).parent / folder).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values, strict=True):
                    if isinstance(key, ast.Constant) and key.value == "encrypted":
                        said = value.value if isinstance(value, ast.Constant) else None
                        kinds |= {"cipher"} if said is True else {"clear"} if said is False else {"cipher", "clear"}
    return kinds


@pytest.mark.parametrize("folder", ["own", "douyin", "taobao", "jd", "pdd", "xiaohongshu", "wechat"])
def test_receivers_are_those_of_the_sandboxs_books(folder: str) -> None:
    kinds = {str(kind) for each in connectors_of(Channel(folder)) for kind in each.facts.receivers}
    assert written_in_books(folder) == kinds


def test_files_are_imported_for_whoever_speaks_rest_and_fetched_for_jd() -> None:
    by_file = {channel for channel in Channel for kind in connectors_of(channel) if Way.FILE in kind.facts.ways}
    assert by_file == {*SOURCES, JdExports.channel}


@pytest.mark.parametrize(
    ("channel", "receiver", "cold", "steps"),
    [
        (Channel.DOUYIN, ReceiverKind.CIPHER, False, ("douyin:SF", "douyin:ZTO", "manual:OTHER")),
        (Channel.OWN, ReceiverKind.CLEAR, False, ("sf:SF", "cainiao:ZTO", "manual:OTHER")),
        (Channel.OWN, ReceiverKind.CLEAR, True, ("sf:SF", "manual:OTHER")),
    ],
)
def test_couriers_are_the_decision_tables(
    channel: Channel, receiver: ReceiverKind, cold: bool, steps: tuple[str, ...]
) -> None:
    plan = planned(channel, receiver, cold)
    assert plan.steps == steps
    assert plan.rule.startswith("courier_plan@")


def test_no_encrypted_receiver_goes_around_its_platform() -> None:
    for channel in Channel:
        for cold in (False, True):
            steps = planned(channel, ReceiverKind.CIPHER, cold).steps
            assert {step.partition(":")[0] for step in steps} <= {channel.value, "manual"}


def test_tests_are_found_by_folder_name_and_import() -> None:
    found = covering_tests(Channel.DOUYIN)
    assert found is not None
    assert {
        "tests/connectors/douyin/test_orders.py",
        "tests/sandbox/test_douyin_calls.py",
        "tests/connectors/test_contract.py",
    } <= set(found)
    assert "tests/connectors/pdd/test_orders.py" not in found
    assert all(covering_tests(channel) for channel in Channel)


def test_an_installed_package_has_no_tests(tmp_path: Path) -> None:
    assert covering_tests(Channel.DOUYIN, tmp_path) is None


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    for name in [name for name in os.environ if name.upper().startswith("ORDERHUB_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    for name, value in open_home(tmp_path / "home", Ports(1, 2, 3, 4)).variables.items():
        monkeypatch.setenv(name, value)
    return load_settings()


async def test_the_nine_as_json(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    url = settings.database_url.get_secret_value()
    await upgrade(url)
    db = Database(url)
    async with db.transaction() as tx:
        sealed = seal(key_ring(settings.encryption), "douyin", "123456", {})
        await shops.put(tx, "douyin", "123456", sealed, "command")
        await shops.move(tx, "douyin", "123456", to=ShopState.PAUSED, why="stocktaking")
    await db.close()
    assert await channels.main(settings, as_json=True) == 0
    said = {each["channel"]: each for each in json.loads(capsys.readouterr().out)["channels"]}
    assert set(said) == {str(channel) for channel in Channel}
    douyin = said["douyin"]
    assert (douyin["intake"], douyin["receivers"], douyin["encrypted"]) == (["pull", "push"], ["cipher"], True)
    assert douyin["stock"] is True
    assert douyin["shops"] == [{"shop": "123456", "state": "paused", "why": "stocktaking"}]
    assert all(each["intake"] and each["courier_plan"] and each["tests"] for each in said.values())
    assert await channels.main(settings, as_json=False) == 0
