"""Combined labels and their packing lists as PDF, or as pictures: the same sheets always give the same bytes.

What is printed is put into words here; where it stands on the paper is in `label.typ`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

import noto_cjk_sans_otc
import typst

from domain.clock import format_beijing
from domain.labels import Item, LabelOrder, LabelParcel, LabelSheet
from domain.order import Channel
from domain.paper import PAPERS, Paper
from domain.texts import language, text
from printing.codes import code128, qr

_TEMPLATE = Path(__file__).with_name("label.typ")
_FINEST_MM = 0.17
"""A bar code with thinner modules cannot be read from a label printer's paper: the number is printed alone."""


def pdf(sheets: Sequence[LabelSheet], address: str) -> bytes:
    """The sheets as one PDF, a page each, all of one size; behind a sheet, the packing list of what it had no room for.

    `address` is what phones reach the scan page under, e.g. `https://hub.example.com`. Raises ValueError when there is
    no sheet, or more than one size.
    """
    return _draw(sheets, address, "pdf")[0]


def png(sheets: Sequence[LabelSheet], address: str, ppi: int = 203) -> list[bytes]:
    """The same as pictures, one a page, in the resolution of a label printer unless told. Raises like `pdf`."""
    return _draw(sheets, address, "png", ppi)


def _draw(sheets: Sequence[LabelSheet], address: str, form: Literal["pdf", "png"], ppi: int = 72) -> list[bytes]:
    sizes = {sheet.size for sheet in sheets}
    if len(sizes) != 1:
        raise ValueError(f"sheets of one size are printed together, these have {len(sizes)}")
    paper = PAPERS[sizes.pop()]
    data = {
        "title": text("label.title"),
        "lang": language(),
        "paper": vars(paper),
        "sheets": [_sheet(sheet, paper, address.rstrip("/")) for sheet in sheets],
    }
    # One compiler for each call: it keeps what it read, and its inputs are not for several threads at once.
    compiler = typst.Compiler(_TEMPLATE.read_bytes(), font_paths=_fonts())
    drawn = compiler.compile(format=form, ppi=ppi, sys_inputs={"data": json.dumps(data)}, pdf_tags=False)
    if drawn is None:
        raise RuntimeError("typst gave nothing back")
    return drawn if isinstance(drawn, list) else [drawn]


@cache
def _fonts() -> typst.Fonts:
    # Only what comes with orderhub: a machine's own fonts would make another paper of the same sheet.
    return typst.Fonts(include_system_fonts=False, font_paths=[str(Path(noto_cjk_sans_otc.__file__).parent)])


def _sheet(sheet: LabelSheet, paper: Paper, address: str) -> dict[str, Any]:
    lane = sheet.window.lane
    count = sum(len(order.parcels) for order in sheet.orders)
    return {
        "carrier": text(f"carrier.{lane.carrier}"),
        "area": lane.area(),
        "list_title": text("label.list", sheet=sheet.sheet_id),
        "count": text("label.count", orders=len(sheet.orders), parcels=count),
        "part": text("label.part", part=sheet.part, parts=sheet.parts) if sheet.parts > 1 else "",
        "late": text("label.late") if sheet.late else "",
        "foot": " · ".join(
            part for part in (lane.warehouse, sheet.sheet_id, format_beijing(sheet.printed_at)[:16]) if part
        ),
        "orders": [_order(order, paper, address) for order in sheet.orders],
    }


def _order(order: LabelOrder, paper: Paper, address: str) -> dict[str, Any]:
    receiver = order.receiver
    channel = text(f"channel.{Channel(order.channel)}")
    room = paper.goods_lines if order.requirements else paper.goods_lines + 1
    lines = _lines(order)
    shown = _shown(lines, room)
    return {
        "no": order.order_no,
        # The region stands at the head of the sheet.
        "receiver": f"{channel}　{receiver.name}　{receiver.phone}",
        "needs": [text(f"form.need.{need}") for need in order.requirements],
        "qr": qr(f"{address}/l/{order.code}").svg,
        "goods": shown,
        "list": lines if len(lines) > room else [],
        "parcels": [_parcel(parcel, paper) for parcel in order.parcels],
    }


def _lines(order: LabelOrder) -> list[dict[str, str]]:
    """What is in the boxes that may ship, gifts last and marked."""
    several = len(order.parcels) > 1
    lines = [(parcel, item) for parcel in order.parcels if not parcel.off for item in parcel.items]
    lines.sort(key=lambda line: line[1].gift)
    return [
        {"gift": text("label.gift") if item.gift else "", "words": _words(parcel, item, several)}
        for parcel, item in lines
    ]


def _shown(lines: list[dict[str, str]], room: int) -> list[dict[str, str]]:
    """As many lines as there is room for, gifts before goods: a gift is what is forgotten. The rest is on the list."""
    if len(lines) <= room:
        return lines
    gifts = [line for line in lines if line["gift"]][: room - 1]
    goods = [line for line in lines if not line["gift"]][: room - 1 - len(gifts)]
    return [*goods, *gifts, {"gift": "", "words": text("label.more", count=len(lines) - room + 1)}]


def _words(parcel: LabelParcel, item: Item, several: bool) -> str:
    # The quantity comes first: a long title is cut at its end.
    return f"{item.quantity} × {item.title}" if not several else f"[{parcel.n}] {item.quantity} × {item.title}"


def _parcel(parcel: LabelParcel, paper: Paper) -> dict[str, Any]:
    try:
        code = code128(parcel.number)
    except ValueError:
        code = None
    if code is not None and (paper.width - 2 * paper.margin) / code.modules < _FINEST_MM:
        code = None
    of = text("label.parcel", n=parcel.n, total=parcel.total) + " · " if parcel.total > 1 else ""
    return {
        "number": f"{text(f'carrier.{parcel.carrier}')} {parcel.number}",
        "pieces": of + text("label.pieces", count=parcel.pieces),
        "off": text("label.off", why=parcel.off) if parcel.off else "",
        "barcode": code.svg if code else None,
        "modules": code.modules if code else 0,
    }
