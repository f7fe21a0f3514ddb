"""Reading orders: the lists and the details, in clear text and encrypted (protocol file, section 5)."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.jd.envelope import invalid, missing
from sandbox.jd.orders import JdOrder, OrderState, Shelf
from sandbox.jd.params import OrderGet, OrderSearch, names
from sandbox.jd.writing import ALL, order_info
from sandbox.settings import JdSettings

_MONTH = timedelta(days=31)
_BY_CREATION = 1
_DESCENDING = 1
_STATES = frozenset(OrderState) - {OrderState.NOT_PAY}


class Reading:
    """Lists and details. `en…` methods give ciphertexts, the others clear text; the former say `success` as a text.

    What the protocol file says of `dateType` (0 by order time, 1 by modified time) is the wrong way round. JD's own
    page, as the comments of a public SDK mirror quote it: "查询时间类型，默认按修改时间查询。1为按订单创建时间查询；
    其它数字为按订单（订单状态、修改运单号）修改时间", and public clients that poll for changes send 0 or nothing.
    So 1 is by order time; anything else, or nothing, by modified time. `sortType` 1 is descending, else ascending.
    """

    def __init__(self, settings: JdSettings, orders: Shelf) -> None:
        self._settings = settings
        self._orders = orders

    def search(self, params: OrderSearch, *, encrypted: bool) -> dict[str, Any]:
        """A page of the orders in a window, both ends included. Raises Refusal.

        An order that is modified again leaves the window and moves those after it forward. A page without orders has
        no list at all.
        """
        fields, start, end = _fields(params.optional_fields, encrypted=encrypted), *_window(params)
        states = _states(params.order_state)

        def of(order: JdOrder) -> int:
            return order.placed if params.date_type == _BY_CREATION else order.modified

        found = [order for order in self._orders.listed() if order.state in states and start <= of(order) <= end]
        found.sort(key=lambda order: (of(order), order.order_id), reverse=params.sort_type == _DESCENDING)
        first = (params.page - 1) * params.page_size
        page = [self._told(order, fields, encrypted=encrypted) for order in found[first : first + params.page_size]]
        result: dict[str, Any] = {"apiResult": _fine(as_text=encrypted), "orderTotal": len(found)}
        return {"searchorderinfo_result": result | ({"orderInfoList": page} if page else {})}

    def get(self, params: OrderGet, *, encrypted: bool) -> dict[str, Any]:
        """One order; what the answer says of one that is not there stands in its `apiResult`. Raises Refusal."""
        fields = _fields(params.optional_fields, encrypted=encrypted)
        states = _states(params.order_state) if params.order_state else frozenset(OrderState)
        order = self._orders.readable(params.order_id)
        if order is None or order.state not in states:
            return {"orderDetailInfo": {"apiResult": _wrong("ORDER_NOT_EXIST", "订单不存在", as_text=encrypted)}}
        told = self._told(order, fields, encrypted=encrypted)
        return {"orderDetailInfo": {"apiResult": _fine(as_text=encrypted), "orderInfo": told}}

    def _told(self, order: JdOrder, fields: frozenset[str], *, encrypted: bool) -> dict[str, Any]:
        """An order as it is given out. The first time, the cashier's amount (`actualPay`) is not there yet."""
        lagging, order.sent = order.sent == 0, order.sent + 1
        order.told_clear = not encrypted
        return order_info(order, self._settings, fields, encrypted=encrypted, lagging=lagging)


def _fields(text: str, *, encrypted: bool) -> frozenset[str]:
    """The wanted fields; only the encrypted methods know the word for all of them."""
    fields = names(text)
    if ALL in fields and not encrypted:
        raise invalid("optional_fields")
    return fields


def _states(text: str) -> frozenset[OrderState]:
    wanted = names(text)
    if wanted == {ALL}:
        return _STATES
    try:
        return frozenset(OrderState(state) for state in wanted)
    except ValueError:
        raise invalid("order_state") from None


def _window(params: OrderSearch) -> tuple[float, float]:
    """From when to when, in Unix seconds. Only what waits for shipping can be asked for without: the last month's."""
    start, end = params.start_date, params.end_date
    if start is None and end is None and _states(params.order_state) == {OrderState.TO_SHIP}:
        end = datetime.fromtimestamp(time.time(), UTC)
        start = end - _MONTH
    if start is None or end is None:
        raise missing("start_date" if start is None else "end_date")
    if not timedelta(0) <= end - start <= _MONTH:
        raise invalid("end_date")
    return start.timestamp(), end.timestamp()


def _fine(*, as_text: bool) -> dict[str, Any]:
    return {"success": "true" if as_text else True, "englishErrCode": "", "chineseErrCode": ""}


def _wrong(english: str, chinese: str, *, as_text: bool) -> dict[str, Any]:
    return {"success": "false" if as_text else False, "englishErrCode": english, "chineseErrCode": chinese}
