"""No document is left lying."""

from __future__ import annotations

from sqlalchemy import select
from sqlmodel import col, func

from audit.evidence import Evidence, stream
from audit.report import Outcome
from store.inbox import DONE, QUARANTINED
from store.tables import InboxRow


async def inbox_empty(evidence: Evidence) -> Outcome:
    """Every document has done what it could do; those that nobody could read are named."""
    seen = Outcome()
    row = InboxRow
    total = select(func.count()).select_from(row)
    left = select(col(row.seq), col(row.source), col(row.kind), col(row.status), col(row.attempts))
    left = left.where(col(row.status) != DONE).order_by(col(row.seq))
    async with evidence.snapshot() as tx:
        seen.looked_at = int((await tx.execute(total)).scalar_one())
        async for seq, source, kind, status, attempts in stream(tx, left):
            what = "is in quarantine" if status == QUARANTINED else f"is still {status} after {attempts} tries"
            seen.find(f"inbox/{seq}", f"a document of {source} ({kind}) {what}")
    return seen
