"""Taking what was missing of a declaration."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.contracts import SUPPLY_DECLARATION, DeclarationRef, DeclarationVerdict
from activities.dossiers import declared
from activities.results import from_json, to_json
from activities.ship_day import planned
from domain.clock import BEIJING, utc_now
from domain.declaring import Standing
from domain.texts import text
from store import declarations, dossiers, orders
from store.database import Database
from store.steps import Done, run_step
from store.tables import OrderRow

_SHOWN = 6


class DeclarationSteps:
    """`house` are the fields that hold for every order."""

    def __init__(self, db: Database, house: Mapping[str, str]) -> None:
        self._db = db
        self._house = house

    @activity.defn(name=SUPPLY_DECLARATION.name)
    async def supply_declaration(self, ref: DeclarationRef) -> DeclarationVerdict:
        """Make what somebody supplied the order's, and say what is still missing."""

        async def work(tx: AsyncSession, row: OrderRow) -> Done:
            changed = await declarations.take(tx, ref.order_id, ref.n)
            order = await orders.body(tx, ref.order_id)
            articles, free = await dossiers.goods(tx, {line.sku for line in order.lines})
            now = utc_now()
            leaves = await planned(tx, order, free, now)
            judged = await declared(tx, order, self._house, articles, now.astimezone(BEIJING).date(), leaves)
            await declarations.keep(tx, ref.order_id, judged, ref.by)
            if changed:
                # Its workflow hears of the new revision by this step's answer.
                row.signalled_revision = await orders.replace(tx, row, order, f"{orders.SUPPLIED}/{ref.n}")
            complete = judged is None or judged.standing is Standing.COMPLETE
            left = judged.missing if judged is not None else ()
            what = "，".join(one.sentence() for one in left[:_SHOWN])
            said = text("declare.complete") if complete else text("declare.left", count=len(left), what=what)
            verdict = DeclarationVerdict(row.revision, complete, said)
            return Done("declaration.supplied", said, result=to_json(verdict))

        kept = await run_step(self._db, ref.order_id, f"declaration/{ref.n}", ref.by or "staff", work)
        return from_json(DeclarationVerdict, kept)
