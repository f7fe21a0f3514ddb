"""A parcel's silence and its troubles: when no news are too little news, and what the courier's words mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.shipping import Carrier, TrackCode, Trouble


class Phase(StrEnum):
    """Where a parcel is when it falls silent."""

    WAITING = "WAITING"
    """The channel has its number, the courier has not scanned it."""
    COLLECTED = "COLLECTED"
    IN_TRANSIT = "IN_TRANSIT"
    OUT_FOR_DELIVERY = "OUT_FOR_DELIVERY"
    PROBLEM = "PROBLEM"


class Zone(StrEnum):
    """How far a parcel goes, as far as couriers' usual times differ by it."""

    MAINLAND = "MAINLAND"
    REMOTE = "REMOTE"
    """Where couriers themselves promise days more."""
    BORDER = "BORDER"
    """Behind a customs border: Hong Kong, Macau, Taiwan."""


@dataclass(frozen=True)
class Gap:
    """The time between two news of one parcel: in the phase that the first one put it into."""

    carrier: Carrier
    phase: Phase
    lasted: timedelta


ENOUGH = 200
"""With fewer gaps, the rule table knows better."""

_REMOTE = ("新疆", "西藏", "青海", "宁夏", "甘肃", "内蒙古", "海南")
_BORDER = ("香港", "澳门", "台湾")

_PHASES: dict[str, Phase] = {
    TrackCode.COLLECTED: Phase.COLLECTED,
    TrackCode.IN_TRANSIT: Phase.IN_TRANSIT,
    TrackCode.OUT_FOR_DELIVERY: Phase.OUT_FOR_DELIVERY,
    TrackCode.PROBLEM: Phase.PROBLEM,
}


def phase_after(code: str) -> Phase | None:
    """The phase that news put a parcel into; "" and NONE are no news yet. None where its journey has ended."""
    if code in ("", TrackCode.NONE):
        return Phase.WAITING
    return _PHASES.get(code)


def zone_of(province: str) -> Zone:
    """The zone of a receiver's province."""
    if province.startswith(_BORDER):
        return Zone.BORDER
    return Zone.REMOTE if province.startswith(_REMOTE) else Zone.MAINLAND


def learn(gaps: Iterable[Gap]) -> dict[tuple[Carrier, Phase], timedelta]:
    """How long each carrier is silent at most in each phase: the 99th percentile (nearest rank) and half of it again,
    where there are at least `ENOUGH` gaps to tell."""
    lasted: dict[tuple[Carrier, Phase], list[timedelta]] = {}
    for gap in gaps:
        lasted.setdefault((gap.carrier, gap.phase), []).append(gap.lasted)
    return {which: _percentile(sorted(all_)) * 3 // 2 for which, all_ in lasted.items() if len(all_) >= ENOUGH}


def _percentile(ordered: list[timedelta]) -> timedelta:
    return ordered[-(-len(ordered) * 99 // 100) - 1]


def bounded(learnt: timedelta | None, table: timedelta) -> timedelta:
    """What was learnt, within a third and twice of what the table says: a few odd days teach nobody to see ghosts,
    nor to be blind."""
    if learnt is None:
        return table
    return min(max(learnt, table // 3), table * 2)


def journey_gaps(carrier: Carrier, nodes: Iterable[tuple[datetime, str]]) -> Iterable[Gap]:
    """The gaps of one parcel's journey, from its nodes (when, code) oldest first. Gaps after a problem teach nothing
    of what is usual."""
    before: tuple[datetime, str] | None = None
    for at, code in nodes:
        phase = phase_after(before[1]) if before is not None else None
        if before is not None and phase not in (None, Phase.PROBLEM):
            yield Gap(carrier, phase, at - before[0])
        before = (at, code)


_WORDS: Mapping[Trouble, tuple[str, ...]] = {
    Trouble.LOST: ("遗失", "丢失"),
    Trouble.DAMAGED: ("破损", "损坏"),
    Trouble.PHONE: ("电话错误", "电话有误", "空号", "停机"),
    Trouble.ADDRESS: ("地址不详", "地址错误", "地址有误", "地址不清", "查无此"),
    Trouble.OUT_OF_AREA: ("超区", "超范围", "超出派送"),
    Trouble.UNREACHABLE: ("无法联系", "联系不上", "无人接听", "不在家", "改约"),
}


def trouble_in(words: str, otherwise: Trouble) -> Trouble:
    """What a courier's words say is the matter; `otherwise` where they say nothing that is known here."""
    return next((trouble for trouble, said in _WORDS.items() if any(word in words for word in said)), otherwise)
