"""Connectors of third parties: an installed package brings one, and a broken package stops nothing but itself."""

from __future__ import annotations

import inspect
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import ModuleType

import pytest
from sqlmodel import select

from commands import doctor
from connectors.contract import checks, playing
from connectors.errors import Unavailable
from connectors.ports import Document
from domain.news import OrderNews
from domain.order import Channel
from domain.shipping import Provider
from embedded.credentials import Ports
from embedded.environment import open_home
from gateway.app import create_app
from runtime.partners import Outside, build_partners
from settings import load_settings
from store.database import Database
from store.tables import InboxRow
from tests.connectors.contract.peers import hasten
from tests.gateway.house import Orders, build_gateway, client_of, send
from tests.third_party import corner_till

Install = Callable[..., None]

URL = "https://till.example"
GIVEN = {"url": URL, "secret": "secret-of-this-installation"}


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An installation without tills of its own, so that the channel `pos` is free."""
    hasten(monkeypatch)
    for name in [name for name in os.environ if name.upper().startswith("ORDERHUB_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    for name, value in open_home(tmp_path / "home", Ports(1, 2, 3, 4)).variables.items():
        if not name.startswith("ORDERHUB_POS__"):
            monkeypatch.setenv(name, value)


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Install:
    """Install a package as an installer leaves it: a module, and a dist-info that names its entry points."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))

    def installed(module: str, text: str, entry: str = "corner", attribute: str = "bring") -> None:
        monkeypatch.delitem(sys.modules, module, raising=False)
        (site / f"{module}.py").write_text(text, encoding="utf-8")
        info = site / f"{module}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.2\n", encoding="utf-8")
        points = f"[orderhub.connectors]\n{entry} = {module}:{attribute}\n"
        (info / "entry_points.txt").write_text(points, encoding="utf-8")

    return installed


@asynccontextmanager
async def outside() -> AsyncIterator[Outside]:
    settings = load_settings()
    db = Database(settings.database_url.get_secret_value())
    built = build_partners(settings, db)
    yield built
    await built.close()
    await db.close()


TILL = inspect.getsource(corner_till)


@pytest.fixture
def wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERHUB_PLUGINS__CORNER", json.dumps(GIVEN))


async def test_an_installed_package_brings_a_channel(install: Install, wanted: None) -> None:
    install("corner_till_shop", TILL)
    async with outside() as built:
        assert [(plugin.name, plugin.package, plugin.trouble) for plugin in built.plugins] == [
            ("corner", "corner_till_shop 1.2", "")
        ]
        assert ("pos", corner_till.SHOP) in built.pulled()
        assert type(built.partners.channels[Channel.POS]).__module__ == "corner_till_shop"
        assert Channel.OWN in built.partners.channels


async def test_it_takes_an_order_in_by_the_hook_and_is_told_of_the_parcel(
    install: Install, wanted: None, database: Database
) -> None:
    install("corner_till_shop", TILL)
    push = corner_till.push(corner_till.SALE, GIVEN["secret"])
    async with outside() as built, AsyncExitStack() as closing:
        gateway = await build_gateway(database, Orders(), closing, sources=built.sources)
        async with client_of(create_app(gateway)) as client:
            taken = [await send(client, push) for _ in range(2)]
            forged = await send(client, corner_till.push(corner_till.SALE, "another"))
        assert [answer.text for answer in (*taken, forged)] == ["ok", "ok", "no"]
        async with database.transaction() as tx:
            (row,) = (await tx.execute(select(InboxRow))).scalars()
        document = Document(row.source, row.kind, row.document_id, row.version, row.body, row.order_id)
        (news,) = await built.sources[row.source].interpret(document)
        assert isinstance(news, OrderNews)
        assert news.order.order_id == document.order_id == f"pos:{corner_till.SHOP}:T1"
        with playing(corner_till.peer) as asked:
            await built.partners.channels[news.order.channel].write_back(corner_till.SHIPMENT)
        assert [str(request.url) for request in asked] == [f"{URL}/shipments"]


def test_its_connector_keeps_the_contract(install: Install) -> None:
    install("corner_till_shop", TILL)
    module: ModuleType = __import__("corner_till_shop")
    for check in checks(module.case()):
        check.run()


async def test_what_is_installed_but_has_no_settings_is_left_alone(install: Install) -> None:
    install("corner_till_shop", "raise RuntimeError('not asked for')")
    async with outside() as built:
        assert built.plugins == []
        assert Channel.POS not in built.partners.channels


NO_PORT = """
from connectors.plugins import Brought
class Courier:
    provider = "other"
    async def create(self, request): ...
def bring(given, tokens):
    return Brought(couriers=[Courier()])
"""
TAKEN = TILL.replace("channel = Channel.POS", "channel = Channel.OWN")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("import no_such_module_anywhere", "ModuleNotFoundError"),
        ("def bring(given, tokens):\n    raise ValueError(given['secret'])", "ValueError"),
        ("def bring(given, tokens):\n    return None", "NoneType"),
        ("def bring():\n    return None", "TypeError"),
        ("", "AttributeError"),
        (NO_PORT, "no find, void"),
        (TAKEN, "channel own"),
    ],
)
async def test_a_broken_one_stops_nothing_else(
    install: Install, wanted: None, caplog: pytest.LogCaptureFixture, text: str, why: str
) -> None:
    install("corner_till_broken", text)
    async with outside() as built:
        (plugin,) = built.plugins
        assert why in plugin.trouble
        assert GIVEN["secret"] not in f"{plugin}{caplog.text}"
        assert "plugin not used" in caplog.text
        assert Channel.POS not in built.partners.channels
        assert type(built.partners.channels[Channel.OWN]).__name__ == "RestChannel"
        assert Channel.DOUYIN in built.partners.channels


async def test_two_packages_of_one_name_are_both_refused(install: Install, wanted: None) -> None:
    install("corner_till_a", TILL)
    install("corner_till_b", TILL, entry="Corner")
    async with outside() as built:
        (plugin,) = built.plugins
        assert "several packages" in plugin.trouble
        assert Channel.POS not in built.partners.channels


async def test_the_second_of_two_that_want_the_same_place_is_refused(
    install: Install, wanted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERHUB_PLUGINS__OTHER", json.dumps(GIVEN))
    install("corner_till_a", TILL)
    install("corner_till_b", TILL, entry="other")
    async with outside() as built:
        assert [bool(plugin.trouble) for plugin in built.plugins] == [False, True]
        assert type(built.partners.channels[Channel.POS]).__module__ == "corner_till_a"


async def test_a_channel_of_ours_that_is_added_later_goes_first(
    install: Install, wanted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("corner_till_shop", TILL)
    async with outside() as built:
        monkeypatch.setenv("ORDERHUB_POS__SHOPS", json.dumps({"till": {"key_id": "k-till", "secret": "made-up"}}))
        await built.use_shops(load_settings())
        assert type(built.partners.channels[Channel.POS]).__name__ == "RestChannel"
        assert "channel pos" in built.plugins[0].trouble


COURIER = """
from connectors.errors import Unavailable
from connectors.ports import Document
from connectors.plugins import Brought
from domain.shipping import Provider
class Courier:
    provider = Provider.OTHER
    async def create(self, request): raise Unavailable("ems", "create", "closed")
    async def find(self, request): return None
    async def void(self, waybill): raise Unavailable("ems", "void")
class Warehouse:
    async def push(self, order): ...
    async def query(self, delivery_code, warehouse=""): return None
    async def hold(self, delivery_code, reason, warehouse=""): ...
    async def restore(self, delivery_code, warehouse=""): ...
    async def cancel(self, delivery_code, reason, warehouse=""): ...
    async def shelves(self, warehouse, skus): return ()
def bring(given, tokens):
    return Brought(couriers=[Courier()], warehouse=Warehouse())
"""


async def test_a_courier_and_a_warehouse_may_be_brought(install: Install, wanted: None) -> None:
    install("corner_courier", COURIER)
    async with outside() as built:
        assert built.plugins[0].trouble == ""
        with pytest.raises(Unavailable):
            await built.partners.couriers[Provider.OTHER].create(None)  # type: ignore[arg-type]
        assert type(built.partners.warehouse).__name__ == "Warehouse"


async def test_doctor_has_a_line_for_each(install: Install, wanted: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERHUB_PLUGINS__LOST", "{}")
    install("corner_till_shop", TILL)
    well, lost = await doctor.plugins(load_settings())
    assert (well.name, well.well) == ("plugin corner", True)
    assert well.found == "corner_till_shop 1.2: channel pos, feed pos"
    assert (lost.name, lost.well) == ("plugin lost", False)
    assert "no installed package" in lost.found
    assert "ORDERHUB_PLUGINS__LOST" in lost.remedy


def test_settings_of_plugins_are_never_shown(wanted: None) -> None:
    assert GIVEN["secret"] not in repr(load_settings())
