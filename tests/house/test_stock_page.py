from __future__ import annotations

from tests.house.stock_page import _BLOCK, BLOCKS, PAGE, computed


def test_the_numbers_on_the_page_are_those_of_the_code() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert computed(page) == page, "python -m tests.house.stock_page writes them anew"


def test_every_block_is_on_the_page_once() -> None:
    assert sorted(_BLOCK.findall(PAGE.read_text(encoding="utf-8"))) == sorted(BLOCKS)
