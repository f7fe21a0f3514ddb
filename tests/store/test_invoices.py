"""Which invoice an order gets, as it is kept."""

from __future__ import annotations

from sqlmodel import select

from domain.invoices import InvoiceChoice, InvoiceType
from store import invoices
from store.database import Database
from store.tables import TaskRow
from tests.store.samples import order, taken


async def test_what_is_undecided_is_a_task_until_it_is_decided(database: Database) -> None:
    order_id, document = await taken(database), order()

    async def choose(revision: int, kind: InvoiceType) -> list[str]:
        async with database.transaction() as tx:
            await invoices.choose(tx, order_id, revision, document, InvoiceChoice(kind, "invoice_types@1/row"))
        async with database.reading() as tx:
            kept = await invoices.of_order(tx, order_id)
            assert kept is not None
            assert (kept.type, kept.revision) == (kind, revision)
            tasks = (await tx.execute(select(TaskRow).where(TaskRow.kind == "invoice_undecided"))).scalars()
            return [task.closed_by for task in tasks]

    assert await choose(1, InvoiceType.UNDECIDED) == [""]
    assert await choose(1, InvoiceType.UNDECIDED) == [""]
    assert await choose(2, InvoiceType.DIGITAL_SPECIAL) == ["orderhub"]
    assert await choose(3, InvoiceType.UNDECIDED) == [""]
