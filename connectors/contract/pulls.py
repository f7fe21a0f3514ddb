"""Rules of lists of changes: windows are kept to, pages end, and what did not change keeps its name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import httpx

from connectors.contract.calls import UNREADABLE, in_the_tree
from connectors.contract.case import Broken, Call, Case, Pull, demand, staged
from connectors.contract.pushes import stored
from connectors.errors import PartnerError
from connectors.ports import Document, PulledPage, PullSource

T = TypeVar("T")

_MOST_PAGES = 50
_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)


async def turned(source: PullSource, pull: Pull[T]) -> tuple[list[Document], int]:
    """All pages of a window."""
    documents: list[Document] = []
    page: str | None = None
    for number in range(1, _MOST_PAGES + 1):
        found: PulledPage = await source.pull(pull.shop, pull.window, page)
        documents += found.documents
        if found.next_page is None:
            return documents, number
        demand(found.next_page != page, "a page names itself as the next one")
        page = found.next_page
    raise Broken(f"{source.feed}: no end after {_MOST_PAGES} pages")


async def described(case: Case[T], pull: Pull[T]) -> None:
    """A feed says what it is: its name under its source, its channel, its shops, sane windows."""
    async with staged(case) as (connector, _):
        feed, source = pull.source(connector), case.source(connector)
        demand(feed.feed == source.source or feed.feed.startswith(f"{source.source}/"), f"{feed.feed}: a strange name")
        demand(feed.channel is getattr(connector, "channel", feed.channel), f"{feed.feed}: of another channel")
        demand(pull.shop in feed.shops, f"{feed.feed}: {pull.shop} is not among its shops")
        demand(feed.longest_window > timedelta(0), f"{feed.feed}: windows without length")
        demand(timedelta(0) <= feed.overlap < feed.longest_window, f"{feed.feed}: windows that never get on")


async def windows(case: Case[T], pull: Pull[T]) -> None:
    """Nothing outside the window is asked for, and nothing of it is left out. Times may be rounded to minutes."""
    async with staged(case) as (connector, play):
        with play(pull.peer) as asked:
            _, pages = await turned(pull.source(connector), pull)
    demand(pages > 1, "the peer of this case gives one page only, so that nothing shows how pages follow each other")
    if pull.asked is None:
        return
    spans = [span for span in map(pull.asked, asked) if span is not None]
    demand(bool(spans), "no request that asks for a span; does `asked` know them?")
    for start, end in spans:
        demand(start < end + _SECOND, "a span that ends before it begins")
        demand(start > pull.window.start - _MINUTE, "asked for changes from before the window")
        demand(end < pull.window.end + _MINUTE, "asked for changes from after the window")
    demand(min(start for start, _ in spans) <= pull.window.start, "the beginning of the window was left out")
    demand(max(end for _, end in spans) > pull.window.end - _SECOND, "the end of the window was left out")


async def stable(case: Case[T], pull: Pull[T]) -> None:
    """What did not change has the same id and version again; every document can be stored and understood."""
    async with staged(case) as (connector, play):
        feed, source = pull.source(connector), case.source(connector)
        with play(pull.peer):
            first, _ = await turned(feed, pull)
            second, _ = await turned(feed, pull)
        demand(bool(first), "the peer of this case gives no document")
        ids = [[(document.document_id, document.version) for document in found] for found in (first, second)]
        demand(ids[0] == ids[1], "what did not change came under another id or version")
        with play(case.peer):
            for document in first:
                stored(source, document)
                try:
                    await source.interpret(document)
                except Exception as error:
                    in_the_tree(case, error, *UNREADABLE)


async def strangers(case: Case[T], pull: Pull[T]) -> None:
    """Nobody is asked about a shop that is not in the settings: an error of the tree, or nothing at all."""
    async with staged(case) as (connector, play):
        with play(pull.peer) as asked:
            try:
                found = await pull.source(connector).pull("no-such-shop", pull.window, None)
                demand(not found.documents and found.next_page is None, "a shop that is not in the settings was pulled")
            except Broken:
                raise
            except Exception as error:
                in_the_tree(case, error, PartnerError)
        demand(not asked, "the partner was asked about a shop that we do not have")


def pulling(pull: Pull[T]) -> Call[T]:
    """The first page, as a call that reads."""
    run: Callable[[T], Any] = lambda connector: pull.source(connector).pull(pull.shop, pull.window, None)  # noqa: E731

    def acts(request: httpx.Request) -> bool:
        return pull.asked is None or pull.asked(request) is not None

    return Call("pull", run, acts=acts, peer=pull.peer)
