"""Whether an order has the fields that the merchant asks for, and as they must be (domain.extensions)."""

from __future__ import annotations

from domain.extensions import Wrong, lacking, wrong_values
from domain.holds import HoldReason
from domain.review.dossier import Dossier, Flag
from domain.texts import text

NO_FILE = "fields.no_file"


def fields_check(dossier: Dossier) -> list[Flag]:
    """A flag for each field that must be there and is not, or that cannot be what it is."""
    wrong = wrong_values(dossier.order, dossier.field_rules)
    return [
        *(_flag(one) for one in lacking(dossier.order, dossier.demands)),
        *(_flag(one) for one in wrong),
        *(_no_file(one) for one in dossier.files_lacking),
    ]


def _flag(one: Wrong) -> Flag:
    code = "fields.missing" if one.code == "missing" else "fields.invalid"
    about = f"{one.place.scope}/{one.place.line_no}/{one.key}/{one.code}"
    return Flag(code, HoldReason.FIELDS_MISSING, one.sentence, about)


def _no_file(file_id: str) -> Flag:
    said = text("flag.fields.no_file", file=file_id[:12])
    return Flag(NO_FILE, HoldReason.FIELDS_MISSING, said, file_id)
