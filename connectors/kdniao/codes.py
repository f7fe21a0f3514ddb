"""Kuaidiniao's State, StateEx and Action codes as track codes.

The coarse codes of the plain plans (State) and the fine ones of the paid plans (StateEx, and Action of each trace)
share one number space, so there is one table. Nothing maps to LOST: the vendor has no code for a lost parcel.
"""

from __future__ import annotations

from domain.shipping import TrackCode, Trouble
from domain.tracking import trouble_in
from domain.words import About, Glossary, UnknownWord, Word

NO_TRACE = "0"

_TABLE: dict[TrackCode, tuple[str, ...]] = {
    # 10 待揽件: the courier does not have the parcel yet.
    TrackCode.NONE: (NO_TRACE, "10"),
    TrackCode.COLLECTED: ("1",),
    # 5 转寄 and customs 6xx are still on the way.
    TrackCode.IN_TRANSIT: ("2", "201", "204", "205", "206", "5", "6", "601", "602", "603"),
    # 211: in a locker or at a station, not taken out yet.
    TrackCode.OUT_FOR_DELIVERY: ("202", "211"),
    TrackCode.SIGNED: ("3", "301", "302", "304", "311"),
    # 407 退货未签收: on its way back; it ends in 406 as 404 拒收 does.
    TrackCode.REFUSED: ("404", "407"),
    TrackCode.RETURNED: ("406",),
    # 413 拦截 and 415 客户取消发货 are final at the courier, but nobody has the goods back yet: a person looks.
    TrackCode.PROBLEM: (
        *("4", "401", "402", "403", "405", "412", "413", "414", "415", "416", "417", "418", "419"),
        *("420", "421", "422", "423", "604"),
    ),
}
_CODES = Glossary(
    "kdniao",
    About.PARCEL,
    TrackCode,
    {partner_code: code for code, partner_codes in _TABLE.items() for partner_code in partner_codes},
    field="State",
)


def track_code(partner_code: str) -> TrackCode:
    """What a code means."""
    return meaning(partner_code)[0]


def meaning(partner_code: str) -> tuple[TrackCode, Word | None]:
    """What a code means, and the code itself where it means nothing yet, as one that the vendor added since: the
    parcel is where it was, and somebody is asked. What can be no code is a PROBLEM, which people see."""
    try:
        return _CODES.sense(partner_code) or TrackCode.NONE, None
    except UnknownWord as unknown:
        return TrackCode.NONE, unknown.word
    except ValueError:
        return TrackCode.PROBLEM, None


_TROUBLES = Glossary(
    "kdniao",
    About.PARCEL_TROUBLE,
    Trouble,
    {
        "401": Trouble.NOT_COLLECTED,
        "402": Trouble.NOT_SIGNED,
        "403": Trouble.NO_UPDATE,
        "405": Trouble.DELIVERY_FAILED,
        "412": Trouble.LEFT_IN_LOCKER,
        "413": Trouble.INTERCEPTED,
        "414": Trouble.DAMAGED,
        "415": Trouble.CALLED_OFF,
        "416": Trouble.UNREACHABLE,
        "417": Trouble.DELAYED,
        "418": Trouble.TAKEN_FROM_LOCKER,
        "419": Trouble.NEXT_TRY,
        "420": Trouble.ADDRESS,
        "421": Trouble.PHONE,
        "422": Trouble.MISSORTED,
        "423": Trouble.OUT_OF_AREA,
        "604": Trouble.CUSTOMS,
    },
    field="State",
)
_VAGUE = frozenset({Trouble.DELIVERY_FAILED, Trouble.NO_UPDATE, Trouble.OTHER})
"""Said of many things: the courier's own words say more."""


def trouble(partner_code: str, words: str) -> Trouble | None:
    """What is the matter; None for a code that is no problem. One that is vague is what its words say, else OTHER."""
    if track_code(partner_code) is not TrackCode.PROBLEM:
        return None
    said = _TROUBLES.find(partner_code) or Trouble.OTHER
    return trouble_in(words, said) if said in _VAGUE else said
