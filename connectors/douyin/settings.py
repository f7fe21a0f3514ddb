"""Settings of the Douyin application and its shops."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from connectors.ewaybills import Sender
from connectors.transport import Limits

ShopId = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,20}$")]
Tag = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,6}$")]


def _tags(first: int, last: int) -> list[str]:
    return [str(tag) for tag in range(first, last + 1)]


class DouyinSettings(BaseModel):
    """One self-built application (自用型应用) and the shops that authorised it."""

    model_config = ConfigDict(extra="forbid")

    app_key: str
    app_secret: SecretStr
    shops: list[ShopId] = Field([], description="shop ids; `Order.shop` is the shop id as text")
    sender: Sender
    base_url: str = "https://openapi-fxg.jinritemai.com"
    limits: Limits = Field(default_factory=Limits)
    order_tags: list[Tag] = Field(
        default_factory=lambda: _tags(100, 114), description="messages that speak of an order: it is read anew"
    )
    refund_tags: list[Tag] = Field(
        default_factory=lambda: _tags(200, 208), description="messages that speak of a refund: it is read anew"
    )
    token_margin_s: float = Field(
        default=1800.0,
        ge=0,
        le=3600,
        description="refresh so long before expiry; with more than an hour left the platform gives the old token back",
    )
    token_wait_s: float = Field(default=3.0, ge=0, description="how long to wait for another process's refresh")
