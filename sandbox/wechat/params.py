"""The bodies of the calls to the mini-program's server. Another shape is 47001; emptiness has codes of its own."""

from __future__ import annotations

import re
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.wechat.tokens import Refused

_ESCAPED = re.compile(rb"\\u[0-9a-fA-F]{4}")


class Params(BaseModel):
    """Base: types are not converted, unknown fields are ignored."""

    model_config = ConfigDict(strict=True)


class StableToken(Params):
    """stable_token."""

    grant_type: str
    appid: str
    secret: str
    force_refresh: bool = False


class OrderKey(Params):
    """Which payment: 1 by mchid and out_trade_no, 2 by transaction_id."""

    order_number_type: int
    transaction_id: str = ""
    mchid: str = ""
    out_trade_no: str = ""


class Contact(Params):
    """Whom to call, masked but for the last four digits."""

    consignor_contact: str = ""
    receiver_contact: str = ""


class ShippingItem(Params):
    """One parcel."""

    tracking_no: str = ""
    express_company: str = ""
    item_desc: str = ""
    contact: Contact | None = None


class Payer(Params):
    """Who paid."""

    openid: str = ""


class UploadShippingInfo(Params):
    """upload_shipping_info."""

    order_key: OrderKey
    logistics_type: int
    delivery_mode: int
    is_all_delivered: bool | None = None
    shipping_list: list[ShippingItem]
    upload_time: str = ""
    payer: Payer = Payer()


class GetOrder(Params):
    """get_order: by transaction_id, or by merchant_id and merchant_trade_no."""

    transaction_id: str = ""
    merchant_id: str = ""
    merchant_trade_no: str = ""


class PayTimeRange(Params):
    """Unix seconds, both ends included."""

    begin_time: int = 0
    end_time: int = 2**32 - 1


class GetOrderList(Params):
    """get_order_list."""

    pay_time_range: PayTimeRange = PayTimeRange()
    order_state: int | None = None
    openid: str = ""
    last_index: str = ""
    page_size: int = Field(100, ge=1, le=100)


P = TypeVar("P", bound=Params)


def parse(model: type[P], body: bytes) -> P:
    r"""Read a body. Raises Refused 47001, also for JSON whose text is \u-escaped: the server takes UTF-8 only."""
    if _ESCAPED.search(body):
        raise Refused(47001, "data format error hint: escaped text")
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        place = ".".join(map(str, error.errors(include_input=False, include_context=False)[0]["loc"])) or "body"
        raise Refused(47001, f"data format error hint: {place}") from None
