"""Settings of the Xiaohongshu application, its shops and their couriers."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from connectors.ewaybills import Sender
from connectors.transport import Limits
from domain.shipping import Carrier

SellerId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class CourierTerms(BaseModel):
    """One courier as Xiaohongshu knows it."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(min_length=1, description="its code in common.getExpressCompanyList (zto, shunfeng, …)")
    template_id: int | None = Field(None, gt=0, description="e-waybill template; empty where no e-waybills are agreed")
    customer_code: str = Field("", description="the courier's customer number (月结卡号), where it asks for one")
    branch_code: str = Field("", description="the branch (网点) that gives the numbers, where the courier has branches")


class XiaohongshuSettings(BaseModel):
    """One application and the shops that authorised it."""

    model_config = ConfigDict(extra="forbid")

    app_id: str
    app_secret: SecretStr
    shops: list[SellerId] = Field([], description="seller ids; `Order.shop` is the seller id")
    seller_name: str = Field("orderhub", description="the shop's name on e-waybills; the platform does not check it")
    sender: Sender
    couriers: dict[Carrier, CourierTerms] = Field(description="the couriers that parcels may go by")
    base_url: str = "https://ark.xiaohongshu.com"
    limits: Limits = Field(default_factory=Limits)
    token_margin_s: float = Field(
        default=1500.0,
        ge=0,
        lt=1800,
        description="refresh so long before expiry; with more than half an hour left the platform gives the old pair",
    )
    token_wait_s: float = Field(default=3.0, ge=0, description="how long to wait for another process's refresh")
