"""Settings of the shops that speak our own REST protocol."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator

from connectors.transport import Limits

ShopName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]


class ShopAccount(BaseModel):
    """One shop: how it proves who it is, where it takes shipments, and whether it is asked for its orders.

    `key_id` and `secret` sign both ways; `api_key` is enough for one that only sends. An account without either sends
    nothing: its orders come from files.
    """

    model_config = ConfigDict(extra="forbid")

    key_id: str = ""
    secret: SecretStr | None = None
    api_key: Annotated[SecretStr, Field(min_length=24)] | None = None
    base_url: str = Field("", description="shipments go to {base_url}/orderhub/shipments; empty: it is told of none")
    pull: bool = Field(False, description="whether {base_url}/orderhub/orders is asked for changes")
    stock: bool = Field(False, description="whether {base_url}/orderhub/stock is told how many pieces may be sold")

    @model_validator(mode="after")
    def _fits_together(self) -> ShopAccount:
        if bool(self.key_id) != bool(self.secret and self.secret.get_secret_value()):
            raise ValueError("key_id and secret belong together")
        if self.base_url and not self.key_id:
            raise ValueError("base_url needs key_id and secret, for what we send is signed")
        if (self.pull or self.stock) and not self.base_url:
            raise ValueError("pull and stock need base_url")
        return self


class RestSettings(BaseModel):
    """All shops of one channel by name; `Order.shop` is the name."""

    model_config = ConfigDict(extra="forbid")

    shops: dict[ShopName, ShopAccount] = {}
    limits: Limits = Field(default_factory=Limits, description="of each shop on its own")


class OwnSettings(RestSettings):
    """All own shops. A buyer waits there for the parcel's number, so that none goes without write-back."""

    @model_validator(mode="after")
    def _are_told_of_shipments(self) -> OwnSettings:
        for name, shop in self.shops.items():
            if not shop.base_url:
                raise ValueError(f"shop {name} has no base_url: its shipments would be told nowhere")
        return self
