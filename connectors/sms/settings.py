"""Settings of Aliyun SMS."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from connectors.transport import Limits


class SmsLimits(Limits):
    """Messages are few, and the vendor throttles early."""

    concurrency: int = 10
    per_second: float = 20.0


class SmsSettings(BaseModel):
    """The account, the approved signature and templates, and the secret of the receipts' address."""

    model_config = ConfigDict(extra="forbid")

    base_url: str = "https://dysmsapi.aliyuncs.com"
    access_key_id: SecretStr
    access_key_secret: SecretStr
    sign_name: str = Field(min_length=1, description="approved signature, without brackets")
    templates: dict[str, str] = Field(description="our purpose → approved template code `SMS_…`")
    receipt_secret: SecretStr = Field(
        min_length=16, description="last part of the receipts' address, for Aliyun signs no receipt"
    )
    limits: SmsLimits = Field(default_factory=SmsLimits)
