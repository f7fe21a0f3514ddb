"""Telephone numbers in what couriers write: whose number it is, and in which shapes numbers come."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

_GAP = r"[\s-]?"
_PHONE = re.compile(
    # A number with its country code in front, blanks or dashes inside, or its middle masked.
    rf"(?<![\dA-Za-z*])(?:\+?86{_GAP})?(?:"
    rf"(?P<mobile>1[3-9]\d{_GAP}[\d*xX]{{4}}{_GAP}\d{{4}})"
    rf"|(?P<landline>\(?0\d{{2,3}}\)?{_GAP}\d{{7,8}}(?:(?:-|转|分机)\d{{1,6}})?)"
    rf"|(?P<service>[48]00{_GAP}\d{{3}}{_GAP}\d{{4}})"
    r")(?![\d*])"
)
_COURIER = re.compile(r"派件|派送|派员|快递员|小哥|业务员|收派员|配送员|投递员")
_OTHERS = re.compile(r"(?:投诉|客服|热线|网点|代收点?|寄件人?|发件人?|站点|驿站)(?:的?电话|专线|号码)?[:(\s为是]*$")
_LISTED = re.compile(r"[,、/;\s]{1,2}")
_AROUND = 14
"""How many characters around a number say whose it is."""


def phones_in(text: str) -> tuple[str, ...]:
    """All telephone numbers in a text, in their order, each once, in plain form: digits, a masked middle as `****`,
    a landline's area code set off by a dash. Numbers of service lines (400-…) are left out: they are a company's."""
    return tuple(dict.fromkeys(number for number, _ in _found(text)))


def courier_phone(texts: Iterable[str]) -> str:
    """The number under which the courier can be called, from texts of which the first is believed most; "" for none.

    In a text with several, a number that stands behind a word for the courier wins, and one that stands behind a word
    for somebody else (complaints, an outlet, the sender) is not taken. A masked number is better than none.
    """
    masked = ""
    for text in texts:
        ranked = sorted((rank, place, number) for place, (number, rank) in enumerate(_found(text)) if rank < _STRANGER)
        for _, _, number in ranked:
            if "*" not in number:
                return number
            masked = masked or number
    return masked


_MINE, _UNNAMED, _STRANGER = range(3)


def _found(text: str) -> Iterator[tuple[str, int]]:
    """Each number with how likely it is the courier's."""
    plain = unicodedata.normalize("NFKC", text)
    end, rank = 0, _UNNAMED
    for match in _PHONE.finditer(plain):
        before = plain[max(end, match.start() - _AROUND) : match.start()]
        # In a list of numbers, the words before the first are about all.
        if not (end and _LISTED.fullmatch(before)):
            rank = _rank(before, plain[match.end() : match.end() + _AROUND])
        end = match.end()
        if match["service"] is None:
            yield _plain(match), rank


def _rank(before: str, after: str) -> int:
    if _OTHERS.search(before):
        return _STRANGER
    return _MINE if _COURIER.search(before) or _COURIER.search(after) else _UNNAMED


def _plain(match: re.Match[str]) -> str:
    """Digits only; 021-55550000-801 for a landline with an extension."""
    if (mobile := match["mobile"]) is not None:
        return re.sub(r"[\s-]", "", mobile).translate(_MASKS)
    digits = re.sub(r"转|分机", "-", re.sub(r"[\s()]", "", match["landline"]))
    code, _, rest = digits.partition("-")
    if len(code) > _LONGEST_CODE:  # written without a dash: three digits for Beijing and 02x, else four
        size = 3 if code.startswith(("010", "02")) else 4
        code, rest = code[:size], "-".join(part for part in (code[size:], rest) if part)
    return f"{code}-{rest}"


_MASKS = str.maketrans("xX", "**")
_LONGEST_CODE = 4
