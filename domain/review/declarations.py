"""Whether an order that goes abroad can be declared."""

from __future__ import annotations

from domain.declaring import Standing
from domain.holds import HoldReason
from domain.review.dossier import Dossier, Flag
from domain.texts import country_name, text

_SHOWN = 6
"""Fields that a sentence names; all of them stand in the queue."""


def declaration_check(dossier: Dossier) -> list[Flag]:
    """One flag for all that is missing, and one for each reason why nothing may go that way."""
    judged = dossier.declared
    if judged is None or judged.standing is Standing.COMPLETE:
        return []
    if judged.standing is Standing.BLOCKED:
        return [
            Flag("declaration.blocked", HoldReason.COMPLIANCE_BLOCKED, text("flag.declaration.blocked", why=why), why)
            for why in judged.blocked
        ]
    what = "，".join(one.sentence() for one in judged.missing[:_SHOWN])
    params = {"country": country_name(judged.destination), "count": len(judged.missing), "what": what}
    about = "|".join(sorted(f"{one.field}/{one.line_no}/{one.why}" for one in judged.missing))
    said = text("flag.declaration.missing", **params)
    return [Flag("declaration.missing", HoldReason.DECLARATION_INCOMPLETE, said, about)]
