"""The business parameters of the methods that the sandbox plays, checked as strictly as the platform's own gateway."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from sandbox.douyin.envelope import Refusal, invalid

Filled = Annotated[str, StringConstraints(min_length=1)]
PackId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_]{1,15}$")]
"""The vendor's SDK model: at most 15 digits, letters and underscores."""


class Params(BaseModel):
    """Base: types are not converted, unknown fields are ignored."""

    model_config = ConfigDict(strict=True)


class TokenCreate(Params):
    """token.create of a self-built app."""

    code: str
    grant_type: Filled
    shop_id: Filled


class TokenRefresh(Params):
    """token.refresh."""

    grant_type: Filled
    refresh_token: Filled


class OrderDetail(Params):
    """order.orderDetail."""

    shop_order_id: Filled


class SyncStock(Params):
    """sku.syncStock."""

    product_id: int = Field(gt=0)
    sku_id: int = Field(gt=0)
    stock_num: int = Field(ge=0, le=999_999_999)
    incremental: bool = False
    idempotent_id: str = ""


class StatusFilter(Params):
    """One element of combine_status: order_status values separated by commas."""

    order_status: str = ""


class SearchList(Params):
    """order.searchList. Times in Unix seconds, pages from 0."""

    page: int = Field(ge=0)
    size: int = Field(ge=1, le=100)
    create_time_start: int | None = None
    create_time_end: int | None = None
    update_time_start: int | None = None
    update_time_end: int | None = None
    order_by: Annotated[str, StringConstraints(pattern="^(create_time|update_time)$")] = "create_time"
    order_asc: bool = False
    combine_status: list[StatusFilter] = Field([], max_length=1)


class AfterSaleList(Params):
    """afterSale.List. Times in Unix seconds, pages from 0."""

    page: int = Field(ge=0)
    size: int = Field(ge=1, le=100)
    order_id: str = ""
    aftersale_id: str = ""
    aftersale_type: int | None = None
    standard_aftersale_status: list[int] = []
    start_time: int | None = None
    end_time: int | None = None
    update_start_time: int | None = None
    update_end_time: int | None = None
    order_by: list[Annotated[str, StringConstraints(pattern="^(apply_time|update_time) (asc|desc)$")]] = Field(
        [], max_length=1
    )


class AfterSaleDetail(Params):
    """afterSale.Detail."""

    after_sale_id: Filled
    need_operation_record: bool = False


class ShippedItem(Params):
    """So many pieces of one sub order."""

    shipped_order_id: Filled
    shipped_num: int = Field(ge=1)


class LogisticsEdit(Params):
    """order.logisticsEdit: another number for an order's only parcel."""

    order_id: Filled
    company_code: Filled
    logistics_code: Filled


class LogisticsAdd(LogisticsEdit):
    """order.logisticsAdd: the whole order in one parcel; with either flag, although a refund is open."""

    is_refund_reject: bool = False
    is_reject_refund: bool = False


class PackItems(Params):
    """One parcel of order.logisticsAddMultiPack."""

    company_code: Filled
    logistics_code: Filled
    shipped_order_info: list[ShippedItem] = Field(min_length=1)


class MultiPack(Params):
    """order.logisticsAddMultiPack."""

    order_id: Filled
    request_id: Filled
    pack_list: list[PackItems] = Field(min_length=1)


class SinglePack(Params):
    """order.logisticsAddSinglePack: pieces of sub orders, or whole sub orders, in one parcel."""

    order_id: Filled
    request_id: Filled
    company_code: Filled
    logistics_code: Filled
    order_id_list: list[Filled] = []
    shipped_order_info: list[ShippedItem] = []


class CipherInfo(Params):
    """One ciphertext of one order."""

    auth_id: Filled
    cipher_text: Filled


class BatchDecrypt(Params):
    """order.batchDecrypt."""

    cipher_infos: list[CipherInfo] = Field(min_length=1, max_length=50)


class Address(Params):
    """An e-waybill's address; a receiver's `detail_address` is ciphertext."""

    country_code: Filled
    province_name: Filled
    city_name: str
    district_name: str
    street_name: str = ""
    detail_address: Filled


class Contact(Params):
    """An e-waybill's person; a receiver's two fields are ciphertext."""

    name: Filled
    mobile: Filled


class Party(Params):
    """Sender or receiver of an e-waybill."""

    address: Address
    contact: Contact


class EbillItem(Params):
    """One kind of goods on an e-waybill."""

    item_name: Filled
    item_count: int = Field(ge=1)


class EbillOrder(Params):
    """One parcel that wants an e-waybill."""

    order_id: Filled
    pack_id: PackId
    receiver_info: Party
    items: list[EbillItem] = Field(min_length=1)
    remark: str = ""


class NewCreateOrder(Params):
    """logistics.newCreateOrder."""

    sender_info: Party
    logistics_code: Filled
    order_infos: list[EbillOrder] = Field(min_length=1)


class ListEbill(Params):
    """logistics.listEbill."""

    order_id: Filled
    pack_id: PackId


class CancelOrder(Params):
    """logistics.cancelOrder."""

    logistics_code: Filled
    track_no: Filled


P = TypeVar("P", bound=Params)


def parse(model: type[P], param_json: bytes) -> P:
    """Check a call's parameters. Raises Refusal that names the first bad field and never its value."""
    try:
        return model.model_validate_json(param_json)
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False)[0]
        field = ".".join(map(str, first["loc"])) or "param_json"
        if first["type"] == "missing":
            raise Refusal(40002, "isv.parameter-missing", f"缺少参数 {field}") from None
        raise invalid(field, f"参数 {field} 不合法") from None
