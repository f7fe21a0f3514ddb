from __future__ import annotations

import re
import struct
from dataclasses import replace
from pathlib import Path

import pytest
import typst

from domain.labels import Item, LabelOrder, LabelSheet
from domain.order import Requirement
from domain.paper import PAPERS, Size
from printing import sample
from printing.sheets import pdf, png
from tests.printing.scanner import PRINTER_DPI, pages

IMAGES = Path(__file__).parents[2] / "docs" / "img"
SIZES = {Size.SMALL: (76, 130), Size.LARGE: (100, 180)}


def expected_codes(sheet: LabelSheet) -> list[tuple[str, str]]:
    """From the top down: an order's QR code, then the bar codes of its parcels."""
    return [
        code
        for order in sheet.orders
        for code in (
            ("QR Code", f"{sample.ADDRESS}/l/{order.code}"),
            *(("Code 128", parcel.number) for parcel in order.parcels if not parcel.off),
        )
    ]


@pytest.mark.parametrize("size", Size)
def test_a_sheet_as_a_printer_and_a_scanner_see_it(size: Size) -> None:
    sheet = sample.sheet(size)
    [page] = pages(pdf([sheet], sample.ADDRESS))
    assert (page.width_mm, page.height_mm) == pytest.approx(SIZES[size], abs=0.001)
    assert page.codes == expected_codes(sheet)
    words = "".join(page.words.split())
    for shown in (
        "顺丰速运",
        "浙江杭州余杭区",
        sheet.sheet_id,
        "冷链易碎品向上放置",
        "赠3×黑胡椒酱",
        "共4件商品",
        "王**156****1234",
    ):
        assert shown in words
    assert f"{len(sheet.orders)}单" in words


@pytest.mark.parametrize("size", Size)
def test_the_same_sheets_are_the_same_bytes(size: Size) -> None:
    sheets = [sample.sheet(size), replace(sample.sheet(size), part=2, parts=2)]
    assert pdf(sheets, sample.ADDRESS) == pdf(sheets, sample.ADDRESS)
    assert len(pages(pdf(sheets, sample.ADDRESS))) == 2


@pytest.mark.parametrize("size", Size)
def test_the_fullest_sheet_stays_on_its_page(size: Size) -> None:
    """As many orders as fit, each with every requirement, endless titles, and the longest number there can be."""
    sheet = sample.sheet(size)
    items = tuple(Item(f"{'很长的商品名称' * 12}{n}", 100 + n, n > 3) for n in range(10))
    [*_, last] = sheet.orders

    def full(n: int) -> LabelOrder:
        parcel = replace(last.parcels[0], items=items, number=f"ZZZZ9ZZZZ9ZZZZ9ZZZZ9ZZZ{n}")
        code = f"{'a' * 23}{n + 2}"
        return replace(last, order_no="9" * 40, requirements=tuple(Requirement), parcels=(parcel,), code=code)

    lane = replace(sheet.window.lane, province="新疆", city="伊犁哈萨克自治州", district="察布查尔锡伯自治县")
    sheet = replace(
        sheet,
        orders=tuple(full(n) for n in range(PAPERS[size].codes)),
        window=replace(sheet.window, lane=lane),
        part=10,
        parts=12,
        late=True,
    )
    page, *lists = pages(pdf([sheet], sample.ADDRESS))
    assert page.codes == expected_codes(sheet)
    assert "第 10 张，共 12 张" in page.words
    assert "补打" in page.words
    # Gifts have the first right to the room that there is; all the rest is on the packing list.
    codes, room = PAPERS[size].codes, PAPERS[size].goods_lines
    assert page.words.count("赠") == codes * (room - 1)
    assert page.words.count(f"另有 {11 - room} 种，见装箱清单") == codes
    assert len(lists) > 1
    for behind in lists:
        assert (behind.width_mm, behind.height_mm) == pytest.approx(SIZES[size], abs=0.001)
        assert behind.words.startswith(f"装箱清单 {sheet.sheet_id}")
    words = "".join("".join(behind.words.split()) for behind in lists)
    for item in items:
        gift = "赠" if item.gift else ""
        assert words.count(f"{gift}{item.quantity}×{item.title}") == codes


def test_a_parcel_that_must_not_ship_has_no_bar_code() -> None:
    sheet = sample.sheet(Size.SMALL)
    first, *rest = sheet.orders
    off = replace(first, parcels=(replace(first.parcels[0], off="单号已作废"),))
    sheet = replace(sheet, orders=(off, *rest))
    [page] = pages(pdf([sheet], sample.ADDRESS))
    assert page.codes == expected_codes(sheet)
    assert first.parcels[0].number not in page.of("Code 128")
    assert "勿发：单号已作废" in page.words


def test_a_number_that_no_bar_code_holds_is_printed_alone() -> None:
    sheet = sample.sheet(Size.SMALL)
    first, *rest = sheet.orders
    for number in ("运单一号", "Z" * 60):
        odd = replace(sheet, orders=(replace(first, parcels=(replace(first.parcels[0], number=number),)), *rest))
        [page] = pages(pdf([odd], sample.ADDRESS))
        assert len(page.of("Code 128")) == len(rest)
        assert number in "".join(page.words.split())


def test_nothing_of_the_buyer_is_in_a_qr_code() -> None:
    for size in Size:
        [page] = pages(pdf([sample.sheet(size)], sample.ADDRESS))
        for address in page.of("QR Code"):
            assert re.fullmatch(re.escape(sample.ADDRESS) + "/l/[a-z2-7]{24}", address)


def test_sheets_of_two_sizes_are_no_document() -> None:
    with pytest.raises(ValueError, match="one size"):
        pdf([sample.sheet(Size.SMALL), sample.sheet(Size.LARGE)], sample.ADDRESS)
    with pytest.raises(ValueError, match="one size"):
        pdf([], sample.ADDRESS)


@pytest.mark.parametrize("size", Size)
def test_the_pictures_in_the_docs_show_what_the_code_draws(size: Size) -> None:
    """Red here: `orderhub labels sample --size … --out docs/img/label-….png` makes them anew."""
    picture = (IMAGES / f"label-{size}.png").read_bytes()
    [fresh] = png([sample.sheet(size)], sample.ADDRESS)
    measures = struct.unpack(">II", picture[16:24])
    assert measures == struct.unpack(">II", fresh[16:24])
    width = measures[0] / PRINTER_DPI * 25.4
    frame = f'#set page(width: {width}mm, height: auto, margin: 0mm)\n#image(bytes(sys.inputs.p.split(",").map(int)))'
    inputs = {"p": ",".join(map(str, picture))}
    shown = typst.Compiler(frame.encode()).compile(format="pdf", sys_inputs=inputs)
    assert isinstance(shown, bytes)
    [page] = pages(shown)
    assert page.codes == expected_codes(sample.sheet(size))
