"""What a contract with SF gives: keys, account, sender, products."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from connectors.transport import Limits


class Sender(BaseModel):
    """Where parcels start. Clear text, as it is printed on the waybill."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    phone: str
    company: str = ""
    province: str
    city: str
    county: str
    address: str


class SfLimits(Limits):
    """SF allows about 30 calls a second unless its console says otherwise."""

    per_second: float = 30.0


class SfSettings(BaseModel):
    """SF open platform (丰桥). Sandbox and production have different check words."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = Field(
        "https://bspgw.sf-express.com/std/service",
        description="the whole address of the gateway; the vendor's sandbox is https://sfapi-sbox.sf-express.com/std/service",
    )
    partner_id: str = Field(description="顾客编码")
    check_word: SecretStr = Field(description="校验码")
    monthly_card: SecretStr = Field(description="月结卡号")
    sender: Sender
    express_type_id: int = Field(2, gt=0, description="product for ordinary parcels; 2 is 顺丰标快")
    cold_chain_express_type_id: int = Field(
        201, gt=0, description="product for cold-chain parcels; 201 is 冷运标快, which must be in the contract"
    )
    pay_method: int = Field(1, ge=1, le=3, description="1 sender, 2 receiver, 3 third party")
    call_courier: bool = Field(False, description="whether each order calls a courier; False where SF picks up anyway")
    push_secret: SecretStr = Field(min_length=16, description="last part of the path that route pushes come to")
    limits: SfLimits = Field(default_factory=SfLimits)
    """SF's console gives about 30 calls per second to each interface."""
