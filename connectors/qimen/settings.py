"""Settings of one warehouse behind Qimen."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from connectors.transport import Limits


class QimenSender(BaseModel):
    """Who stands as the sender on the warehouse's papers, usually the warehouse itself."""

    model_config = ConfigDict(extra="forbid")

    name: str
    mobile: str
    province: str
    city: str
    area: str = ""
    detail_address: str
    company: str = ""


class QimenSettings(BaseModel):
    """The caller's key, the route to the warehouse, and what every delivery order to it says alike.

    A private WMS that speaks Qimen without the gateway needs only another `base_url` and secret.
    """

    model_config = ConfigDict(extra="forbid")

    base_url: str = Field(
        default="https://qimen.api.taobao.com/router/qimen/service", description="the whole address that is posted to"
    )
    app_key: str
    app_secret: SecretStr = Field(description="signs our calls, and proves the warehouse's")
    customer_id: str = Field(description="customerId, the route agreed with the warehouse")
    warehouse_code: str = Field(description="of the warehouse that an order goes to for which no other one is named")
    owner_code: str = Field(description="ownerCode, whose goods these are at the warehouse")
    shop_nick: str = Field(default="", description="shopNick of every order; empty: each order's own shop")
    sender: QimenSender
    limits: Limits = Field(default_factory=Limits)
