"""The control that only this platform has: its risk control."""

from __future__ import annotations

from fastapi import APIRouter

from sandbox.drafts import Shape
from sandbox.pdd.platform import PddPlatform
from sandbox.words import in_words


class Review(Shape):
    """Whether risk control looks at an order now."""

    under_review: bool


def pdd_router(pdd: PddPlatform) -> APIRouter:
    """To be mounted under `/control/pdd`."""
    router = APIRouter()

    @router.post("/authorise")
    async def authorise() -> dict[str, str]:
        """The owner consents that the app reads the shop; the code is good for ten minutes and one exchange."""
        return {"code": pdd.authorise()}

    @router.post("/{order_no}/risk", status_code=204)
    async def risk(order_no: str, wanted: Review) -> None:
        """Risk control takes an order up (it must not be shipped then), or lets it go."""
        with in_words():
            pdd.review(order_no, wanted.under_review)

    return router
