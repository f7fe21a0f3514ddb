"""What orderhub answers to a batch of orders or of refunds (docs/rest-api.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import httpx
from pydantic import BaseModel


class _Fault(BaseModel):
    field: str = ""


class _Result(BaseModel):
    order_no: str
    refund_id: str = ""
    result: Literal["accepted", "duplicate", "conflict", "invalid"]
    error: _Fault | None = None


class _Results(BaseModel):
    results: list[_Result]


Rejections = dict[tuple[str, int], dict[str, str]]
"""By order or refund and version, what orderhub did not want of it."""


def all_answered(
    response: httpx.Response,
    versions: Mapping[str, int],
    rejected: Rejections,
    by: Literal["order_no", "refund_id"] = "order_no",
) -> bool:
    """Whether the hub said of each of them what became of it; a refused one is noted, it is not to be sent again.

    `versions` are those that were sent, by the number that `by` names.
    """
    if response.status_code != 200:
        return False
    answered = _Results.model_validate_json(response.content).results
    results = {result.order_no if by == "order_no" else result.refund_id: result for result in answered}
    for number, result in results.items():
        if number in versions and result.result in {"conflict", "invalid"}:
            fault = result.error.field if result.error else ""
            rejected[number, versions[number]] = {by: number, "result": result.result, "field": fault}
    return results.keys() >= versions.keys()
