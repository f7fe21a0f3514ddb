"""A courier is asked once to stop a parcel, and what it did is what the order says."""

from __future__ import annotations

from audit.evidence import Evidence
from audit.report import Outcome

_HOW = {"REROUTE": "rerouted", "RETURN": "returning"}


async def intercepted_once(evidence: Evidence) -> Outcome:
    """Each parcel that a courier brings another way was asked for once, by a wish of ours that says so, and each wish
    that says so is in the courier's book."""
    seen = Outcome(looked_at=len(evidence.interceptions))
    taken = {entry.number: entry for entry in evidence.books.sf.interceptions} if evidence.books else {}
    wishes = {wish.number for wish in evidence.interceptions}
    done = {(wish.number, wish.how) for wish in evidence.interceptions if wish.status == "done"}
    asked = [wish.number for wish in evidence.interceptions if wish.how != "void" and wish.status != "planned"]
    for number, entry in taken.items():
        if number not in wishes:
            seen.find(number, f"sf was asked for {entry.kind} of a parcel that nobody wished to stop")
        elif entry.times > asked.count(number):
            seen.find(number, f"sf was asked {entry.times} times, for {asked.count(number)} wishes")
        elif evidence.settled and (number, _HOW[entry.kind]) not in done:
            seen.find(number, f"sf took {entry.kind}, but no wish says so")
    if evidence.final_books is not None:
        sf = {waybill.number for waybill in evidence.waybills if waybill.provider == "sf"}
        for wish in evidence.interceptions:
            if wish.status == "done" and wish.how != "void" and wish.number in sf and wish.number not in taken:
                seen.find(wish.parcel_id, f"said to be {wish.how}, of which sf knows nothing")
            elif wish.status not in ("done", "refused"):
                seen.find(wish.parcel_id, f"wish {wish.n} to stop it is still {wish.status}")
    return seen
