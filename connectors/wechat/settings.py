"""Settings of the mini-programs, each with the merchant account that its payments go to."""

from __future__ import annotations

from typing import Annotated

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, field_validator, model_validator
from wechatpayv3.utils import load_private_key, load_public_key

from connectors.transport import Limits

AppId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,32}$")]


class WechatShop(BaseModel):
    """One mini-program, and its merchant account at WeChat Pay (APIv3, public-key mode)."""

    model_config = ConfigDict(extra="forbid")

    app_secret: SecretStr
    mchid: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,32}$")]
    apiv3_key: SecretStr = Field(description="32 characters; opens what notifications carry")
    platform_keys: dict[str, str] = Field(
        min_length=1,
        description="WeChat Pay's public keys in PEM by their serial (PUB_KEY_ID_…); two while one is being changed, "
        "the one to ask with first",
    )
    message_token: SecretStr | None = Field(
        default=None, description="token of the mini-program's message push; none: its messages are refused"
    )
    merchant_serial: str = Field("", description="serial of the merchant's own API certificate")
    merchant_private_key: SecretStr | None = Field(
        default=None, description="its key, PKCS#8 in PEM; without it unpaid orders are not asked for"
    )

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
                key = load_public_key(pem)
            except Exception:  # the library raises nothing narrower
                raise ValueError(f"{serial} is no public key in PEM") from None
            if not isinstance(key, RSAPublicKey):
                raise ValueError(f"{serial} is no RSA key")
        return keys

    @field_validator("merchant_private_key")
    @classmethod
    def _is_an_rsa_key(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is None:
            return None
        try:
            key = load_private_key(secret.get_secret_value())
        except Exception:
            raise ValueError("is no private key in PEM (PKCS#8)") from None
        if not isinstance(key, RSAPrivateKey):
            raise ValueError("is no RSA key")
        return secret

    @model_validator(mode="after")
    def _serial_and_key_belong_together(self) -> WechatShop:
        if bool(self.merchant_serial) != (self.merchant_private_key is not None):
            raise ValueError("merchant_serial and merchant_private_key belong together")
        return self

    @property
    def asks(self) -> bool:
        """Whether WeChat Pay can be asked for this shop's payments."""
        return self.merchant_private_key is not None


class WechatSettings(BaseModel):
    """All mini-programs by appid; `Order.shop` is the appid. Their orders come by REST (docs/rest-api.md)."""

    model_config = ConfigDict(extra="forbid")

    shops: dict[AppId, WechatShop] = Field(min_length=1)
    base_url: str = Field("https://api.weixin.qq.com", description="the mini-programs' server API")
    pay_url: str = Field("https://api.mch.weixin.qq.com", description="WeChat Pay")
    ask_unpaid_after_s: float = Field(
        300, gt=0, description="how old an unpaid order is when WeChat Pay is first asked whether it was paid"
    )
    limits: Limits = Field(default_factory=Limits, description="of each mini-program on its own")
