"""What was typed into Excel, as the engine reads it."""

from __future__ import annotations

from typing import Any

from rules.workbook.form import EXACT

_HALF = str.maketrans(
    "，＂＞＜＝！（）［］｛｝：；＋－＊／％．　\u00a0０１２３４５６７８９",
    ',"><=!()[]{}:;+-*/%.  0123456789',
)

_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))
"""What is copied from web pages and chats along with a text."""

_SIGNS = {"≥": ">=", "≤": "<=", "≠": "!=", "、": ",", "【": "[", "】": "]", "＆": "and", "～": ".."}

_OPENS = {'"': '"', "'": "'", "“": "”", "”": "”", "‘": "’", "’": "’", "＂": "＂"}


def normal_cell(value: Any, *, expression: bool = True) -> str:
    """What the engine reads for what Excel gives. Raises ValueError("date" or "digits") for what Excel has spoilt."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        if abs(value) > EXACT:
            raise ValueError("digits")
        # Fifteen digits are what Excel shows: 0.1 + 0.2 was meant as 0.3.
        written = str(int(value)) if float(value).is_integer() else format(value, ".15g")
        if "e" in written:
            raise ValueError("digits")
        return written
    if not isinstance(value, str):
        raise ValueError("date")
    value = value.translate(_INVISIBLE)
    return _half_width(value) if expression else value


def _half_width(cell: str) -> str:
    """Signs of a Chinese keyboard, but not what stands inside quotes."""
    made, closes = [], ""
    for sign in cell:
        if closes:
            made.append('"' if sign == closes and closes not in "\"'" else sign)
            # A quote that was opened full-width is often closed half-width.
            if sign == closes or (sign == '"' and closes in "”＂"):
                closes = ""
        elif sign in _OPENS:
            closes = _OPENS[sign]
            made.append(sign if sign in "\"'" else '"')
        else:
            made.append(_SIGNS.get(sign) or sign.translate(_HALF))
    return "".join(made)
