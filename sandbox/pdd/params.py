"""The business parameters of the methods that the sandbox plays. All arrive as texts; objects as JSON texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Json, StringConstraints, ValidationError

from sandbox.pdd.envelope import invalid, missing

Filled = Annotated[str, StringConstraints(min_length=1)]
Number = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,18}$")]


def _from_digits(text: object) -> object:
    return int(text) if isinstance(text, str) and text.isascii() and text.isdecimal() else text


Digits = Annotated[int, BeforeValidator(_from_digits)]
"""A whole number that arrived as its decimal text."""


class Params(BaseModel):
    """Base: unknown fields are ignored."""

    model_config = ConfigDict(strict=True)


class TokenCreate(Params):
    """pdd.pop.auth.token.create."""

    code: Filled


class TokenRefresh(Params):
    """pdd.pop.auth.token.refresh."""

    refresh_token: Filled


class OrderSn(Params):
    """pdd.order.information.get."""

    order_sn: Filled


class QuantityUpdate(Params):
    """pdd.goods.quantity.update. `update_type`: 1 sets the figure, 2 adds to it."""

    goods_id: Digits
    sku_id: Digits
    quantity: Digits
    update_type: Annotated[Literal[1, 2], BeforeValidator(_from_digits)] = 1


class NoParams(Params):
    """pdd.logistics.companies.get."""


class IncrementList(Params):
    """pdd.order.number.list.increment.get. Times in Unix seconds, pages from 1."""

    start_updated_at: Digits
    end_updated_at: Digits
    order_status: Annotated[Literal[1, 2, 3, 5], BeforeValidator(_from_digits)]
    refund_status: Annotated[Literal[1, 2, 3, 4, 5], BeforeValidator(_from_digits)]
    is_lucky_flag: Annotated[Literal[0, 1, 2], BeforeValidator(_from_digits)]
    page: Annotated[Digits, Field(ge=1)] = 1
    page_size: Annotated[Digits, Field(ge=1, le=100)] = 100
    trade_type: Annotated[Literal[0, 1], BeforeValidator(_from_digits)] = 0
    use_has_next: Literal["true", "false"] = "false"


class RefundList(Params):
    """pdd.refund.list.increment.get. Times in Unix seconds, pages from 1; status and type 1 are all."""

    after_sales_status: Digits
    after_sales_type: Annotated[Literal[1, 2, 3, 4, 5], BeforeValidator(_from_digits)]
    start_updated_at: Digits
    end_updated_at: Digits
    page: Annotated[Digits, Field(ge=1)] = 1
    page_size: Annotated[Digits, Field(ge=1, le=100)] = 100
    order_sn: str = ""


class RefundInformation(Params):
    """pdd.refund.information.get."""

    after_sales_id: Number
    order_sn: Filled


class OnlineSend(Params):
    """pdd.logistics.online.send."""

    order_sn: Filled
    logistics_id: Number
    tracking_number: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{6,40}$")]
    redelivery_type: Annotated[Literal[1, 2], BeforeValidator(_from_digits)] = 1


class ExtraTrack(Params):
    """One more parcel of an order."""

    shipping_id: int
    tracking_number: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{6,40}$")]


class ExtraLogistics(Params):
    """pdd.order.upload.extra.logistics. `extra_track_type`: 1 a parcel of several, 2 sent later, 3 a gift."""

    order_sn: Filled
    extra_track_list: Json[Annotated[list[ExtraTrack], Field(min_length=1)]]
    extra_track_type: Annotated[Literal[1, 2, 3], BeforeValidator(_from_digits)] = 1


class RefundCheck(Params):
    """pdd.refund.status.check: order numbers separated by commas."""

    order_sns: Filled


class Address(Params):
    """An e-waybill's address; a recipient's `detail` is ciphertext. Some cities have no district."""

    province: Filled
    city: str = ""
    district: str = ""
    detail: Filled


class Person(Params):
    """Sender or recipient of an e-waybill; a recipient's name and number are ciphertext."""

    name: Filled
    mobile: str = ""
    phone: str = ""
    address: Address

    @property
    def call(self) -> str:
        """The number to call."""
        return self.mobile or self.phone


class Item(Params):
    """One kind of goods in the box."""

    name: Filled
    count: int = Field(ge=1)


class Package(Params):
    """The box."""

    id: str = ""
    items: list[Item] = Field(min_length=1, max_length=100)
    goods_description: str = ""


class OrderInfo(Params):
    """Which orders the box carries."""

    order_channels_type: Filled
    trade_order_list: list[Filled] = Field(min_length=1, max_length=100)


class Wish(Params):
    """The wish for one e-waybill."""

    object_id: Filled
    user_id: int | Filled
    template_url: Filled
    order_info: OrderInfo
    package_info: Package
    recipient: Person


class Application(Params):
    """What pdd.waybill.get carries in its one parameter."""

    wp_code: Filled
    sender: Person
    trade_order_info_dtos: list[Wish] = Field(min_length=1, max_length=10)


class WaybillGet(Params):
    """pdd.waybill.get."""

    param_waybill_cloud_print_apply_new_request: Json[Application]


class WaybillCancel(Params):
    """pdd.waybill.cancel."""

    wp_code: Filled
    waybill_code: Filled


P = TypeVar("P", bound=Params)


def parse(model: type[P], fields: Mapping[str, str]) -> P:
    """Check a call's parameters. Raises Refusal that names the first bad field and never its value."""
    try:
        return model.model_validate(dict(fields))
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False)[0]
        field = ".".join(map(str, first["loc"]))
        if first["type"] == "missing":
            raise missing(field) from None
        raise invalid(field, f"参数 {field} 不合法") from None
