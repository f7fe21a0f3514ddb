"""Books that cannot be read are no clean audit."""

from __future__ import annotations

import pytest

from audit.books import BooksUnavailable, fetch
from tests.audit.conftest import Serve
from tests.audit.world import World


async def test_nobody_answers() -> None:
    with pytest.raises(BooksUnavailable, match="ConnectError"):
        await fetch("http://127.0.0.1:9")


async def test_another_door(serve: Serve) -> None:
    with pytest.raises(BooksUnavailable, match="404"):
        await fetch(serve({}) + "/elsewhere")


async def test_no_address() -> None:
    with pytest.raises(BooksUnavailable, match="UnsupportedProtocol"):
        await fetch("sandbox")


async def test_another_shape_is_named_by_its_place_only(serve: Serve) -> None:
    books = World(None).books  # type: ignore[arg-type]
    books["sms"]["messages"] = [{"phone": "13800000000"}]
    del books["qimen"]
    with pytest.raises(BooksUnavailable, match=r"qimen, sms\.messages\.0\.out_id") as raised:
        await fetch(serve(books))
    assert "13800000000" not in str(raised.value)


async def test_a_slash_at_the_end_of_the_address_is_nothing(serve: Serve) -> None:
    books = await fetch(serve(World(None).books) + "/")  # type: ignore[arg-type]
    assert books.own.orders == []
