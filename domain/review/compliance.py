"""Whether the law lets the goods out: what needs a registration or a filing number must have a valid one."""

from __future__ import annotations

from domain.articles import ArticleFacts
from domain.holds import HoldReason
from domain.review.dossier import Dossier, Duty, Flag, Leaves
from domain.texts import text


def compliance_check(dossier: Dossier) -> list[Flag]:
    """A flag for each article that may not go out, or that lacks a number which it must have."""
    found = []
    for duty in dossier.duties:
        article = dossier.articles[duty.sku]
        if duty.blocked:
            said = text("flag.compliance.blocked", sku=duty.sku, why=duty.sentence)
            found.append(Flag("compliance.blocked", HoldReason.COMPLIANCE_BLOCKED, said, f"{duty.sku}/{duty.row}"))
        elif flag := _lacking(dossier, article, duty):
            found.append(flag)
    return found


def _lacking(dossier: Dossier, article: ArticleFacts, duty: Duty) -> Flag | None:
    what = text(f"tag.{duty.needs}") if duty.needs else ""
    tags = [tag for tag in article.tags if tag.kind == duty.needs]
    about = f"{duty.sku}/{duty.needs}"
    if not duty.needs or (duty.needs == "grade" and article.grade):
        return None
    if not tags:
        said = text("flag.compliance.missing", sku=duty.sku, what=what, why=duty.sentence)
        return Flag("compliance.missing", HoldReason.COMPLIANCE, said, about)
    leaves = dossier.leaves or (Leaves(dossier.day, dossier.day) if dossier.day is not None else None)
    lapse = leaves.lapse(tag for tag in tags if tag.well_formed) if leaves is not None else None
    if leaves is not None and lapse is None:
        return None
    sound = tags[0].well_formed
    params = {"sku": duty.sku, "what": what, "value": tags[0].value, "day": str(lapse or ""), "why": duty.sentence}
    said = text("flag.compliance.expired" if sound else "flag.compliance.malformed", **params)
    code = "compliance.expired" if sound else "compliance.malformed"
    return Flag(code, HoldReason.COMPLIANCE, said, f"{about}/{tags[0].value}")
