"""The controls that only this platform has: what the seller does on its pages."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field

from sandbox.drafts import Shape
from sandbox.taobao.platform import TaobaoPlatform


class NewSession(Shape):
    """The access token that the seller's consent gives."""

    session: str = Field(min_length=1)


def taobao_router(platform: TaobaoPlatform) -> APIRouter:
    """To be mounted under `/control/taobao`."""
    router = APIRouter()

    @router.post("/reauthorise", status_code=204)
    async def reauthorise(wanted: NewSession) -> None:
        """The seller authorises the app again; the earlier session is over."""
        platform.reauthorise(wanted.session)

    return router
