"""Taking or dropping a wished address."""

from __future__ import annotations

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.contracts import APPLY_ADDRESS, DROP_ADDRESS, AddressRef, AddressVerdict
from activities.readdress import say_again
from activities.results import from_json, to_json
from domain.address import address_problems
from domain.clock import utc_now
from domain.order import Receiver
from domain.texts import text
from store import orders
from store.database import Database
from store.steps import Done, run_step
from store.tables import AddressChangeRow, OrderRow

_RECEIVER: TypeAdapter[Receiver] = TypeAdapter(Receiver)


class AddressSteps:
    """The address itself stays in the store; histories know it by its number."""

    def __init__(self, db: Database, warehouse: str) -> None:
        self._db = db
        self._warehouse = warehouse

    @activity.defn(name=APPLY_ADDRESS.name)
    async def apply_address(self, ref: AddressRef) -> AddressVerdict:
        """Make a wished address the order's, as a new revision, if a parcel can be sent there."""

        async def work(tx: AsyncSession, row: OrderRow) -> Done:
            change = await _change(tx, ref)
            receiver = _RECEIVER.validate_python(change.receiver)
            problems = "；".join(text(f"address.{problem.code}") for problem in address_problems(receiver))
            change.status = "refused" if problems else "confirmed"
            change.why = problems
            tx.add(change)
            revision, said = row.revision, ""
            if not problems:
                before = await orders.body(tx, ref.order_id)
                revision = await orders.replace_receiver(tx, row, receiver, f"address/{ref.n}")
                row.signalled_revision = revision
                after = before.model_copy(update={"receiver": receiver})
                said = await say_again(tx, before, after, self._warehouse, ref.n, utc_now())
            verdict = AddressVerdict(not problems, revision, problems, said)
            return Done(f"address.{change.status}", problems or said, result=to_json(verdict))

        kept = await run_step(self._db, ref.order_id, f"address/{ref.n}/confirm", ref.by, work)
        return from_json(AddressVerdict, kept)

    @activity.defn(name=DROP_ADDRESS.name)
    async def drop_address(self, ref: AddressRef) -> None:
        """The old address stays."""

        async def work(tx: AsyncSession, row: OrderRow) -> Done:
            change = await _change(tx, ref)
            change.status, change.why = "lapsed", ref.why[:300]
            tx.add(change)
            return Done("address.dropped", ref.why)

        await run_step(self._db, ref.order_id, f"address/{ref.n}/drop", "orderhub", work)


async def _change(tx: AsyncSession, ref: AddressRef) -> AddressChangeRow:
    change = await tx.get(AddressChangeRow, (ref.order_id, ref.n))
    if change is None:
        raise LookupError(f"no wished address {ref.n} of {ref.order_id}")
    return change
