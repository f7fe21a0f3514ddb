"""What TOP needs to know of the application and its shops, and Cainiao's e-waybills of the sender."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from connectors.cainiao.settings import Agreement, Sender
from connectors.taobao.signing import SignMethod
from connectors.transport import Limits
from domain.shipping import Carrier

__all__ = ["Agreement", "Sender", "Shop", "TaobaoSettings"]

ShopName = Annotated[str, StringConstraints(pattern=r"^[^:#/\s]+$")]


class Shop(BaseModel):
    """One shop that authorised the application."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    session: SecretStr = Field(
        description="the seller's access token; it lives as long as the service subscription and cannot be prolonged"
    )
    session_expires_at: AwareDatetime | None = Field(
        None, description="when the seller must authorise again, with its zone; empty: nobody is reminded ahead of time"
    )
    platform: Literal["TB", "TM"] = Field(
        "TB", description="TM for a Tmall shop: the order_channels_type of e-waybills"
    )


class TaobaoSettings(BaseModel):
    """One TOP application. Sender and agreements are Cainiao's, as through its other door (`connectors.cainiao`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    app_key: str
    app_secret: SecretStr
    sign_method: SignMethod = "hmac-sha256"
    shops: dict[ShopName, Shop] = Field({}, description="by the name that `Order.shop` has")
    user_id: int = Field(gt=0, description="the seller's id at Taobao (taobao_user_id), for e-waybills")
    sender: Sender
    agreements: dict[Carrier, Agreement] = Field(description="the couriers that e-waybills may be ordered of")
    base_url: str = Field("https://eco.taobao.com/router/rest", description="the whole address of the router")
    limits: Limits = Field(default_factory=Limits)
