"""The parameters of the e-waybill methods (protocol file, section 5; inner names as in the platform's models)."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from sandbox.xiaohongshu.params import Filled, Params


class QuerySubscribes(Params):
    """express.queryEbillSubscribes: of one company, or of all."""

    cp_code: str = ""
    need_usage: bool = False
    bill_version: int = 1


class Address(Params):
    """Where a sender is."""

    province: Filled
    city: str = ""
    district: str = ""
    town: str = ""
    detail: Filled


class Sender(Params):
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


class OrderInfo(Params):
    """Which order the parcel is for."""

    order_channels_type: Literal["XIAO_HONG_SHU"]
    trade_order_list: list[Filled] = Field(default_factory=list)
    xhs_order_id: str = ""

    @model_validator(mode="after")
    def _names_an_order(self) -> Self:
        if not (self.xhs_order_id or self.trade_order_list):
            raise ValueError("an order is required")
        return self

    @property
    def order_id(self) -> str:
        """The order whose receiver it is."""
        return self.xhs_order_id or self.trade_order_list[0]


class Item(Params):
    """One kind of goods in the parcel."""

    name: Filled
    count: int = Field(ge=1)


class Package(Params):
    """The parcel."""

    id: str = ""
    items: list[Item] = Field(min_length=1)
    goods_description: str = ""
    packaging_description: str = ""


class Recipient(Params):
    """Who receives: the handle that stands for what the platform hides."""

    open_address_id: Filled


class Wish(Params):
    """The wish for one e-waybill. `object_id` is the client's own, and good for one e-waybill for ever."""

    object_id: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    order_info: OrderInfo
    package_info: Package
    recipient: Recipient
    template_id: int


class CreateOrders(Params):
    """express.createEbillOrders."""

    cp_code: Filled
    customer_code: str = ""
    branch_code: str = ""
    sender: Sender
    trade_order_info_list: list[Wish] = Field(min_length=1, max_length=10)
    seller_name: Filled
    bill_version: int = 1

    @model_validator(mode="after")
    def _tells_them_apart(self) -> Self:
        ids = {wish.object_id for wish in self.trade_order_info_list}
        if len(ids) != len(self.trade_order_info_list):
            raise ValueError("an objectId occurs twice")
        return self


class CancelOrder(Params):
    """express.cancelEbillOrder."""

    cp_code: Filled
    waybill_code: Filled
    bill_version: int = 1
