"""Rules of documents: pushes are verified and taken apart purely, and no document can bring anything down."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TypeVar

from connectors.contract.calls import NOT_TAKEN, UNREADABLE, in_the_tree
from connectors.contract.case import Call, Case, Pushes, demand, staged
from connectors.errors import PushRefused
from connectors.ports import Document, Push, PushSource
from domain.news import CancelNews, OrderNews, RefundNews

T = TypeVar("T")

GARBAGE: tuple[bytes, ...] = (
    b"",
    b"no json",
    b"null",
    b"0",
    b"1e999",
    b"NaN",
    b'""',
    b"{}",
    b"[]",
    b"[null,1,{},[]]",
    b'{"a":{"b":[{"c":null}]}}',
    b'{"data":"{"}',
    b"\xff\xfe\x00",
    b'"\\ud800\\u0000"',
    b"[" * 20000,
    b'{"a":' * 20000,
    b"<a>" * 2000,
    b"<request/>",
    "数量=两个&金额=一百".encode(),
    "订单".encode("gbk"),
)
"""Bodies that no partner should send, and some day one will."""
_EMPTY = Push("POST", "/hooks/x", "", {}, {}, b"{}", datetime(2026, 3, 1, tzinfo=UTC))


async def unsigned(case: Case[T]) -> None:
    """What is not surely the partner's is refused, and the answer does not say why."""
    async with staged(case) as (connector, _):
        source = case.source(connector)
        forged: list[Push] = [_EMPTY, *(replace(_EMPTY, body=body) for body in GARBAGE)]
        if case.pushes is not None:
            demand(bool(case.pushes.genuine), "a partner that pushes needs a genuine push in its case")
            demand(bool(case.pushes.forged), "a partner that pushes needs a forged push in its case")
            forged += case.pushes.forged
            if not case.pushes.signed_in_body:
                forged += [replace(push, headers={}, query={}, path_secret="") for push in case.pushes.genuine]
        for push in forged:
            _refuses(case, source, push)


def _refuses(case: Case[T], source: PushSource, push: Push) -> None:
    try:
        found = source.unpack(push)
    except PushRefused as error:
        in_the_tree(case, error, PushRefused)
        reply = source.refused(push, error.reason)
        demand(reply != source.accepted(push), "a forged push is answered as if it were taken")
        demand(not error.reason or error.reason.encode() not in reply.body, "the caller is told why it was refused")
        return
    except Exception as error:
        in_the_tree(case, error, PushRefused)
    demand(False, f"a forged push was taken, as {len(found)} documents")


async def pure(case: Case[T]) -> None:
    """The same push twice gives equal documents with equal ids; each can be stored as text and read back."""
    async with staged(case) as (connector, play):
        source = case.source(connector)
        if case.pushes is None:
            return
        with play(case.peer) as asked:
            for push in case.pushes.genuine:
                first, second = list(source.unpack(push)), list(source.unpack(replace(push)))
                demand(bool(first), "a genuine push gave no document")
                demand(first == second, "the same push twice gave other documents")
                pairs = [(document.document_id, document.version) for document in first]
                demand(len(set(pairs)) == len(pairs), "one push gave two documents under the same id and version")
                for document in first:
                    stored(source, document)
                demand(source.accepted(push).status < 300, "a push that was taken is not answered as taken")
            demand(not asked, "unpack asked somebody: it must be pure")


def stored(source: PushSource, document: Document) -> None:
    """A document must come back from the inbox as it went in."""
    demand(document.source == source.source, f"a document of {document.source!r} came from {source.source!r}")
    demand(bool(document.document_id) and bool(document.kind), "a document without an id or a kind")
    demand(isinstance(document.version, int) and -(2**63) <= document.version < 2**63, "a version that is no integer")
    # Lone surrogates and NUL: what no database stores.
    text = document.body.encode("utf-8", "strict").decode()
    demand("\x00" not in document.body + document.document_id, "a document with NUL in it")
    back = Document(**json.loads(json.dumps(asdict(document))))
    demand(back == document and text == document.body, "a document changed on its way through JSON")


def genuine(case: Case[T], source: PushSource) -> list[Document]:
    """The documents of all genuine pushes."""
    pushes: Pushes | None = case.pushes
    return [document for push in (pushes.genuine if pushes else ()) for document in source.unpack(push)]


async def garbage(case: Case[T]) -> None:
    """A signed push of garbage is DocumentUnreadable, or gives documents; these raise nothing but what is allowed."""
    async with staged(case) as (connector, play):
        source = case.source(connector)
        found: list[Document] = []
        if case.pushes is not None:
            for body in GARBAGE:
                try:
                    found += source.unpack(case.pushes.sealed(body))
                except Exception as error:
                    in_the_tree(case, error, *NOT_TAKEN)
        kinds = {document.kind: document for document in [*genuine(case, source), *case.spoilt]}
        kinds |= {"no such kind": Document(source.source, "no such kind", "x", 0, "{}")}
        for like in kinds.values():
            found += [replace(like, body=body.decode("utf-8", "replace")) for body in GARBAGE]
        with play(case.peer):
            for document in [*found, *case.spoilt]:
                stored(source, replace(document, body=document.body.replace("\x00", "")))
                try:
                    await source.interpret(document)
                except Exception as error:
                    in_the_tree(case, error, *UNREADABLE)


async def understood(case: Case[T]) -> None:
    """A genuine document means the same each time, and speaks of its own channel alone."""
    async with staged(case) as (connector, play):
        source = case.source(connector)
        with play(case.peer):
            for document in genuine(case, source):
                first, second = await source.interpret(document), await source.interpret(document)
                demand(list(first) == list(second), "the same document meant two things")
                channel = getattr(connector, "channel", None)
                for news in first:
                    if channel is not None and isinstance(news, OrderNews | CancelNews | RefundNews):
                        told = {
                            OrderNews: lambda n: n.order.channel,
                            RefundNews: lambda n: n.refund.channel,
                            CancelNews: lambda n: n.channel,
                        }[type(news)](news)
                        demand(told is channel, f"news of {told} came from {channel}")


def interpreting(case: Case[T], documents: Sequence[Document]) -> list[Call[T]]:
    """Interpreting each document, as a call that reads."""
    return [
        Call("interpret", lambda connector, one=document: case.source(connector).interpret(one))  # type: ignore[misc]
        for document in documents
    ]
