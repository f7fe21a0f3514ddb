"""The business parameters of TOP's calls (section 5 of the protocol file; Cainiao's file, section 3). Pure.

Weights are grams.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from connectors.errors import Misconfigured, Rejected
from connectors.ewaybills import cipher_receiver
from connectors.stock import number_of
from connectors.taobao.carriers import company_code
from connectors.taobao.responses import PARTNER
from connectors.taobao.settings import TaobaoSettings
from connectors.transport import compact_json
from connectors.wording import requirement_words
from domain.clock import format_beijing
from domain.listing import StockFigure
from domain.order import Channel, Requirement
from domain.shipping import Carrier, Shipment, WaybillRequest

CHANGED_TRADES = "taobao.trades.sold.increment.get"
TRADE = "taobao.trade.fullinfo.get"
CHANGED_REFUNDS = "taobao.refunds.receive.get"
REFUND = "taobao.refund.get"
SHIP = "taobao.logistics.offline.send"
SET_SKU_STOCK = "taobao.skus.quantity.update"
SET_ITEM_STOCK = "taobao.item.quantity.update"
GET_WAYBILL = "cainiao.waybill.ii.get"
QUERY_WAYBILL = "cainiao.waybill.ii.query.by.tradecode"
CANCEL_WAYBILL = "cainiao.waybill.ii.cancel"

PAGE_SIZE = 50
REFUNDS_PAGE_SIZE = 100
_HINT_FIELDS = "tid,tid_str,modified"
_TRADE_FIELDS = ",".join(
    [
        *("tid", "tid_str", "status", "type", "step_trade_status", "created", "pay_time", "modified", "consign_time"),
        *("top_hold", "ofp_hold"),
        *("payment", "post_fee", "buyer_open_uid", "buyer_message", "seller_memo", "oaid"),
        *("receiver_state", "receiver_city", "receiver_district", "receiver_town", "receiver_address"),
        *("receiver_name", "receiver_mobile", "receiver_phone", "orders", "promotion_details"),
    ]
)
REFUND_FIELDS = (
    *("refund_id", "tid", "oid", "status", "created", "modified", "refund_fee"),
    *("dispute_type", "has_good_return", "refund_phase"),
)
"""Enough to know a refund by; its reason and its description, a stranger's words, are not asked for."""
_WHOLE_FIGURE = "1"
"""`type`: 1 全量更新."""
_MOBILE = re.compile(r"1\d{10}")

Parameters = dict[str, str]


def set_stock(figure: StockFigure) -> tuple[str, Parameters]:
    """The call and its parameters: taobao.skus.quantity.update, or taobao.item.quantity.update for an item without
    SKUs, each with the whole figure."""
    num_iid = str(number_of(PARTNER, SET_SKU_STOCK, "num_iid", figure.item_id))
    if not figure.sku_id:
        return SET_ITEM_STOCK, {"num_iid": num_iid, "quantity": str(figure.pieces), "type": _WHOLE_FIGURE}
    sku_id = number_of(PARTNER, SET_SKU_STOCK, "sku_id", figure.sku_id)
    quantities = f"{sku_id}:{figure.pieces}"
    return SET_SKU_STOCK, {"num_iid": num_iid, "skuid_quantities": quantities, "type": _WHOLE_FIGURE}


def changed_trades(start: datetime, end: datetime, page_no: int) -> Parameters:
    """taobao.trades.sold.increment.get; only what a hint needs, so that nothing personal is listed."""
    return {
        "fields": _HINT_FIELDS,
        "start_modified": format_beijing(start),
        "end_modified": format_beijing(end),
        "page_no": str(page_no),
        "page_size": str(PAGE_SIZE),
        "use_has_next": "true",
    }


def trade(tid: str) -> Parameters:
    """taobao.trade.fullinfo.get, with the handle of the receiver (oaid)."""
    return {"fields": _TRADE_FIELDS, "tid": tid, "include_oaid": "include_oaid"}


def changed_refunds(start: datetime, end: datetime, page_no: int) -> Parameters:
    """taobao.refunds.receive.get, with the number of all refunds, which reading from the last page needs."""
    return {
        "fields": ",".join(REFUND_FIELDS),
        "start_modified": format_beijing(start),
        "end_modified": format_beijing(end),
        "page_no": str(page_no),
        "page_size": str(REFUNDS_PAGE_SIZE),
    }


def refund(refund_id: str) -> Parameters:
    """taobao.refund.get."""
    return {"fields": ",".join(REFUND_FIELDS), "refund_id": refund_id}


def ship(shipment: Shipment, line_nos: Sequence[str] | None) -> Parameters:
    """taobao.logistics.offline.send (自己联系物流): the whole trade (None), or sub orders that are in this parcel."""
    parameters = {
        "tid": shipment.channel_order_no,
        "out_sid": shipment.number,
        "company_code": company_code(shipment.carrier, SHIP),
    }
    if line_nos is None:
        return parameters | {"is_split": "0"}
    return parameters | {"is_split": "1", "sub_tid": ",".join(line_nos)}


def get_waybill(settings: TaobaoSettings, request: WaybillRequest) -> Parameters:
    """cainiao.waybill.ii.get for one parcel.

    The trade order is the true tid, as the platform demands; the package's id is `request.key`, which makes asking
    again idempotent and keeps a trade's parcels apart. The name, phone and address are the masked ones: the receiver
    is who `oaid` and `tid` say.

    Raises Rejected for a receiver that is not Taobao's ciphertext, and for a courier without an
    agreement; Misconfigured for a shop that is not in the settings.
    """
    receiver = cipher_receiver(request, Channel.TAOBAO, GET_WAYBILL)
    code = company_code(request.carrier, GET_WAYBILL)
    agreement = settings.agreements.get(request.carrier)
    if agreement is None:
        raise Rejected(PARTNER, GET_WAYBILL, f"no agreement with {request.carrier}")
    if request.shop not in settings.shops:
        raise Misconfigured(PARTNER, GET_WAYBILL, f"shop {request.shop} is not in the settings")
    sender, region = settings.sender, receiver.region
    parcel: dict[str, Any] = {
        "object_id": request.key,
        "user_id": settings.user_id,
        "template_url": agreement.template_url,
        "order_info": {
            "order_channels_type": settings.shops[request.shop].platform,
            "trade_order_list": [request.channel_order_no],
        },
        "package_info": {
            "id": request.key,
            "items": [{"name": goods.name, "count": goods.quantity} for goods in request.goods],
            "weight": request.weight_g,
            "goods_description": _goods_description(request),
        },
        "recipient": {
            "name": receiver.name_mask,
            "mobile": receiver.phone_mask,
            "address": _address(region.province, region.city, region.district, region.town, receiver.detail_mask),
            "oaid": receiver.name_cipher,
            "tid": request.channel_order_no,
        },
    }
    if agreement.cold_chain_services and Requirement.COLD_CHAIN in request.requirements:
        parcel["logistics_services"] = agreement.cold_chain_services
    message: dict[str, Any] = {
        "cp_code": code,
        "sender": {
            "name": sender.name,
            "mobile" if _MOBILE.fullmatch(sender.phone) else "phone": sender.phone,
            "address": _address(sender.province, sender.city, sender.district, sender.town, sender.detail),
        },
        "trade_order_info_dtos": [parcel],
    }
    if remark := " ".join(part for part in (requirement_words(request.requirements), request.remark.strip()) if part):
        message["extra_info"] = compact_json({"remark": remark})
    if agreement.customer_code:
        message["customer_code"] = agreement.customer_code
    if agreement.product_code:
        message["product_code"] = agreement.product_code
    return {"param_waybill_cloud_print_apply_new_request": compact_json(message)}


def query_waybill(trade_code: str, object_ids: Sequence[str]) -> Parameters:
    """cainiao.waybill.ii.query.by.tradecode, for several objects of one trade."""
    return {"param_list": compact_json([{"biz_sub_code": trade_code, "object_id": each} for each in object_ids])}


def cancel_waybill(carrier: Carrier, number: str) -> Parameters:
    """cainiao.waybill.ii.cancel."""
    return {"cp_code": company_code(carrier, CANCEL_WAYBILL), "waybill_code": number}


def _address(province: str, city: str, district: str, town: str, detail: str) -> dict[str, str]:
    parts = {"province": province, "city": city, "district": district, "town": town, "detail": detail}
    return {name: part for name, part in parts.items() if part}


def _goods_description(request: WaybillRequest) -> str:
    # Requirements first: whatever a label cuts off, they stay.
    goods = "、".join(f"{goods.name}x{goods.quantity}" for goods in request.goods)
    return " ".join(part for part in (requirement_words(request.requirements), goods) if part)
