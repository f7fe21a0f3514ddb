"""Settings of the JOS application, its shops, and the columns of the seller back office's order export."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator

from connectors.ewaybills import Sender
from connectors.filedrop import FileSource
from connectors.transport import Limits
from domain.shipping import Carrier

VenderId = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,20}$")]
CarrierId = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,10}$")]

CARRIER_IDS: dict[Carrier, str] = {
    Carrier.SF: "467",
    Carrier.ZTO: "1499",
    Carrier.YTO: "463",
    Carrier.STO: "470",
    Carrier.YUNDA: "1327",
    Carrier.EMS: "465",
    Carrier.JD: "2087",
    Carrier.DEPPON: "3046",
}
"""The published ids (section 5 of the protocol file); a shop's own list stands in its back office."""


EWAYBILL_CODES: dict[Carrier, str] = {
    Carrier.SF: "SF",
    Carrier.ZTO: "ZTO",
    Carrier.YTO: "YTO",
    Carrier.STO: "STO",
    Carrier.YUNDA: "YUNDA",
    Carrier.EMS: "EMS",
    Carrier.JD: "JD",
    Carrier.DEPPON: "DBKD",
}
"""The carriers' codes at JD's e-waybills (无界电子面单); SF, ZTO, YTO, STO, YUNDA, EMS, JD seen in public code."""


class CourierTerms(BaseModel):
    """The contract with one courier for e-waybills: what JD's back office shows of it."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field("", description="the courier's code; empty: the known one")
    branch_code: str = Field("", description="of a franchise courier (加盟: ZTO, YTO, …): the branch that signed")
    settlement_code: str = Field("", description="of a courier that runs itself (直营: SF, …): the monthly account")
    express_type: str = Field("", description="SF only: 1 标快, 2 特惠; empty: 1")

    @model_validator(mode="after")
    def _one_of_both(self) -> CourierTerms:
        if bool(self.branch_code) == bool(self.settlement_code):
            raise ValueError("either branch_code or settlement_code is needed")
        return self


class Column(StrEnum):
    """What a column of an order export says."""

    ORDER_NO = "order_no"
    SKU_ID = "sku_id"
    OUTER_SKU = "outer_sku"
    TITLE = "title"
    QUANTITY = "quantity"
    PRICE = "price"
    STATE = "state"
    NAME = "name"
    ADDRESS = "address"
    PHONE = "phone"
    PLACED_AT = "placed_at"
    PAID_AT = "paid_at"
    TOTAL = "total"
    SETTLED = "settled"
    FREIGHT = "freight"
    BUYER = "buyer"
    BUYER_NOTE = "buyer_note"
    SELLER_NOTE = "seller_note"


EXPORT_COLUMNS: dict[Column, tuple[str, ...]] = {
    Column.ORDER_NO: ("订单号", "订单编号"),
    Column.SKU_ID: ("商品ID", "商品编号", "SKUID"),
    Column.OUTER_SKU: ("商家SKUID", "货号"),
    Column.TITLE: ("商品名称",),
    Column.QUANTITY: ("订购数量", "数量"),
    Column.PRICE: ("京东价",),
    Column.STATE: ("订单状态",),
    Column.NAME: ("客户姓名", "收货人姓名", "收货人"),
    Column.ADDRESS: ("客户地址", "收货地址"),
    Column.PHONE: ("联系电话", "手机", "收货人电话"),
    Column.PLACED_AT: ("下单时间",),
    Column.PAID_AT: ("付款确认时间",),
    Column.TOTAL: ("订单金额",),
    Column.SETTLED: ("结算金额",),
    Column.FREIGHT: ("运费金额",),
    Column.BUYER: ("下单帐号", "下单账号"),
    Column.BUYER_NOTE: ("订单备注",),
    Column.SELLER_NOTE: ("商家备注",),
}
"""Header names of the export by meaning, the preferred one first (section 7 of the protocol file)."""


class JdShop(BaseModel):
    """One shop: what there is of it beside the API."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field("", description="the shop's name on e-waybills; empty: its vender id")
    files: FileSource | None = Field(default=None, description="where its order exports are put; none: by API only")


class JdSettings(BaseModel):
    """One JOS application and the shops that authorised it."""

    model_config = ConfigDict(extra="forbid")

    app_key: str
    app_secret: SecretStr
    shops: dict[VenderId, JdShop] = Field(
        min_length=1, description="by vender id; `Order.shop` is the vender id as text"
    )
    encrypted: bool = Field(
        default=True, description="read receivers as ciphertext (enSearch); false needs JD's leave for clear text"
    )
    base_url: str = "https://api.jd.com"
    oauth_url: str = "https://open-oauth.jd.com"
    limits: Limits = Field(default_factory=Limits)
    sender: Sender | None = Field(default=None, description="of e-waybills; none: encrypted orders go to a person")
    couriers: dict[Carrier, CourierTerms] = Field({}, description="the couriers with e-waybills")
    carrier_ids: dict[Carrier, CarrierId] = Field(default_factory=lambda: dict(CARRIER_IDS))
    token_margin_s: float = Field(default=3600.0, ge=0, description="refresh so long before expiry")
    token_wait_s: float = Field(default=3.0, ge=0, description="how long to wait for another process's refresh")
    export_columns: dict[Column, tuple[str, ...]] = Field(default_factory=lambda: dict(EXPORT_COLUMNS))
