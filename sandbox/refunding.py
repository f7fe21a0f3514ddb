"""The controls of refunds, the same for every platform that has them, and of changes that change nothing."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from fastapi import APIRouter
from pydantic import Field

from sandbox.drafts import Shape
from sandbox.refunds import Verdict
from sandbox.words import in_words


class Wish(Shape):
    """What the buyer wants back: one line, counted from 1, or the whole order; so much of it, or all."""

    line: int | None = Field(None, ge=1)
    amount_fen: int | None = Field(None, ge=1)


@runtime_checkable
class RefundingShop(Protocol):
    """A platform whose buyers can ask for their money."""

    def refund(self, order_no: str, line: int | None, amount_fen: int | None) -> str:
        """The buyer applies; the refund's id. Raises KeyError, and ValueError for what cannot be refunded."""
        ...

    def settle(self, refund_id: str, verdict: Verdict) -> None:
        """What becomes of a refund. Raises KeyError, and ValueError when that was decided before."""
        ...

    def touch(self, order_no: str) -> None:
        """Mark the order as modified without changing its content. Raises KeyError."""
        ...


def refund_router(platform: RefundingShop) -> APIRouter:
    """The controls of one platform."""
    router = APIRouter()

    @router.post("/{order_no}/refund")
    async def refund(order_no: str, wish: Wish | None = None) -> dict[str, str]:
        """The buyer applies for a refund."""
        wanted = wish or Wish()
        with in_words():
            return {"refund_id": platform.refund(order_no, wanted.line, wanted.amount_fen)}

    @router.post("/refunds/{refund_id}/{verdict}", status_code=204)
    async def settle(refund_id: str, verdict: Verdict) -> None:
        """The merchant approves or refuses, or the buyer withdraws."""
        with in_words("there is no such refund"):
            platform.settle(refund_id, verdict)

    @router.post("/{order_no}/touch", status_code=204)
    async def touch(order_no: str) -> None:
        """The platform gives the order out as modified, and it is what it was."""
        with in_words():
            platform.touch(order_no)

    return router
