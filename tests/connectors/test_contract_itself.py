"""The contract finds what is broken: each of these connectors breaks one rule, and that one check tells."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import httpx
import pytest

from connectors.contract import Broken, Case, Check, checks, serving
from connectors.errors import OutcomeUnknown, Rejected, Unavailable
from connectors.ports import Document, PulledPage, Push, Reply, Window
from domain.news import News
from domain.shipping import Shipment
from tests.connectors.contract import cainiao, sf
from tests.connectors.contract.peers import PHONE, hasten
from tests.third_party.corner_till import SHIPMENT, SHOP, WINDOW, Till, case, peer


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    hasten(monkeypatch)


@pytest.mark.parametrize("check", checks(case()), ids=str)
def test_a_third_partys_channel(check: Check) -> None:
    check.run()


@pytest.mark.parametrize("check", checks(case(served=True)), ids=str)
def test_the_same_at_a_real_address(check: Check) -> None:
    check.run()


@pytest.mark.parametrize("broken", ["TimeOutMeansNo", "ErrorsOfItsOwn", "AsksForMore"])
def test_a_broken_one_is_told_there_too(broken: str) -> None:
    assert told_of(case(globals()[broken], served=True))


def told_of(broken: Case[Till]) -> set[str]:
    """The rules that are broken."""
    told = set()
    for check in checks(broken):
        try:
            check.run()
        except AssertionError:
            told.add(check.name.removeprefix("corner-till-"))
    return told


class NewKeyEachTime(Till):
    numbers = count()

    def key(self, shipment: Shipment) -> str:
        return f"{shipment.parcel_id}:{next(self.numbers)}"


class BelievesEveryAnswer(Till):
    def told(self, response: httpx.Response) -> None:
        return None


class TimeOutMeansNo(Till):
    async def write_back(self, shipment: Shipment) -> None:
        try:
            await super().write_back(shipment)
        except OutcomeUnknown as error:
            raise Unavailable("pos", "write_back", error.detail) from None


class ErrorsOfItsOwn(Till):
    async def write_back(self, shipment: Shipment) -> None:
        try:
            await super().write_back(shipment)
        except Unavailable:
            raise ConnectionError("down") from None


class QuotesTheReceiver(Till):
    def told(self, response: httpx.Response) -> None:
        answer = response.json()
        if answer["code"]:
            raise Rejected("pos", "write_back", code=answer["why"])


class TakesEverything(Till):
    def unpack(self, push: Push) -> Sequence[Document]:
        return [Document(self.source, "order", "x", 0, push.body.decode("utf-8", "replace"))]


class TellsWhy(Till):
    def refused(self, push: Push, reason: str) -> Reply:
        return Reply(401, "text/plain", reason.encode())


class NumbersItsDocuments(Till):
    numbers = count()

    def document(self, value: Any) -> Document:
        return replace(super().document(value), version=next(self.numbers))


class FallsOverGarbage(Till):
    async def interpret(self, document: Document) -> Sequence[News]:
        json.loads(document.body)["order_no"]
        return await super().interpret(document)


class NeverEnds(Till):
    def page(self, response: httpx.Response, number: int) -> PulledPage:
        return replace(super().page(response, number), next_page=str(number % 3 + 1))


class AsksForMore(Till):
    async def pull(self, shop: str, window: Window, page: str | None) -> PulledPage:
        return await super().pull(shop, Window(window.start - timedelta(hours=2), window.end), page)


class LeavesOutTheEnd(Till):
    async def pull(self, shop: str, window: Window, page: str | None) -> PulledPage:
        return await super().pull(shop, Window(window.start, window.end - timedelta(minutes=5)), page)


class AsksForStrangers(Till):
    async def pull(self, shop: str, window: Window, page: str | None) -> PulledPage:
        return await super().pull(SHOP, window, page)


class AnothersFeed(Till):
    feed = "taobao"


@pytest.mark.parametrize(
    ("broken", "rules"),
    [
        (NewKeyEachTime, {"repeated"}),
        (BelievesEveryAnswer, {"lost", "refused"}),
        (TimeOutMeansNo, {"lost"}),
        (ErrorsOfItsOwn, {"unreached", "not_serving"}),
        (QuotesTheReceiver, {"refused"}),
        (TakesEverything, {"unsigned"}),
        (TellsWhy, {"unsigned"}),
        (NumbersItsDocuments, {"pure", "pull1-stable", "pull1-repeated"}),
        (FallsOverGarbage, {"garbage"}),
        (NeverEnds, {"pull1-windows", "pull1-stable"}),
        (AsksForMore, {"pull1-windows"}),
        (LeavesOutTheEnd, {"pull1-windows"}),
        (AsksForStrangers, {"pull1-strangers"}),
        (AnothersFeed, {"pull1-described"}),
    ],
)
def test_a_broken_one_is_told(broken: type[Till], rules: set[str]) -> None:
    assert told_of(case(broken)) == rules


def test_a_case_that_leaves_an_operation_out_is_no_case() -> None:
    with pytest.raises(Broken, match="write_back"):
        checks(replace(case(), calls=()))


def test_a_case_whose_refusals_quote_nothing_proves_nothing() -> None:
    quiet = replace(case(), private=("never said",))
    (refused,) = (check for check in checks(quiet) if check.name == "corner-till-refused")
    with pytest.raises(Broken, match="quotes"):
        refused.run()


async def test_a_peer_may_be_served_at_a_real_address() -> None:
    async with serving(peer) as url:
        till = Till(url)
        await till.write_back(SHIPMENT)
        page = await till.pull(SHOP, WINDOW, "3")
        assert len(page.documents) == 1
        assert page.next_page is None
        await till.line.close()


async def test_a_served_peer_that_raises_takes_the_request_and_says_nothing() -> None:
    def silent(request: httpx.Request) -> httpx.Response:
        assert PHONE.encode() in request.content
        raise httpx.ReadTimeout("played")

    async with serving(silent) as url:
        till = Till(url)
        with pytest.raises(OutcomeUnknown):
            await till.write_back(SHIPMENT)
        await till.line.close()


def test_a_courier_shows_all_of_what_it_can_do_besides() -> None:
    def told(broken: Case[Any]) -> str:
        [capability] = [check for check in checks(broken) if check.name.endswith("-capability")]
        with pytest.raises(Broken) as found:
            capability.run()
        return str(found.value)

    without = [call for call in sf.COURIER.calls if call.operation != "intercepted"]
    assert "calls of ['intercept'], but it can ['intercept', 'intercepted']" in told(replace(sf.COURIER, calls=without))
    more: Any = sf.COURIER.calls[-1]
    extra = replace(cainiao.COURIER, calls=[*cainiao.COURIER.calls, more])
    assert "but it can []" in told(extra)
