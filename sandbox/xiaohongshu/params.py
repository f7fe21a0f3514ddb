"""The business parameters of the methods that the sandbox plays. They stand flat beside the system fields."""

from __future__ import annotations

from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from sandbox.xiaohongshu.envelope import invalid

TimeType = Annotated[int, Field(ge=1, le=2)]
"""By what a list is asked: 1 creation, 2 update."""

_WINDOW_S = {1: 86_400, 2: 1_800}
"""The longest span of each."""
_DEPTH = 50_000

Filled = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]
ExpressNo = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{6,40}$")]


class Params(BaseModel):
    """Base: names are written in camel case, unknown ones are ignored, a number may be written as text."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True)


class SyncSkuStock(Params):
    """inventory.syncSkuStock: the whole figure, what unpaid orders occupy included."""

    sku_id: Filled
    qty: int = Field(ge=0, le=999_999)


class NoParams(Params):
    """common.getExpressCompanyList."""


class AccessToken(Params):
    """oauth.getAccessToken."""

    code: Filled


class RefreshToken(Params):
    """oauth.refreshToken."""

    refresh_token: Filled


class OrderList(Params):
    """order.getOrderList: times in Unix seconds; a day of creations or half an hour of updates; pages 1 to 100."""

    time_type: TimeType
    start_time: int = Field(ge=0)
    end_time: int
    order_type: int = Field(0, ge=0, le=5)
    order_status: int = Field(0, ge=0, le=10)
    page_no: int = Field(1, ge=1, le=100)
    page_size: int = Field(50, ge=1, le=100)

    @model_validator(mode="after")
    def _short_enough(self) -> Self:
        if not 0 < self.end_time - self.start_time <= _WINDOW_S[self.time_type]:
            raise ValueError("the window is empty or too long")
        return self


class OrderId(Params):
    """order.getOrderDetail."""

    order_id: Filled


class ReceiverQuery(Params):
    """One receiver: the order's, as it was when the client read the order."""

    order_id: Filled
    open_address_id: Filled


class ReceiverInfo(Params):
    """order.getOrderReceiverInfo. Returns are about replacements, of which there are none here."""

    receiver_queries: list[ReceiverQuery] = Field(min_length=1, max_length=20)
    is_return: bool = False


class OrderDeliver(Params):
    """order.orderDeliver: the whole order, or with `unpack` some of its SKUs. Times in milliseconds."""

    order_id: Filled
    express_no: ExpressNo
    express_company_code: Filled
    express_company_name: str = ""
    delivering_time: int = Field(0, ge=0)
    unpack: bool = False
    sku_id_list: list[Filled] = []

    @model_validator(mode="after")
    def _says_what_leaves(self) -> Self:
        if self.unpack and not self.sku_id_list:
            raise ValueError("skuIdList is required when the order is unpacked")
        return self


class ModifyExpress(Params):
    """order.modifyOrderExpressInfo: which parcel is said by its old number, else by its index."""

    order_id: Filled
    express_no: ExpressNo
    express_company_code: Filled
    express_company_name: str = ""
    delivery_order_index: int | None = None
    old_express_no: str = ""


class SellerMark(Params):
    """order.modifySellerMarkInfo."""

    order_id: Filled
    seller_mark_note: str
    operator: Filled
    seller_mark_priority: int = Field(1, ge=1, le=6)


class AfterSaleList(Params):
    """afterSale.listAfterSaleInfos: of one order, or within a window of time, in milliseconds, ends included."""

    page_no: int = Field(ge=1)
    page_size: int = Field(ge=1, le=100)
    order_id: str = ""
    time_type: TimeType = 1
    start_time: int | None = None
    end_time: int | None = None
    statuses: list[int] = []
    return_types: list[int] = []

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        start, end = self.start_time, self.end_time
        if self.page_no * self.page_size > _DEPTH:
            raise ValueError("too deep")
        if (start is None) != (end is None) or (start is None and not self.order_id):
            raise ValueError("neither an order nor a window")
        if start is not None and end is not None and not 0 < end - start <= _WINDOW_S[self.time_type] * 1000:
            raise ValueError("the window is empty or too long")
        return self


class AfterSaleInfo(Params):
    """afterSale.getAfterSaleInfo."""

    returns_id: Filled
    need_negotiate_record: bool = False


P = TypeVar("P", bound=Params)


def parse(model: type[P], fields: dict[str, Any]) -> P:
    """Check a call's parameters; null counts as not sent. Raises Refusal that names the first bad one."""
    try:
        return model.model_validate({name: value for name, value in fields.items() if value is not None})
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise invalid(f"参数错误: {field or first['msg']}") from None
