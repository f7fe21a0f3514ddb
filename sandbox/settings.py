"""The sandbox's own settings: the credentials that each partner would have issued, and the pace of its world."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class RestShopSettings(BaseModel):
    """A shop that speaks orderhub's REST protocol."""

    shop: str
    key_id: str
    secret: SecretStr
    api_key: SecretStr = Field(SecretStr(""), description="what its pushes carry in place of a signature")
    idempotency_keys: bool = Field(False, description="whether its pushes carry an Idempotency-Key")


class OwnShopSettings(RestShopSettings):
    """The merchant's own shop."""

    shop: str = "main"
    key_id: str = "shop-main"


class PosSettings(RestShopSettings):
    """The merchant's tills."""

    shop: str = "till"
    key_id: str = "shop-till"


class B2bSettings(RestShopSettings):
    """Where business customers order."""

    shop: str = "trade"
    key_id: str = "shop-trade"
    idempotency_keys: bool = Field(True, description="whether its pushes carry an Idempotency-Key")


class DouyinSettings(BaseModel):
    """The Douyin open platform."""

    app_key: str
    app_secret: SecretStr
    shop_id: str = "123456"
    token_seconds: int = Field(7 * 24 * 3600, description="life of an access token")


class TaobaoSettings(BaseModel):
    """Taobao's open platform."""

    app_key: str
    app_secret: SecretStr
    shop: str = Field("tb-main", description="the seller's nick")
    session: SecretStr = Field(description="the seller's access token")
    session_seconds: int = Field(0, ge=0, description="after which the seller must authorise again; 0: never")


class QimenSettings(BaseModel):
    """The warehouse behind the Qimen gateway."""

    app_key: str
    secret: SecretStr
    customer_id: str = "C0001"
    warehouses: list[str] = Field(["WH01", "WH02", "WH03"], min_length=1, description="codes of its houses")
    owner: str = "OWN1"


class SfSettings(BaseModel):
    """SF's gateway."""

    partner_id: str
    check_word: SecretStr
    push_secret: SecretStr = Field(description="last part of the path that route pushes go to")


class CainiaoSettings(BaseModel):
    """Cainiao's LINK gateway."""

    provider_id: str
    secret: SecretStr


class KdniaoSettings(BaseModel):
    """Kuaidiniao."""

    business_id: str
    app_key: SecretStr


class CreditSettings(BaseModel):
    """The CRM's credit check."""

    app: str
    secret: SecretStr


class SmsSettings(BaseModel):
    """Aliyun's short messages."""

    access_key_id: str
    access_key_secret: SecretStr
    receipt_secret: SecretStr = Field(description="last part of the path that receipts go to")


class PddSettings(BaseModel):
    """Pinduoduo's open platform. Its one shop has authorised the app already: both tokens are good from the start."""

    client_id: str
    client_secret: SecretStr
    shop: str = "pdd-main"
    mall_id: int = Field(100001, description="the shop's number on the platform")
    access_token: SecretStr
    refresh_token: SecretStr
    token_seconds: int = Field(24 * 3600, description="life of an access token")
    refresh_token_seconds: int = Field(30 * 24 * 3600, description="life of the refresh token, from the start")


class JdSettings(BaseModel):
    """JD's open platform with one POP shop, and the FTP server that takes its order exports."""

    app_key: str
    app_secret: SecretStr
    shop: str = "jd-main"
    vender_id: int = Field(10001, description="the merchant's number, which the names of exports carry")
    shop_id: int = 20001
    access_token: SecretStr = Field(description="good from the start, as the refresh token is")
    refresh_token: SecretStr
    token_seconds: int = Field(30 * 24 * 3600, description="life of an access token")
    ftp_port: int = Field(0, ge=0, le=65535, description="where the FTP server listens; 0: there is none")
    ftp_user: str = "jd"
    ftp_password: SecretStr = SecretStr("")

    @model_validator(mode="after")
    def _server_has_password(self) -> Self:
        if self.ftp_port and not self.ftp_password.get_secret_value():
            raise ValueError("ftp_password is needed where there is an FTP server")
        return self


class XiaohongshuSettings(BaseModel):
    """Xiaohongshu's ARK. With both tokens its one shop has authorised the app already, else its owner still must."""

    app_id: str
    app_secret: SecretStr
    seller_id: str = Field("xhs-main", description="the shop's id on the platform")
    access_token: SecretStr = SecretStr("")
    refresh_token: SecretStr = SecretStr("")
    token_seconds: int = Field(7 * 24 * 3600, description="life of an access token")
    refresh_token_seconds: int = Field(14 * 24 * 3600, description="life of a refresh token")
    push_url: str = Field("/hooks/xiaohongshu", description="path and query of the URL that is set in the console")
    check_s: float = Field(0.5, ge=0, description="from an order's payment to the end of the platform's risk check")
    customer_code: str = Field("7551234567", description="monthly account with the direct couriers")
    branch_code: str = Field("021001", description="branch of the other couriers")


class WechatSettings(BaseModel):
    """One mini-program with WeChat Pay, and its shop's backend."""

    appid: str = "wx0000000000000001"
    app_secret: SecretStr
    mchid: str = "1900000001"
    merchant_serial: str = Field(description="serial number of the merchant's certificate")
    merchant_public_key: str = Field(description="PEM; the merchant's calls are checked with it")
    apiv3_key: SecretStr = Field(description="32 characters, encrypts notifications")
    platform_key_id: str = "PUB_KEY_ID_0000000000000000000000000000001"
    platform_private_key: SecretStr = Field(
        SecretStr(""), description="PEM; signs notifications and replies. None given: one is made at the start"
    )
    rest_key_id: str = Field("shop-wechat", description="what the shop's backend signs its orders for orderhub with")
    rest_secret: SecretStr
    token_seconds: int = Field(7200, gt=300, description="life of an access token")
    visible_after_s: float = Field(0, ge=0, description="how long after its payment an order cannot be shipped yet")
    duplicate_share: float = Field(0.1, ge=0, le=1, description="notifications that WeChat Pay sends twice by itself")
    probe_share: float = Field(0.05, ge=0, le=1, description="payments with a wrongly signed probe beside them")

    @field_validator("apiv3_key")
    @classmethod
    def _of_32_bytes(cls, key: SecretStr) -> SecretStr:
        if len(key.get_secret_value().encode()) != 32:
            raise ValueError("an APIv3 key has 32 bytes")
        return key


class Pace(BaseModel):
    """How fast the sandbox's world turns, in seconds."""

    pack_s: float = Field(3.0, ge=0, description="from a delivery order to its confirmation")
    pickup_s: float = Field(1.0, ge=0, description="from the shipment's write-back to the courier's first scan")
    transit_s: float = Field(6.0, ge=0, description="from the first scan to the signature")
    pay_s: float = Field(0.5, ge=0, description="from a mini-program's order to its payment")
    decide_s: float = Field(2.0, ge=0, description="from a pending credit check to its callback")
    push_retry_s: float = Field(1.0, gt=0, description="first wait after a push that was not taken; doubles up to 30 s")


PartnerName = Literal[
    "own",
    "pos",
    "b2b",
    "douyin",
    "pdd",
    "taobao",
    "jd",
    "xiaohongshu",
    "wechat",
    "qimen",
    "sf",
    "cainiao",
    "kdniao",
    "credit",
    "sms",
]


class SandboxSettings(BaseSettings):
    """Everything that the sandbox needs to know; environment prefix ORDERHUB_SANDBOX__."""

    model_config = SettingsConfigDict(env_prefix="ORDERHUB_SANDBOX__", env_nested_delimiter="__", extra="ignore")

    host: str = "127.0.0.1"
    port: int = 8320
    hub_url: str = Field(description="where orderhub's gateway is; pushes go to {hub_url}/hooks/...")
    seed: int = 1
    only: list[PartnerName] = Field([], description="play these partners alone; empty: all that are configured")
    own: OwnShopSettings
    pos: PosSettings | None = None
    b2b: B2bSettings | None = None
    douyin: DouyinSettings
    qimen: QimenSettings
    sf: SfSettings
    cainiao: CainiaoSettings
    kdniao: KdniaoSettings
    credit: CreditSettings
    sms: SmsSettings
    pdd: PddSettings | None = None
    taobao: TaobaoSettings | None = None
    jd: JdSettings | None = None
    xiaohongshu: XiaohongshuSettings | None = None
    wechat: WechatSettings | None = None
    pace: Pace = Pace()
