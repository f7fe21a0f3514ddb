"""What a contract with Cainiao gives: keys, waybill account, sender, and one agreement for each courier."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from connectors.transport import Limits
from domain.shipping import Carrier


class Sender(BaseModel):
    """Where parcels start. The address must be one of the account's shipping addresses, word for word."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    phone: str
    province: str
    city: str = ""
    district: str = ""
    town: str = ""
    detail: str


class Agreement(BaseModel):
    """What was agreed with one courier, as the waybill account's console shows it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    template_url: str = Field(description="the printing template that belongs to this courier")
    customer_code: str = Field(
        "", description="the courier's own customer number (SF's 月结卡号), where it asks for one"
    )
    product_code: str = Field("", description="the courier's product, where it has several (SF)")
    cold_chain_services: str = Field("", description="logisticsServices of a cold-chain parcel, as JSON text")


class CainiaoSettings(BaseModel):
    """Cainiao's electronic waybills through the LINK gateway (菜鸟物流云)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = Field(
        "https://link.cainiao.com/gateway/link.do",
        description="the whole address of the gateway; pre-release is https://prelink.cainiao.com/gateway/link.do",
    )
    token: SecretStr = Field(description="logistic_provider_id: the token of the authorised waybill account")
    secret_key: SecretStr = Field(description="the LINK app's secret, for data_digest")
    user_id: int = Field(gt=0, description="userId of the waybill account")
    sender: Sender
    agreements: dict[Carrier, Agreement] = Field(description="the couriers that waybills may be ordered of")
    limits: Limits = Field(default_factory=Limits)
