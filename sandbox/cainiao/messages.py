"""LINK's request messages, as far as they decide anything here. Fields that we do not know are ignored, as there."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, Field, StringConstraints, model_validator
from pydantic.alias_generators import to_camel

Filled = Annotated[str, StringConstraints(strip_whitespace=False, min_length=1, pattern=r"\S")]


class Message(BaseModel, alias_generator=to_camel):
    """JSON in camelCase."""


class Address(Message):
    """An address; the district may be missing (some cities have none)."""

    province: Filled
    city: str = ""
    district: str = ""
    detail: Filled


class Person(Message):
    """A sender or recipient, reachable by at least one phone."""

    name: Filled
    mobile: str = ""
    phone: str = ""
    address: Address

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if not self.call:
            raise ValueError("mobile or phone is required")
        return self

    @property
    def call(self) -> str:
        """The number to call."""
        return self.mobile or self.phone


class Item(Message):
    """One kind of goods in the box."""

    name: Filled
    count: int = Field(gt=0)


class PackageInfo(Message):
    """The box."""

    id: str = ""
    items: list[Item] = Field(min_length=1)
    goods_description: str = ""


class OrderInfo(Message):
    """Which trade orders the box carries."""

    order_channels_type: Filled
    trade_order_list: list[Filled] = Field(min_length=1, max_length=100)


class TradeOrder(Message):
    """The wish for one waybill."""

    object_id: Filled
    user_id: int | Filled
    template_url: Filled
    order_info: OrderInfo
    package_info: PackageInfo
    recipient: Person


class GetRequest(Message):
    """TMS_WAYBILL_GET."""

    cp_code: Filled
    sender: Person
    trade_order_info_dtos: list[TradeOrder] = Field(min_length=1, max_length=10)


class DiscardRequest(Message):
    """TMS_WAYBILL_DISCARD."""

    cp_code: Filled
    waybill_code: Filled


class QueryParam(Message):
    """One waybill asked for."""

    object_id: Filled


class QueryRequest(Message):
    """TMS_WAYBILL_QUERY_BY_TRADE_CODE."""

    param_list: list[QueryParam] = Field(min_length=1, max_length=10)
