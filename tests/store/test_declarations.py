"""The queue of declarations, and what people supplied."""

from __future__ import annotations

from domain.clock import utc_now
from domain.declaring import Judged, Missing, Standing, Supplied
from store import declarations
from store.database import Database
from tests.store.samples import index_row, taken

LACKS = Judged("US", Standing.INCOMPLETE, (Missing("invoice_no"), Missing("hs_code", "1")))
DONE = Judged("US", Standing.COMPLETE)


async def test_what_lacks_something_is_in_the_queue_until_it_does_not(database: Database) -> None:
    first, second = await taken(database, "SO1"), await taken(database, "SO2")
    async with database.transaction() as tx:
        await declarations.keep(tx, first, None)
        assert await declarations.of_order(tx, first) is None
        for order_id in (first, second):
            await declarations.keep(tx, order_id, LACKS)
        queued = await declarations.queue(tx, ("incomplete",), 10)
        assert [(one.order_id, one.missing) for one in queued] == [(first, LACKS.missing), (second, LACKS.missing)]
        assert len(await declarations.queue(tx, ("incomplete",), 1)) == 1
        await declarations.keep(tx, first, DONE, "李")
        row = await declarations.of_order(tx, first)
        assert row is not None
        assert (row.completed_by, row.missing) == ("李", [])
        (await index_row(tx, second)).closed_at = utc_now()
        await tx.flush()
        assert await declarations.queue(tx, ("incomplete", "complete"), 10) == [
            one for one in await declarations.queue(tx, ("complete",), 10) if one.order_id == first
        ]
        await declarations.keep(tx, first, None)
        row = await declarations.of_order(tx, first)
        assert row is not None
        assert row.status == "ended"


async def test_the_same_supply_is_the_same(database: Database) -> None:
    order_id = await taken(database)
    async with database.transaction() as tx:
        await declarations.keep(tx, order_id, LACKS)
        one = Supplied({"invoice_no": "I1"}, {"1": {"hs_code": "691110"}})
        other = Supplied({"invoice_no": "I2"}, {"1": {"unit": "pcs"}})
        assert [await declarations.wish(tx, order_id, given, "李") for given in (one, one, other, one)] == [1, 1, 2, 1]
        assert [await declarations.take(tx, order_id, n) for n in (1, 1, 2)] == [True, False, True]
        kept = await declarations.supplied(tx, order_id)
        assert (kept.fields, kept.lines) == ({"invoice_no": "I2"}, {"1": {"hs_code": "691110", "unit": "pcs"}})
        await declarations.keep(tx, order_id, DONE)
        assert (await declarations.supplied(tx, order_id)).fields == {"invoice_no": "I2"}
