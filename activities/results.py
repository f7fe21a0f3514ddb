"""How a step's answer is kept in the audit trail, so that the step can give it again."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import TypeAdapter

from activities.contracts import StagesDue
from store.steps import STAGES

T = TypeVar("T")


def to_json(answer: object) -> dict[str, Any]:
    """An answer (a contract's dataclass) as plain JSON."""
    return dict(_adapter(type(answer)).dump_python(answer, mode="json"))


def from_json(kind: type[T], kept: dict[str, Any]) -> T:
    """The answer that was kept."""
    answer: T = _adapter(kind).validate_python(kept)
    return answer


def stages(kept: dict[str, Any]) -> StagesDue | None:
    """When the first stage is due, of a step that tells nothing else; None of one that was kept before it did."""
    return from_json(StagesDue, kept[STAGES]) if kept.get(STAGES) else None


_adapters: dict[type[Any], TypeAdapter[Any]] = {}


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    # Building an adapter costs far more than using it.
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]
