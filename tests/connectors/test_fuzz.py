"""Every parser of every partner against good payloads that were spoilt: nothing outside the error tree comes out.

The cases of the contract suite say what a good answer, push and document is; here each is spoilt in a few places.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from connectors.contract import Case, Peer, Pull, playing
from connectors.contract.pushes import stored
from connectors.errors import DocumentUnreadable, PartnerError, PushRefused
from connectors.ports import Document
from tests.connectors.contract.peers import hasten
from tests.connectors.kdniao.conftest import ENTRY, batch
from tests.connectors.mutated_answers import spoilt
from tests.connectors.test_contract import CASES

SEALED: dict[str, list[bytes]] = {"kdniao": [batch(ENTRY, {**ENTRY, "LogisticCode": "YT01"}).encode()]}
"""What is sealed, where it is not the push's body itself."""


def quickly(examples: int = 40) -> settings:
    """Few examples, for a second or two in all: the hours are for whoever looks for trouble with more."""
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    )


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    hasten(monkeypatch)


@contextmanager
def in_a_loop(case: Case[Any]) -> Iterator[tuple[asyncio.Runner, Any]]:
    """The case's connector, and the loop that it lives in."""
    with asyncio.Runner() as runner:
        building = case.build()
        built = runner.run(awaited(building.__aenter__()))
        try:
            yield runner, built
        finally:
            runner.run(awaited(building.__aexit__(None, None, None)))


async def awaited(step: Awaitable[Any]) -> Any:
    return await step


def at_a_loss(peer: Peer) -> Peer:
    """A peer that does not fall over what only follows from spoilt payloads: a strange number, a wish for a token."""

    def answer(request: httpx.Request) -> httpx.Response:
        try:
            return peer(request)
        except (LookupError, ValueError, TypeError):
            return httpx.Response(404)

    return answer


def spoiling(data: st.DataObject, peer: Peer) -> Peer:
    """A peer whose answers are spoilt more often than not, so that what asks twice gets to its second question."""

    def answer(request: httpx.Request) -> httpx.Response:
        good = at_a_loss(peer)(request)
        # What a connector remembers from one example would change what the next one asks.
        if (
            not good.content
            or request.url.path.endswith("token")
            or not data.draw(st.sampled_from((True, True, False)))
        ):
            return good
        return httpx.Response(good.status_code, headers=good.headers, content=data.draw(spoilt(good.content)))

    return answer


def questions(case: Case[Any]) -> Iterator[tuple[str, Callable[[Any], Awaitable[object]], Peer]]:
    """Everything that a case asks its partner."""
    for call in case.calls:
        yield call.operation, call.run, call.peer or case.peer
    for number, pull in enumerate(case.pulls, 1):
        yield f"pull{number}", pulling(pull), pull.peer


def pulling(pull: Pull[Any]) -> Callable[[Any], Awaitable[object]]:
    return lambda built: pull.source(built).pull(pull.shop, pull.window, None)


ASKED = [
    # A page may hold a hundred orders, which take long to spoil.
    pytest.param(case, run, peer, 8 if name.startswith("pull") else 40, id=f"{case.name}-{name}")
    for case in CASES
    for name, run, peer in questions(case)
]


@pytest.mark.parametrize(("case", "run", "peer", "examples"), ASKED)
def test_no_answer_raises_anything_else(
    case: Case[Any], run: Callable[[Any], Awaitable[object]], peer: Peer, examples: int
) -> None:
    with in_a_loop(case) as (runner, built):

        @quickly(examples)
        @given(st.data())
        def tried(data: st.DataObject) -> None:
            with playing(spoiling(data, peer)), suppress(PartnerError):
                runner.run(awaited(run(built)))

        tried()


def sealed(case: Case[Any]) -> list[bytes]:
    """The bodies that a partner signs."""
    assert case.pushes is not None
    return SEALED.get(case.name) or [push.body for push in case.pushes.genuine]


PUSHED = [
    pytest.param(case, body, id=f"{case.name}-push{number}")
    for case in CASES
    if case.pushes is not None
    for number, body in enumerate(sealed(case), 1)
]


@pytest.mark.parametrize(("case", "body"), PUSHED)
def test_no_push_raises_anything_else(case: Case[Any], body: bytes) -> None:
    assert case.pushes is not None
    seal = case.pushes.sealed
    with in_a_loop(case) as (runner, built):
        source = case.source(built)

        @quickly()
        @given(spoilt(body))
        def tried(raw: bytes) -> None:
            documents: list[Document] = []
            with suppress(DocumentUnreadable, PushRefused):
                documents = list(source.unpack(seal(raw)))
            for document in documents:
                stored(source, document)
                with playing(at_a_loss(case.peer)), suppress(DocumentUnreadable, PartnerError):
                    runner.run(awaited(source.interpret(document)))

        tried()


async def kept(case: Case[Any], built: Any) -> list[Document]:
    """A document of every kind that the inbox may hold."""
    found = [each for push in (case.pushes.genuine if case.pushes else ()) for each in case.source(built).unpack(push)]
    for pull in case.pulls:
        with playing(pull.peer):
            found += (await pull.source(built).pull(pull.shop, pull.window, None)).documents
    return list({document.kind: document for document in found}.values())


@pytest.mark.parametrize("case", [case for case in CASES if case.has_source()], ids=lambda case: case.name)
def test_no_document_and_no_answer_about_it_raises_anything_else(case: Case[Any]) -> None:
    with in_a_loop(case) as (runner, built):
        documents = runner.run(kept(case, built))
        assert documents

        @quickly()
        @given(st.sampled_from(documents), st.data())
        def tried(document: Document, data: st.DataObject) -> None:
            raw = data.draw(st.just(document.body.encode()) | spoilt(document.body.encode()))
            read = replace(document, body=raw.decode("utf-8", "replace").replace("\x00", ""))
            with playing(spoiling(data, case.peer)), suppress(DocumentUnreadable, PartnerError):
                runner.run(awaited(case.source(built).interpret(read)))

        tried()


def test_what_falls_over_spoilt_json_is_found() -> None:
    """These properties can fail: good JSON that lost a field is drawn soon enough."""

    def careless(raw: bytes) -> None:
        with suppress(ValueError):
            json.loads(raw)["order"]["lines"][0]["sku"].upper()

    tried = quickly(200)(given(spoilt(b'{"order": {"lines": [{"sku": "MUG-01"}]}}'))(careless))
    with pytest.raises((LookupError, TypeError, AttributeError, BaseExceptionGroup)):
        tried()
