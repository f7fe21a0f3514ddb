"""The parameters of the methods that the sandbox plays, checked as strictly as the platform's own gateway."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Json,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from domain.clock import parse_beijing
from sandbox.taobao.envelope import invalid, missing

_SPAN_S = 86_400

Filled = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]
TradeNo = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,18}$")]
Moment = Annotated[int, BeforeValidator(lambda text: int(parse_beijing(text).timestamp()))]
"""Unix seconds, written as Beijing time."""
Fields = Annotated[frozenset[str], BeforeValidator(lambda text: frozenset(str(text).replace(" ", "").split(",")))]
"""Names separated by commas."""


class Params(BaseModel):
    """Base: unknown fields are ignored; inside JSON, a number may stand where text is expected."""

    model_config = ConfigDict(coerce_numbers_to_str=True)


class SoldIncrement(Params):
    """taobao.trades.sold.increment.get: a window of at most a day, ends included; pages from 1."""

    fields: Fields
    start_modified: Moment
    end_modified: Moment
    status: str = ""
    type: str = ""
    page_no: int = Field(1, ge=1)
    page_size: int = Field(40, ge=1, le=100)
    use_has_next: Literal["true", "false"] = "false"

    @field_validator("end_modified")
    @classmethod
    def _ends_within_a_day(cls, end: int, info: ValidationInfo) -> int:
        # without a start, that alone is what is refused
        if not 0 < end - info.data.get("start_modified", end - 1) <= _SPAN_S:
            raise ValueError("the window is empty or longer than a day")
        return end


class SkuQuantities(Params):
    """taobao.skus.quantity.update: up to twenty SKUs of one item. `type`: 1 sets the figures, 2 adds to them."""

    num_iid: TradeNo
    skuid_quantities: Annotated[str, StringConstraints(pattern=r"^[0-9]+:-?[0-9]{1,9}(;[0-9]+:-?[0-9]{1,9}){0,19}$")]
    type: Literal["1", "2"] = "1"


class ItemQuantity(Params):
    """taobao.item.quantity.update of an item without SKUs."""

    num_iid: TradeNo
    quantity: int = Field(le=900_000_000)
    type: Literal["1", "2"] = "1"


class FullInfo(Params):
    """taobao.trade.fullinfo.get; any `include_oaid` asks for the oaid."""

    fields: Fields
    tid: TradeNo
    include_oaid: str = ""


class RefundsReceived(Params):
    """taobao.refunds.receive.get: ends included; pages from 1."""

    fields: Fields
    status: str = ""
    start_modified: Moment | None = None
    end_modified: Moment | None = None
    page_no: int = Field(1, ge=1)
    page_size: int = Field(40, ge=1, le=100)
    use_has_next: Literal["true", "false"] = "false"


class RefundDetail(Params):
    """taobao.refund.get."""

    fields: Fields
    refund_id: TradeNo


class OfflineSend(Params):
    """taobao.logistics.offline.send; `sub_tid` are oids separated by commas."""

    tid: TradeNo
    out_sid: Filled
    company_code: Filled
    is_split: Literal["0", "1"] = "0"
    sub_tid: Annotated[str, StringConstraints(pattern=r"^[0-9]*(,[0-9]+)*$")] = ""


class Address(Params):
    """An address of an e-waybill; a recipient's `detail` is masked."""

    province: Filled
    city: str = ""
    district: str = ""
    town: str = ""
    detail: Filled


class Person(Params):
    """Who sends."""

    name: Filled
    mobile: str = ""
    phone: str = ""
    address: Address

    @model_validator(mode="after")
    def _can_be_called(self) -> Self:
        if not (self.mobile or self.phone):
            raise ValueError("mobile or phone is required")
        return self


class Recipient(Person):
    """Who receives: what the trade shows, and the handle that stands for what it hides."""

    oaid: str = ""
    tid: str = ""


class OrderInfo(Params):
    """Which trades the parcel is for; this desk serves the platform's own."""

    order_channels_type: Literal["TB", "TM"]
    trade_order_list: list[TradeNo] = Field(min_length=1, max_length=100)


class Item(Params):
    """One kind of goods in the parcel."""

    name: Filled
    count: int = Field(ge=1)


class PackageInfo(Params):
    """The parcel."""

    id: str = ""
    items: list[Item] = Field(min_length=1)
    packaging_description: str = ""
    goods_description: str = ""


class TradeOrderInfo(Params):
    """One parcel that wants an e-waybill."""

    object_id: Filled
    order_info: OrderInfo
    package_info: PackageInfo
    recipient: Recipient
    template_url: Filled
    user_id: int


class Apply(Params):
    """The JSON of cainiao.waybill.ii.get."""

    cp_code: Filled
    sender: Person
    trade_order_info_dtos: list[TradeOrderInfo] = Field(min_length=1, max_length=10)


class WaybillGet(Params):
    """cainiao.waybill.ii.get: one parameter."""

    param_waybill_cloud_print_apply_new_request: Json[Apply]


class TradeCode(Params):
    """A trade, and the object id that its e-waybill was asked for with."""

    biz_sub_code: Filled
    object_id: Filled


class WaybillQuery(Params):
    """cainiao.waybill.ii.query.by.tradecode."""

    param_list: Json[Annotated[list[TradeCode], Field(min_length=1, max_length=20)]]


class WaybillCancel(Params):
    """cainiao.waybill.ii.cancel."""

    cp_code: Filled
    waybill_code: Filled


P = TypeVar("P", bound=Params)


def parse(model: type[P], form: Mapping[str, str]) -> P:
    """Check a call's parameters; empty ones count as not sent. Raises Refusal that names the first bad one."""
    try:
        return model.model_validate({name: value for name, value in form.items() if value})
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False)[0]
        field = ".".join(map(str, first["loc"]))
        if first["type"] == "missing":
            raise missing(field) from None
        raise invalid(field, f"参数 {field} 不合法") from None
