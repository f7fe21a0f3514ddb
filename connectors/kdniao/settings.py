"""Settings of the Kuaidiniao account."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from connectors.transport import Limits


class KdniaoLimits(Limits):
    """10 queries a second is what the vendor bears."""

    concurrency: int = 10
    per_second: float = 10.0


class KdniaoSettings(BaseModel):
    """One merchant account. The vendor's sandbox has a single URL: give its path in both path settings."""

    model_config = ConfigDict(extra="forbid")

    business_id: str = Field(description="EBusinessID, the merchant id")
    app_key: SecretStr = Field(description="AppKey, signs requests and pushes")
    base_url: str = "https://api.kdniao.com"
    query_path: str = "/Ebusiness/EbusinessOrderHandle.aspx"
    subscribe_path: str = "/api/dist"
    query_instruction: Literal["8001", "1002"] = Field(
        default="8001", description="8001 is the paid query with fine states, 1002 the free one"
    )
    subscribe_instruction: Literal["8008", "1008"] = Field(
        default="8008", description="8008 is charged by waybill, 1008 by plan"
    )
    jd_merchant_code: str = Field(default="", description="青龙业主号, which JD parcels are asked with")
    limits: KdniaoLimits = Field(default_factory=KdniaoLimits)
