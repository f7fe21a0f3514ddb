"""Kuaidiniao's State, StateEx and Action codes as track codes.

The coarse codes of the plain plans (State) and the fine ones of the paid plans (StateEx, and Action of each trace)
share one number space, so there is one table. Nothing maps to LOST: the vendor has no code for a lost parcel.
"""

from __future__ import annotations

from domain.shipping import TrackCode

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
_CODES = {partner_code: code for code, partner_codes in _TABLE.items() for partner_code in partner_codes}


def track_code(partner_code: str) -> TrackCode:
    """What a code means. One that the vendor added since is a PROBLEM: people see it, and it changes no order."""
    return _CODES.get(partner_code, TrackCode.PROBLEM)
