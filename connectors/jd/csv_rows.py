"""The rows of one order in an export → the same JSON that JD's API gives for an order. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.jd.addresses import split_address
from connectors.jd.orders import STATUS, State
from connectors.jd.settings import EXPORT_COLUMNS, Column
from domain.money import format_yuan, parse_yuan
from domain.texts import text
from domain.words import About, Glossary

Row = Mapping[Column, str]
"""A row's cleaned values; "" for none."""

_OF_A_LINE = frozenset({Column.SKU_ID, Column.OUTER_SKU, Column.TITLE, Column.QUANTITY, Column.PRICE})
_ALWAYS_FILLED = (Column.QUANTITY, Column.STATE, Column.NAME, Column.ADDRESS, Column.PHONE)

_NOTES = ("orderRemark", "venderRemark")
_AMOUNTS = ("orderTotalPrice", "orderSellerPrice", "freightPrice")

_STATES = Glossary(
    "jd",
    About.EXPORT,
    State,
    {
        "等待付款": State.NOT_PAY,
        "等待出库": State.WAIT_SELLER_STOCK_OUT,
        "待发货": State.WAIT_SELLER_STOCK_OUT,
        "等待确认收货": State.WAIT_GOODS_RECEIVE_CONFIRM,
        "已出库": State.WAIT_GOODS_RECEIVE_CONFIRM,
        "完成": State.FINISHED_L,
        "锁定": State.LOCKED,
        "取消": State.TRADE_CANCELED,
    },
    field="order state",
)
_DELETED = ("(删除)", "（删除）")

_BLANKS = " \t\r\n\ufeff\u00a0\u3000"
_FORMULA = re.compile(r'="(.*)"', re.DOTALL)
_TIME_FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S")


def clean(cell: str) -> str:
    """A cell without what spreadsheets put around long numbers: `="…"`, quotes, a leading apostrophe, odd blanks."""
    bare = cell.strip(_BLANKS)
    match = _FORMULA.fullmatch(bare) if bare.startswith("=") else None
    return (match[1] if match else bare).strip('"').lstrip("'").strip(_BLANKS)


def merge(rows: Sequence[Row], shop: str) -> dict[str, Any]:
    """One order out of its rows; it holds no `modified`, for an export does not say. Raises ValueError naming the
    column, never a value."""
    first = rows[0]
    for column in first:
        if column not in _OF_A_LINE and any(row[column] != first[column] for row in rows):
            raise ValueError(text("file.differs", column=named(column)))
    for row in rows:
        if missing := [column for column in _ALWAYS_FILLED if not row[column]]:
            raise ValueError(text("file.missing", column=named(missing[0])))

    def value(column: Column) -> str:
        return first.get(column, "")

    region, detail = split_address(value(Column.ADDRESS))
    return {
        "orderId": value(Column.ORDER_NO),
        "venderId": shop,
        "orderState": _state(value(Column.STATE)),
        "orderStartTime": _time(value(Column.PLACED_AT), Column.PLACED_AT),
        "paymentConfirmTime": _time(value(Column.PAID_AT), Column.PAID_AT),
        "orderTotalPrice": _amount(value(Column.TOTAL), Column.TOTAL),
        "orderSellerPrice": _amount(value(Column.SETTLED), Column.SETTLED),
        "freightPrice": _amount(value(Column.FREIGHT), Column.FREIGHT),
        "pin": value(Column.BUYER),
        "orderRemark": value(Column.BUYER_NOTE),
        "venderRemark": value(Column.SELLER_NOTE),
        "consigneeInfo": {
            "fullname": value(Column.NAME),
            "mobile": value(Column.PHONE),
            "fullAddress": detail,
            "province": region.province,
            "city": region.city,
            "county": region.district,
        },
        "itemInfoList": [_item(row) for row in rows],
    }


def fingerprint(info: Mapping[str, Any]) -> str:
    """A digest of what matters of an order to whoever ships it: state, address, lines, amounts, and what people wrote
    (which may demand something of the delivery)."""
    told = [info[name] for name in ("orderState", "consigneeInfo", "itemInfoList", *_AMOUNTS, *_NOTES)]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _item(row: Row) -> dict[str, str]:
    sku_id, outer = row.get(Column.SKU_ID, ""), row.get(Column.OUTER_SKU, "")
    if not sku_id and not outer:
        raise ValueError(text("file.missing", column=named(Column.SKU_ID)))
    quantity = row[Column.QUANTITY]
    if not (quantity.isascii() and quantity.isdigit() and len(quantity) < 7 and int(quantity)):
        raise ValueError(text("file.quantity", column=named(Column.QUANTITY)))
    return {
        "skuId": sku_id,
        "outerSkuId": outer,
        "skuName": row.get(Column.TITLE, ""),
        "itemTotal": quantity,
        "jdPrice": _amount(row.get(Column.PRICE, ""), Column.PRICE),
    }


def named(column: Column) -> str:
    """A column's name in the export, for whoever wrote the file."""
    return EXPORT_COLUMNS[column][0]


def _state(words: str) -> str:
    """JD's word in its API. Raises ValueError for one that we do not know: it is never guessed."""
    if words.startswith(_DELETED):
        return "TRADE_CANCELED"
    return words if words in STATUS.means else _STATES.mean(words)


def _amount(cell: str, column: Column) -> str:
    try:
        return format_yuan(parse_yuan(cell)) if cell else ""
    except ValueError:
        raise ValueError(text("file.amount", column=named(column))) from None


def _time(cell: str, column: Column) -> str:
    if not cell:
        return ""
    for form in _TIME_FORMATS:
        try:
            return datetime.strptime(cell, form).isoformat(" ")  # noqa: DTZ007 - Beijing in, Beijing out
        except ValueError:
            continue
    raise ValueError(text("file.time", column=named(column)))
