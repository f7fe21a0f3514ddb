"""Orders that are packed together go to one receiver, in boxes that have one number each, and nowhere else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from audit.evidence import Evidence
from audit.facts import MemberFact, ParcelFact, WaybillFact
from audit.report import Outcome

_PACKED, _IN = "packed", frozenset({"joined", "leaving"})


async def merges_kept(evidence: Evidence) -> Outcome:
    """Of each merge: one instruction, one receiver, no order whose receiver is encrypted; of each box one number."""
    seen = Outcome()
    merges: defaultdict[int, list[MemberFact]] = defaultdict(list)
    for member in evidence.members.values():
        merges[member.merge_no].append(member)
    for number, members in sorted(merges.items()):
        if len(members) < 2:
            continue
        seen.looked_at += 1
        for text in _of_members(evidence, members):
            seen.find(f"merge {number}", text)
    live = {row.parcel_id: row for row in evidence.waybills if row.status == "live"}
    boxes: defaultdict[str, list[ParcelFact]] = defaultdict(list)
    for parcels in evidence.parcels.values():
        for parcel in parcels:
            if parcel.box:
                boxes[parcel.box].append(parcel)
    for box, inside in sorted(boxes.items()):
        for text in _of_box(inside, live):
            seen.find(box, text)
    for row in live.values():
        if row.of_parcel and not _together(evidence, row):
            seen.find(row.parcel_id, f"has the number of {row.of_parcel}, which lies in another box")
    return seen


def _of_members(evidence: Evidence, members: Sequence[MemberFact]) -> Iterator[str]:
    packed = [one for one in members if one.state == _PACKED]
    if packed and len({one.code for one in packed}) != 1:
        yield f"packed by {len({one.code for one in packed})} instructions"
    for member in members:
        order = evidence.orders.get(member.order_id)
        if order is None:
            yield f"{member.order_id} is no order"
        elif order.encrypted and member.state != "left":
            yield f"{member.order_id} has a receiver that its platform keeps encrypted"
        elif evidence.settled and member.state == _PACKED and not order.packed:
            yield f"{member.order_id} was packed with the others, and is {order.exit or order.state}"
        elif evidence.settled and member.state in _IN:
            yield f"{member.order_id} is {member.state}, and nobody packs it"
        elif member.state == "left" and member.code:
            yield f"{member.order_id} left, and its goods stand in {member.code}"
    told: defaultdict[str, set[str]] = defaultdict(set)
    for member in members:
        body = evidence.body_at(member.order_id, member.revision)
        if member.code and body is not None:
            told[member.code].add(body.warehouse_digest)
    for code, receivers in told.items():
        if len(receivers) > 1:
            yield f"{code} is for {len(receivers)} receivers"


def _of_box(inside: Sequence[ParcelFact], live: Mapping[str, WaybillFact]) -> Iterator[str]:
    numbers = {live[parcel.parcel_id].number for parcel in inside if parcel.parcel_id in live}
    if len(numbers) > 1:
        yield f"{len(numbers)} numbers for one box: {', '.join(sorted(numbers))}"
    asking = [parcel.parcel_id for parcel in inside if parcel.asks]
    if len(asking) > 1:
        yield f"couriers are asked for it by {', '.join(asking)}"
    own = [parcel.parcel_id for parcel in inside if parcel.parcel_id in live and not live[parcel.parcel_id].of_parcel]
    if len(own) > 1:
        yield f"{len(own)} waybills of its own: {', '.join(own)}"


def _together(evidence: Evidence, row: WaybillFact) -> bool:
    boxes = {
        parcel.parcel_id: parcel.box
        for parcels in evidence.parcels.values()
        for parcel in parcels
        if parcel.parcel_id in (row.parcel_id, row.of_parcel)
    }
    return bool(boxes.get(row.parcel_id)) and boxes.get(row.parcel_id) == boxes.get(row.of_parcel)
