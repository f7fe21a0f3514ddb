"""An order that names a file which comes while the order is being reviewed."""

from __future__ import annotations

import hashlib

from activities import contracts as c
from store import extensions
from tests.activities.conftest import Bench
from tests.store.samples import index_row

CONTENT = b"%PDF-1.4 made up"


async def test_a_file_that_came_during_the_review_is_not_waited_for(bench: Bench) -> None:
    digest = hashlib.sha256(CONTENT).hexdigest()
    placed = await bench.order(ext={"overseas_certificate": digest})
    at = c.OrderAt(placed.order_id, 1)
    accepted = await bench.run(c.ACCEPT_ORDER, at)
    assert [(flag.code, flag.hold) for flag in accepted.flags] == [("fields.no_file", "FIELDS_MISSING")]
    async with bench.db.reading() as tx:
        assert (await index_row(tx, placed.order_id)).revision == 1
    async with bench.db.transaction() as tx:  # whoever hands it in could not see yet what the review found
        await extensions.keep_file(tx, "", "application/pdf", CONTENT, "wei")
    assert await bench.run(c.ACCEPT_ORDER, at) == accepted
    async with bench.db.reading() as tx:
        assert (await index_row(tx, placed.order_id)).revision == 2
    assert (await bench.run(c.ACCEPT_ORDER, c.OrderAt(placed.order_id, 2))).flags == []
