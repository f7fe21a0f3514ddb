"""Settings of one mini-program and the merchant account that its payments go to."""

from __future__ import annotations

from typing import Annotated

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, field_validator

from connectors.transport import Limits


class WechatSettings(BaseModel):
    """One mini-program. `Order.shop` is its appid."""

    model_config = ConfigDict(extra="forbid")

    appid: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
    app_secret: SecretStr
    mchid: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,32}$")]
    apiv3_key: SecretStr = Field(description="32 characters; opens what notifications carry")
    platform_keys: dict[str, str] = Field(
        min_length=1,
        description="WeChat Pay's public keys in PEM by their serial (PUB_KEY_ID_…); two while a key is being changed",
    )
    message_token: SecretStr | None = Field(
        default=None, description="token of the mini-program's message push; none: its messages are refused"
    )
    base_url: str = "https://api.weixin.qq.com"
    limits: Limits = Field(default_factory=Limits)

    @field_validator("apiv3_key")
    @classmethod
    def _is_an_aes_256_key(cls, key: SecretStr) -> SecretStr:
        if len(key.get_secret_value().encode()) != 32:
            raise ValueError("must be 32 bytes")
        return key

    @field_validator("platform_keys")
    @classmethod
    def _are_rsa_keys(cls, keys: dict[str, str]) -> dict[str, str]:
        for serial, pem in keys.items():
            try:
                key = load_pem_public_key(pem.encode())
            except ValueError:
                raise ValueError(f"{serial} is no public key in PEM") from None
            if not isinstance(key, RSAPublicKey):
                raise ValueError(f"{serial} is no RSA key")
        return keys
