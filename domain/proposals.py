"""What to do about a parcel that is in trouble: proposals as data, put into words by the text catalogue.

A proposal never holds a telephone number: whoever shows it fills in the courier's, which is kept with the parcel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from domain.shipping import Carrier, Trouble
from domain.texts import text
from domain.tracking import Phase


class ProposalKind(StrEnum):
    """What a person is asked to do next."""

    CALL_COURIER = "CALL_COURIER"
    URGE_COURIER = "URGE_COURIER"
    URGE_COLLECTION = "URGE_COLLECTION"
    CALL_BUYER = "CALL_BUYER"
    REMIND_BUYER = "REMIND_BUYER"
    MEND_ADDRESS = "MEND_ADDRESS"
    MEND_PHONE = "MEND_PHONE"
    AWAIT_RETURN = "AWAIT_RETURN"
    RESTOCK_AND_REFUND = "RESTOCK_AND_REFUND"
    CLAIM_AND_RESEND = "CLAIM_AND_RESEND"
    SEND_AGAIN = "SEND_AGAIN"
    WAIT = "WAIT"
    CLEAR_CUSTOMS = "CLEAR_CUSTOMS"
    CONFIRM_RECEIPT = "CONFIRM_RECEIPT"
    KEEP_AND_REFUND = "KEEP_AND_REFUND"
    GRANT_REFUND = "GRANT_REFUND"
    REFUSE_REFUND = "REFUSE_REFUND"


@dataclass(frozen=True)
class Proposal:
    """What to do, with whom, and until when. `within` is the time that a person has before it is overdue."""

    kind: ProposalKind
    within: timedelta
    params: Mapping[str, str | int] = field(default_factory=dict)

    def as_json(self, parcel_id: str) -> dict[str, Any]:
        """As a task keeps it."""
        return {"kind": str(self.kind), "parcel_id": parcel_id, "params": dict(self.params)}


def in_words(kept: Mapping[str, Any], phone: str) -> str:
    """A kept proposal as a sentence. `phone` is whom to call at the courier: its man, else its hotline."""
    return text(f"proposal.{kept['kind']}", **{"phone": phone, **kept["params"]})


HOTLINES: dict[Carrier, str] = {
    Carrier.SF: "95338",
    Carrier.ZTO: "95311",
    Carrier.YTO: "95554",
    Carrier.STO: "95543",
    Carrier.YUNDA: "95546",
    Carrier.EMS: "11183",
    Carrier.JD: "950616",
    Carrier.DEPPON: "95353",
    Carrier.JTSD: "956025",
}
"""The couriers' own customer services, where nobody's number is in the news."""


def phone_for(courier_phone: str, carrier: str) -> str:
    """Whom to call about a parcel; "" where nobody is known."""
    return courier_phone or (HOTLINES.get(Carrier(carrier), "") if carrier in Carrier.__members__ else "")


def _hours(hours: int) -> timedelta:
    return timedelta(hours=hours)


_TROUBLES: dict[Trouble, Proposal] = {
    Trouble.NOT_COLLECTED: Proposal(ProposalKind.URGE_COLLECTION, _hours(12)),
    Trouble.NOT_SIGNED: Proposal(ProposalKind.CALL_COURIER, _hours(12)),
    Trouble.NO_UPDATE: Proposal(ProposalKind.URGE_COURIER, _hours(24)),
    Trouble.DELIVERY_FAILED: Proposal(ProposalKind.CALL_COURIER, _hours(12)),
    Trouble.LEFT_IN_LOCKER: Proposal(ProposalKind.REMIND_BUYER, _hours(24)),
    Trouble.TAKEN_FROM_LOCKER: Proposal(ProposalKind.CONFIRM_RECEIPT, _hours(24)),
    Trouble.INTERCEPTED: Proposal(ProposalKind.AWAIT_RETURN, _hours(24), {"days": 7}),
    Trouble.DAMAGED: Proposal(ProposalKind.CLAIM_AND_RESEND, _hours(24), {"days": 30}),
    Trouble.LOST: Proposal(ProposalKind.CLAIM_AND_RESEND, _hours(24), {"days": 30}),
    Trouble.CALLED_OFF: Proposal(ProposalKind.SEND_AGAIN, _hours(12)),
    Trouble.UNREACHABLE: Proposal(ProposalKind.CALL_BUYER, _hours(12)),
    Trouble.DELAYED: Proposal(ProposalKind.WAIT, _hours(48), {"hours": 48}),
    Trouble.NEXT_TRY: Proposal(ProposalKind.WAIT, _hours(24), {"hours": 24}),
    Trouble.ADDRESS: Proposal(ProposalKind.MEND_ADDRESS, _hours(12)),
    Trouble.PHONE: Proposal(ProposalKind.MEND_PHONE, _hours(12)),
    Trouble.MISSORTED: Proposal(ProposalKind.WAIT, _hours(48), {"hours": 48}),
    Trouble.OUT_OF_AREA: Proposal(ProposalKind.MEND_ADDRESS, _hours(12)),
    Trouble.FORWARDED: Proposal(ProposalKind.CALL_BUYER, _hours(24)),
    Trouble.CUSTOMS: Proposal(ProposalKind.CLEAR_CUSTOMS, _hours(24)),
    Trouble.OTHER: Proposal(ProposalKind.CALL_COURIER, _hours(12)),
}

_COURSES: dict[str, Proposal] = {
    "refused": Proposal(ProposalKind.AWAIT_RETURN, _hours(24), {"days": 7}),
    "lost": Proposal(ProposalKind.CLAIM_AND_RESEND, _hours(24), {"days": 30}),
    "returned": Proposal(ProposalKind.RESTOCK_AND_REFUND, _hours(24)),
}

_SILENCES: dict[Phase, Proposal] = {
    Phase.WAITING: Proposal(ProposalKind.URGE_COLLECTION, _hours(12)),
    Phase.COLLECTED: Proposal(ProposalKind.URGE_COURIER, _hours(24)),
    Phase.IN_TRANSIT: Proposal(ProposalKind.URGE_COURIER, _hours(24)),
    Phase.OUT_FOR_DELIVERY: Proposal(ProposalKind.CALL_COURIER, _hours(12)),
    Phase.PROBLEM: Proposal(ProposalKind.CALL_COURIER, _hours(12)),
}


def for_trouble(trouble: Trouble) -> Proposal:
    """What to do about a trouble that the courier reports."""
    return _TROUBLES[trouble]


def for_course(status: str) -> Proposal | None:
    """What to do about a parcel that is refused, lost or returned; None for any other status."""
    return _COURSES.get(status)


def for_silence(phase: Phase) -> Proposal:
    """What to do about a parcel that is stuck."""
    return _SILENCES[phase]


def for_refused_reroute() -> Proposal:
    """What to do about a parcel that its courier does not bring to the new address."""
    return Proposal(ProposalKind.CALL_BUYER, _hours(12))


def for_stopped(kind: ProposalKind) -> Proposal:
    """How to decide a refund by what came of stopping the parcel."""
    return Proposal(kind, _hours(24))
