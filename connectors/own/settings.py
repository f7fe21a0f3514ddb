"""Settings of the own shops."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator

from connectors.transport import Limits

ShopName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]


class ShopAccount(BaseModel):
    """One shop: the key that both sides sign with, and where it takes shipments (`{base_url}/orderhub/shipments`)."""

    model_config = ConfigDict(extra="forbid")

    key_id: str = Field(min_length=1)
    secret: SecretStr
    base_url: str


class OwnSettings(BaseModel):
    """All own shops by name; `Order.shop` is the name."""

    model_config = ConfigDict(extra="forbid")

    shops: dict[ShopName, ShopAccount] = Field(min_length=1)
    limits: Limits = Field(default_factory=Limits, description="of each shop on its own")

    @model_validator(mode="after")
    def _keys_tell_shops_apart(self) -> OwnSettings:
        keys = [shop.key_id for shop in self.shops.values()]
        if len(set(keys)) < len(keys):
            raise ValueError("two shops share a key_id: a request would not tell which one sent it")
        return self
