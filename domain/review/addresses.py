"""Whether a parcel can be sent to the receiver."""

from __future__ import annotations

from domain.address import address_problems
from domain.holds import HoldReason
from domain.review.dossier import Dossier, Flag
from domain.texts import text


def address_check(dossier: Dossier) -> list[Flag]:
    """Whether a parcel can be sent to the receiver."""
    receiver = dossier.order.receiver
    return [
        Flag(
            f"address.{problem.code}",
            HoldReason.ADDRESS_INCOMPLETE,
            text(f"address.{problem.code}"),
            receiver.model_dump_json(),
        )
        for problem in address_problems(receiver)
    ]
