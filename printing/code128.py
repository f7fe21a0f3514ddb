"""Code 128 (ISO/IEC 15417), sets B and C: what couriers' scanners read a waybill number from."""

from __future__ import annotations

import re
from functools import cache

_TABLE = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 "
    "123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 "
    "232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 "
    "313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 "
    "111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 "
    "111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 "
    "114311 411113 411311 113141 114131 311141 411131 211412 211214 211232"
)
"""Each symbol's widths of bar, space, bar, space, bar, space, in modules."""
_WIDTHS = _TABLE.split()
_STOP = "2331112"
_START = {"B": 104, "C": 105}
_SWITCH = {"B": 100, "C": 99}
_PRINTABLE = re.compile(r"[ -~]+")

QUIET = 10
"""Modules of white that each side needs."""


@cache
def bars(text: str) -> str:
    """The symbol as one character for each module, "1" black and "0" white, without the quiet zones.

    As short as sets B and C allow. Raises ValueError for what they cannot hold: nothing, or more than printable ASCII.
    """
    if not _PRINTABLE.fullmatch(text):
        raise ValueError("Code 128 holds printable ASCII only")
    symbols = _symbols(text)
    check = (symbols[0] + sum(n * symbol for n, symbol in enumerate(symbols[1:], start=1))) % 103
    widths = "".join(_WIDTHS[symbol] for symbol in [*symbols, check]) + _STOP
    return "".join(("0" if n % 2 else "1") * int(width) for n, width in enumerate(widths))


def _symbols(text: str) -> list[int]:
    """The shortest sequence, found from the end: what is left to write in either set, at each place."""
    best: dict[str, list[int]] = {"B": [], "C": []}
    after = best  # as it was two places on
    for place in range(len(text) - 1, -1, -1):
        here = {"B": [ord(text[place]) - 32, *best["B"]]}
        if text[place : place + 2].isdigit() and place + 1 < len(text):
            here["C"] = [int(text[place : place + 2]), *after["C"]]
        # A switch costs one symbol, so it is worth one only where the other set is shorter by two.
        via_c, via_b = here.get("C"), here["B"]
        if via_c is not None and len(via_c) + 1 < len(via_b):
            here["B"] = [_SWITCH["C"], *via_c]
        if via_c is None or len(via_b) + 1 < len(via_c):
            here["C"] = [_SWITCH["B"], *via_b]
        best, after = here, best
    start = min(best, key=lambda name: (len(best[name]), name))
    return [_START[start], *best[start]]
