"""Settings of the Pinduoduo application, its shops and their couriers."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from connectors.ewaybills import Sender
from connectors.transport import Limits
from domain.shipping import Carrier

MallId = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,18}$")]


class CourierTerms(BaseModel):
    """One courier as Pinduoduo knows it."""

    model_config = ConfigDict(extra="forbid")

    logistics_id: int = Field(gt=0, description="its number in pdd.logistics.companies.get")
    wp_code: str = Field("", description="its e-waybill code (SF, ZTO, …); empty where no e-waybills are agreed")
    template_url: str = Field("", description="its template in pdd.cloudprint.stdtemplates.get")


class PddSettings(BaseModel):
    """One application (client) and the shops that authorised it."""

    model_config = ConfigDict(extra="forbid")

    client_id: str
    client_secret: SecretStr
    shops: list[MallId] = Field([], description="mall ids; `Order.shop` is the mall id as text")
    sender: Sender
    couriers: dict[Carrier, CourierTerms] = Field(description="the couriers that parcels may go by")
    base_url: str = "https://gw-api.pinduoduo.com"
    limits: Limits = Field(default_factory=Limits)
    token_margin_s: float = Field(default=1800.0, ge=0, description="refresh an access token so long before expiry")
    token_wait_s: float = Field(default=3.0, ge=0, description="how long to wait for another process's refresh")
