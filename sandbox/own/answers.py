"""What orderhub answers to a batch of orders (docs/rest-api.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import httpx
from pydantic import BaseModel


class _Fault(BaseModel):
    field: str = ""


class _Result(BaseModel):
    order_no: str
    result: Literal["accepted", "duplicate", "conflict", "invalid"]
    error: _Fault | None = None


class _Results(BaseModel):
    results: list[_Result]


Rejections = dict[tuple[str, int], dict[str, str]]
"""By order and version, what orderhub did not want of it."""


def all_answered(response: httpx.Response, versions: Mapping[str, int], rejected: Rejections) -> bool:
    """Whether the hub said of every order what became of it; a refused one is noted, it is not to be sent again."""
    if response.status_code != 200:
        return False
    results = {result.order_no: result for result in _Results.model_validate_json(response.content).results}
    for order_no, result in results.items():
        if order_no in versions and result.result in {"conflict", "invalid"}:
            fault = result.error.field if result.error else ""
            rejection = {"order_no": order_no, "result": result.result, "field": fault}
            rejected[order_no, versions[order_no]] = rejection
    return results.keys() >= versions.keys()
