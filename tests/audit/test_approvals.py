"""Orders that passed the review without everybody's approval."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import and_, col

from audit.run import run_audit
from domain.clock import utc_now
from rules import engine
from rules.documents import version_of
from store.tables import ApprovalRequestRow, ApprovalRow, OrderEventRow, RuleVersionRow
from tests.audit.clean import CLEAR
from tests.audit.conftest import Serve
from tests.audit.planting import Damage, Planted, assert_found, change
from tests.audit.world import World

PLANTED = Planted()
FEN = CLEAR.amounts.paid_fen
RULE = f"approvals@{version_of(engine.default('approvals'))}/large"


async def _demanded(world: World, *, known: bool = True) -> None:
    """The review of an order came to the row for large ones."""
    async with world.db.transaction() as tx:
        if known:
            content = engine.default("approvals")
            version = version_of(content)
            tx.add(RuleVersionRow(name="approvals", version=version, content=content, origin="file", at=utc_now()))
    step: Any = and_(col(OrderEventRow.order_id) == CLEAR.order_id, col(OrderEventRow.step) == "accept/1")
    await change(world, OrderEventRow, step, rules=[RULE], result={"amount_fen": FEN})


async def _agreed(world: World, n: int, role: str, *verdicts: str, fen: int = FEN) -> None:
    async with world.db.transaction() as tx:
        request: dict[str, Any] = {"row": "large", "step": 1, "mode": "all", "within_s": 60, "rule": RULE}
        ids: dict[str, Any] = {"order_id": CLEAR.order_id, "n": n}
        tx.add(ApprovalRequestRow(**ids, role=role, revision=1, amount_fen=fen, status="approved", **request))
        for verdict in verdicts:
            tx.add(
                ApprovalRow(**ids, verdict=verdict, who=role, standing="own", way="api", amount_fen=fen, at=utc_now())
            )
            await tx.flush()


@PLANTED.damage("approvals_given", CLEAR.order_id, "demands the approval of technical_director")
async def one_director_only(world: World) -> None:
    await _demanded(world)
    await _agreed(world, 1, "sales_director", "approve")


@PLANTED.damage("approvals_given", CLEAR.order_id, "demands the approval of technical_director")
async def one_that_was_taken_back(world: World) -> None:
    await _demanded(world)
    await _agreed(world, 1, "sales_director", "refuse", "withdraw", "approve")
    await _agreed(world, 2, "technical_director", "approve", "withdraw")


@PLANTED.damage("approvals_given", CLEAR.order_id, "demands the approval of sales_director, technical_director")
async def for_less_than_it_cost(world: World) -> None:
    await _demanded(world)
    await _agreed(world, 1, "sales_director", "approve", fen=FEN - 1)
    await _agreed(world, 2, "technical_director", "approve", fen=FEN - 1)


@PLANTED.damage("approvals_given", CLEAR.order_id, "nobody approved")
async def nobody_at_all_by_a_version_that_is_lost(world: World) -> None:
    await _demanded(world, known=False)


@pytest.mark.parametrize("planted", PLANTED.params())
async def test_the_damage_is_found(world: World, serve: Serve, planted: Damage) -> None:
    await assert_found(world, serve, planted)


async def test_everybody_agreed(world: World, serve: Serve) -> None:
    await _demanded(world)
    await _agreed(world, 1, "sales_director", "approve")
    await _agreed(world, 2, "technical_director", "approve", fen=FEN + 1)
    report = await run_audit(world.db, serve(world.books))
    assert report.clean
    assert [check.looked_at for check in report.checks if check.name == "approvals_given"] == [1]
