"""The business parameters of the methods that the sandbox plays: the JSON text `360buy_param_json`.

The document wants every value as a text; numbers are taken as well, as the platform does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from domain.clock import parse_beijing
from sandbox.jd.envelope import invalid, missing

PARAM = "360buy_param_json"

Filled = Annotated[str, StringConstraints(min_length=1)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=64)]


def _moment(value: object) -> object:
    if not isinstance(value, str):
        return value
    return parse_beijing(value) if value else None


def _whole(value: object) -> object:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() else value


def _nothing(value: object) -> object:
    return None if value == "" else value


Moment = Annotated[datetime | None, BeforeValidator(_moment)]
"""A time of Beijing; "" is none."""
Whole = Annotated[int, BeforeValidator(_whole)]
"""A number from 0, or its decimal text."""
Optional = Annotated[Whole | None, BeforeValidator(_nothing)]


class Params(BaseModel):
    """Base: unknown fields are ignored, and so are those without a value."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: Any) -> Any:
        return {name: value for name, value in given.items() if value is not None} if isinstance(given, dict) else given


class SkuStock(Params):
    """One figure of jingdong.ware.stock.sku.set."""

    skuId: Whole  # noqa: N815 - the platform's own name
    stockNum: Whole  # noqa: N815
    storeId: Whole = 0  # noqa: N815


class StockSet(Params):
    """The `req` of jingdong.ware.stock.sku.set."""

    updateModel: Literal["fullStockIn"]  # noqa: N815
    stockRfId: Code  # noqa: N815
    skuStocks: list[SkuStock] = Field(min_length=1, max_length=50)  # noqa: N815


class SetStock(Params):
    """jingdong.ware.stock.sku.set."""

    req: StockSet


class NoParams(Params):
    """jingdong.vender.shop.query."""


class OrderSearch(Params):
    """jingdong.pop.order.search and .enSearch."""

    start_date: Moment = None
    end_date: Moment = None
    order_state: Filled
    optional_fields: Filled
    page: Annotated[Whole, Field(ge=1)]
    page_size: Annotated[Whole, Field(ge=1, le=100)]
    sort_type: Annotated[Optional, Field(alias="sortType")] = None
    date_type: Annotated[Optional, Field(alias="dateType")] = None

    @property
    def fields(self) -> frozenset[str]:
        """The names of the wanted fields."""
        return names(self.optional_fields)


class OrderGet(Params):
    """jingdong.pop.order.get and .enGet."""

    order_id: Filled
    optional_fields: Filled
    order_state: str = ""


class Shipment(Params):
    """jingdong.pop.order.shipment."""

    order_id: Annotated[Filled, Field(alias="orderId")]
    logistics_ids: Annotated[Filled, Field(alias="logiCoprId")]
    numbers: Annotated[str, Field(alias="logiNo")] = ""


class RefundPage(Params):
    """jingdong.pop.afs.soa.refundapply.queryPageList."""

    ids: str = ""
    status: Optional = None
    order_id: Annotated[str, Field(alias="orderId")] = ""
    buyer_id: Annotated[str, Field(alias="buyerId")] = ""
    apply_start: Annotated[Moment, Field(alias="applyTimeStart")] = None
    apply_end: Annotated[Moment, Field(alias="applyTimeEnd")] = None
    check_start: Annotated[Moment, Field(alias="checkTimeStart")] = None
    check_end: Annotated[Moment, Field(alias="checkTimeEnd")] = None
    page: Annotated[Whole, Field(alias="pageIndex", ge=1, le=100)]
    page_size: Annotated[Whole, Field(alias="pageSize", ge=1, le=50)]


class Address(Params):
    """Where a parcel comes from or goes to. The district is called `countryName`, the town `countrysideName`."""

    province: Annotated[Filled, Field(alias="provinceName")]
    city: Annotated[str, Field(alias="cityName")] = ""
    district: Annotated[str, Field(alias="countryName")] = ""
    address: str = ""
    contact: str = ""
    phone: str = ""
    mobile: str = ""
    oaid: str = ""

    @property
    def call(self) -> str:
        """The number to call."""
        return self.mobile or self.phone


class Provider(Params):
    """A courier: by its number or by its code."""

    provider_id: Annotated[str, Field(alias="providerId")] = ""
    provider_code: Annotated[str, Field(alias="providerCode")] = ""

    @model_validator(mode="after")
    def _named(self) -> Self:
        if not self.provider_id and not self.provider_code:
            raise ValueError("one of the two is needed")
        return self


class Wish(Provider):
    """The `content` of jingdong.ldop.alpha.waybill.receive."""

    waybill_type: Annotated[Annotated[Literal[1], BeforeValidator(_whole)], Field(alias="waybillType")]
    count: Annotated[Whole, Field(alias="waybillCount", ge=1, le=99)]
    branch_code: Annotated[str, Field(alias="branchCode", max_length=32)] = ""
    settlement_code: Annotated[str, Field(alias="settlementCode")] = ""
    sale_platform: Annotated[Literal["0010001", "0010002", "0030001"], Field(alias="salePlatform")]
    order_nos: Annotated[Filled, Field(alias="platformOrderNo")]
    vendor_code: Annotated[Filled, Field(alias="vendorCode")]
    vendor_name: Annotated[Filled, Field(alias="vendorName")]
    vendor_order_code: Annotated[Code, Field(alias="vendorOrderCode")]
    weight: Annotated[Decimal, Field(ge=0, le=10_000)]
    volume: Annotated[Decimal, Field(ge=0, le=10_000_000)]
    goods_name: Annotated[str, Field(alias="goodsName", max_length=100)] = ""
    promise_time_type: Annotated[Whole, Field(alias="promiseTimeType")]
    pay_type: Annotated[Annotated[Literal[0], BeforeValidator(_whole)], Field(alias="payType")]
    goods_money: Annotated[Decimal, Field(alias="goodsMoney", ge=0)]
    should_pay_money: Annotated[Decimal, Field(alias="shouldPayMoney", ge=0, le=0)]
    need_guarantee: Annotated[bool, Field(alias="needGuarantee")]
    guarantee_money: Annotated[Decimal, Field(alias="guaranteeMoney", ge=0)]
    receive_time_type: Annotated[Whole, Field(alias="receiveTimeType", le=2)]
    express_pay_method: Annotated[str, Field(alias="expressPayMethod")] = ""
    express_type: Annotated[str, Field(alias="expressType")] = ""
    remark: Annotated[str, Field(max_length=200)] = ""
    sender: Annotated[Address, Field(alias="fromAddress")]
    receiver: Annotated[Address, Field(alias="toAddress")]

    @property
    def orders(self) -> tuple[str, ...]:
        """The orders that the parcel carries."""
        return tuple(sorted(self.order_nos.split(",")))


class WaybillReceive(Params):
    """jingdong.ldop.alpha.waybill.receive: an object, or the text of one."""

    content: dict[str, Any] | str


class WaybillUnbind(Provider):
    """jingdong.ldop.alpha.waybill.api.unbind and jingdong.ldop.alpha.vendor.bigshot.query."""

    waybill_code: Annotated[Filled, Field(alias="waybillCode")]


class VendorCode(Params):
    """jingdong.ldop.alpha.provider.sign.success."""

    vendor_code: Annotated[Filled, Field(alias="vendorCode")]


P = TypeVar("P", bound=Params)


def names(text: str) -> frozenset[str]:
    """The entries of a comma list."""
    return frozenset(filter(None, (entry.strip() for entry in text.split(","))))


def business_params(fields: Mapping[str, str]) -> dict[str, Any]:
    """The business parameters of a call. Raises Refusal."""
    try:
        given = json.loads(fields[PARAM])
    except KeyError:
        raise missing(PARAM) from None
    except ValueError:
        raise invalid(PARAM) from None
    if not isinstance(given, dict):
        raise invalid(PARAM)
    return given


def parse(model: type[P], given: object) -> P:
    """Check business parameters. Raises Refusal that names the first bad field and never its value."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False)[0]
        field = ".".join(map(str, first["loc"])) or "providerCode"
        raise (missing(field) if first["type"] == "missing" else invalid(field)) from None
