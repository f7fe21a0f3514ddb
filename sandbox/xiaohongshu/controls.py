"""The controls that only this platform has: what the shop's owner does on its pages."""

from __future__ import annotations

from fastapi import APIRouter

from sandbox.xiaohongshu.platform import XiaohongshuPlatform


def xiaohongshu_router(platform: XiaohongshuPlatform) -> APIRouter:
    """To be mounted under `/control/xiaohongshu`."""
    router = APIRouter()

    @router.post("/authorise")
    async def authorise() -> dict[str, str]:
        """The owner consents that the app reads the shop; the code is good for ten minutes and one exchange."""
        return {"code": platform.authorise()}

    @router.post("/test-push", status_code=204)
    async def test_push() -> None:
        """The owner sets the hub's URL, and the platform tries whether it can be reached."""
        platform.test_push()

    return router
