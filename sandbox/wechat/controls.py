"""Controls that only WeChat has: refunds that cannot be paid, notifications that nobody may take, the public key.

| control, under `/control/wechat` | what |
|---|---|
| `POST /refunds/{refund_id}/fail` | the shop agreed, and WeChat Pay cannot pay (ABNORMAL, CLOSED) |
| `POST /{order_no}/flawed` | send the payment's notification with something wrong |
| `GET /platform-key` | the public half of WeChat Pay's key, where it was made at the start |
"""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import Field

from sandbox.drafts import Shape
from sandbox.wechat.notices import Flaw
from sandbox.wechat.platform import WechatPlatform
from sandbox.wechat.purchases import PayRefundStatus
from sandbox.words import in_words


class Failure(Shape):
    """How the refund failed."""

    status: Literal[PayRefundStatus.ABNORMAL, PayRefundStatus.CLOSED] = PayRefundStatus.ABNORMAL


class Flawed(Shape):
    """What is wrong with the notification."""

    flaw: Flaw = Field(Flaw.PROBE)


def wechat_router(wechat: WechatPlatform) -> APIRouter:
    """The controls of the table above; to be mounted before the general ones, whose paths are wider."""
    router = APIRouter()

    @router.post("/refunds/{refund_id}/fail", status_code=204)
    async def fail(refund_id: str, wanted: Failure | None = None) -> None:
        """Let a refund fail at WeChat Pay."""
        with in_words("there is no such refund"):
            wechat.fail_refund(refund_id, (wanted or Failure()).status)

    @router.post("/{order_no}/flawed", status_code=204)
    async def flawed(order_no: str, wanted: Flawed) -> None:
        """Send a notification that nobody may take."""
        with in_words():
            wechat.send_flawed(order_no, wanted.flaw)

    @router.get("/platform-key")
    async def platform_key() -> dict[str, str]:
        """The public half of WeChat Pay's key."""
        return {"key_id": wechat.key_id, "public_key": wechat.public_key}

    return router
