"""Planting damages in the clean world, and seeing that the right check finds them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import SQLModel

from audit.run import run_audit
from tests.audit.conftest import Serve
from tests.audit.world import World

PERSONAL = ("测试", "测*", "13800000000", "138****", "示例路", "示例公司", "#phone#")
"""What stands in the world's orders and must not stand in any finding."""

Plant = Callable[[World], Awaitable[None]]


@dataclass(frozen=True)
class Damage:
    """What is damaged, who must find it, and of what he says what."""

    plant: Plant
    found_by: frozenset[str]
    subject: str
    says: str


@dataclass
class Planted:
    """The damages of one test file."""

    damages: list[Damage] = field(default_factory=list)

    def damage(self, found_by: str, subject: str, says: str) -> Callable[[Plant], Plant]:
        """Register a damage that exactly these checks find (their names with blanks between)."""

        def register(plant: Plant) -> Plant:
            self.damages.append(Damage(plant, frozenset(found_by.split()), subject, says))
            return plant

        return register

    def params(self) -> list[Any]:
        """For pytest: each damage under its function's name."""
        return [pytest.param(damage, id=damage.plant.__name__) for damage in self.damages]


async def assert_found(world: World, serve: Serve, planted: Damage) -> None:
    """Plant a damage and audit: those who must find it do, nobody else does, and nobody tells personal data."""
    await planted.plant(world)
    report = await run_audit(world.db, serve(world.books))
    found = [*report.findings()]
    assert {name for name, _ in found} == planted.found_by
    assert any(planted.says in finding.text for _, finding in found), found
    assert planted.subject in {finding.subject for _, finding in found}
    said = json.dumps(report.to_json(), ensure_ascii=False)
    assert not any(word in said for word in PERSONAL)


async def change(world: World, table: type[SQLModel], where: Any, **values: Any) -> None:
    """Change one row behind everybody's back."""
    async with world.db.transaction() as tx:
        result = await tx.execute(update(table).where(where).values(**values))
        assert result.rowcount == 1  # type: ignore[attr-defined]
