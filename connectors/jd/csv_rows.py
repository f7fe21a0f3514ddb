"""The rows of one order in an export → the same JSON that JD's API gives for an order. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.jd.settings import Column
from domain.clock import format_beijing
from domain.money import format_yuan, parse_yuan

Row = Mapping[Column, str]
"""A row's cleaned values; "" for none."""

_OF_A_LINE = frozenset({Column.SKU_ID, Column.OUTER_SKU, Column.TITLE, Column.QUANTITY, Column.PRICE})
_ALWAYS_FILLED = (Column.QUANTITY, Column.STATE, Column.NAME, Column.ADDRESS, Column.PHONE)

_STATES: dict[str, str] = {
    "等待付款": "NOT_PAY",
    "等待出库": "WAIT_SELLER_STOCK_OUT",
    "待发货": "WAIT_SELLER_STOCK_OUT",
    "等待确认收货": "WAIT_GOODS_RECEIVE_CONFIRM",
    "已出库": "WAIT_GOODS_RECEIVE_CONFIRM",
    "完成": "FINISHED_L",
    "锁定": "LOCKED",
    "取消": "TRADE_CANCELED",
}
_DELETED = ("(删除)", "（删除）")

_BLANKS = " \t\r\n\ufeff\u00a0\u3000"
_FORMULA = re.compile(r'="(.*)"', re.DOTALL)
_TIME_FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S")


def clean(cell: str) -> str:
    """A cell without what spreadsheets put around long numbers: `="…"`, quotes, a leading apostrophe, odd blanks."""
    bare = cell.strip(_BLANKS)
    match = _FORMULA.fullmatch(bare) if bare.startswith("=") else None
    return (match[1] if match else bare).strip('"').lstrip("'").strip(_BLANKS)


def merge(rows: Sequence[Row], shop: str, exported_at: datetime) -> dict[str, Any]:
    """One order out of its rows. Raises ValueError naming the column, never a value."""
    first = rows[0]
    for column in first:
        if column not in _OF_A_LINE and any(row[column] != first[column] for row in rows):
            raise ValueError(f"the rows of the order differ in {column}")
    for row in rows:
        if missing := [column for column in _ALWAYS_FILLED if not row[column]]:
            raise ValueError(f"no {missing[0]}")

    def value(column: Column) -> str:
        return first.get(column, "")

    return {
        "orderId": value(Column.ORDER_NO),
        "venderId": shop,
        "orderState": _state(value(Column.STATE)),
        "orderStartTime": _time(value(Column.PLACED_AT), Column.PLACED_AT),
        "paymentConfirmTime": _time(value(Column.PAID_AT), Column.PAID_AT),
        "modified": format_beijing(exported_at),
        "orderTotalPrice": _amount(value(Column.TOTAL), Column.TOTAL),
        "orderSellerPrice": _amount(value(Column.SETTLED), Column.SETTLED),
        "freightPrice": _amount(value(Column.FREIGHT), Column.FREIGHT),
        "pin": value(Column.BUYER),
        "orderRemark": value(Column.BUYER_NOTE),
        "venderRemark": value(Column.SELLER_NOTE),
        "consigneeInfo": {
            "fullname": value(Column.NAME),
            "mobile": value(Column.PHONE),
            "fullAddress": value(Column.ADDRESS),
        },
        "itemInfoList": [_item(row) for row in rows],
    }


def _item(row: Row) -> dict[str, str]:
    sku_id, outer = row.get(Column.SKU_ID, ""), row.get(Column.OUTER_SKU, "")
    if not sku_id and not outer:
        raise ValueError(f"no {Column.SKU_ID}")
    quantity = row[Column.QUANTITY]
    if not (quantity.isascii() and quantity.isdigit() and len(quantity) < 7 and int(quantity)):
        raise ValueError(f"{Column.QUANTITY} is no number of pieces")
    return {
        "skuId": sku_id,
        "outerSkuId": outer,
        "skuName": row.get(Column.TITLE, ""),
        "itemTotal": quantity,
        "jdPrice": _amount(row.get(Column.PRICE, ""), Column.PRICE),
    }


def _state(text: str) -> str:
    """JD's word in its API; the export's own where we know none, which is never guessed."""
    if text.startswith(_DELETED):
        return "TRADE_CANCELED"
    return _STATES.get(text, text)


def _amount(text: str, column: Column) -> str:
    try:
        return format_yuan(parse_yuan(text)) if text else ""
    except ValueError:
        raise ValueError(f"{column} is no amount") from None


def _time(text: str, column: Column) -> str:
    if not text:
        return ""
    for form in _TIME_FORMATS:
        try:
            return datetime.strptime(text, form).isoformat(" ")  # noqa: DTZ007 - Beijing in, Beijing out
        except ValueError:
            continue
    raise ValueError(f"{column} is no time")
