"""Documents that are wrong at first, and mended when the shop looks into it; the same control for every platform."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from fastapi import APIRouter

from sandbox.words import in_words


@runtime_checkable
class MendingShop(Protocol):
    """A platform whose documents may be wrong (`Draft.flawed`)."""

    def mend(self, order_no: str) -> None:
        """The order is written as it should be from now on. Raises KeyError."""
        ...


def mend_router(platform: MendingShop) -> APIRouter:
    """The control of one platform."""
    router = APIRouter()

    @router.post("/{order_no}/mend", status_code=204)
    async def mend(order_no: str) -> None:
        """What was wrong with the order's document is mended, and the platform says so as it does of any change."""
        with in_words():
            platform.mend(order_no)

    return router
