"""Reading orders and their receivers (protocol file, section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.xiaohongshu.orders import OrderStatus, ShopOrder, find
from sandbox.xiaohongshu.params import OrderId, OrderList, ReceiverInfo, ReceiverQuery
from sandbox.xiaohongshu.writing import detail, summary

_ORDINARY = frozenset({0, 1})
_ALL = 0
_UPDATED = 2
_HIDDEN = dict.fromkeys(
    (
        "receiverProvinceName",
        "receiverCityName",
        "receiverDistrictName",
        "receiverTownName",
        "receiverName",
        "receiverPhone",
        "receiverAddress",
    )
)


class Reading:
    """The reading methods over the shop's orders."""

    def __init__(self, orders: Mapping[str, ShopOrder], seller_id: str) -> None:
        self._orders = orders
        self._seller_id = seller_id

    def listed(self, params: OrderList) -> dict[str, Any]:
        """order.getOrderList: oldest first, ends of the window included.

        An order that is updated again leaves its place and moves those after it forward: hence "from the last page to
        the first".
        """
        by_update = params.time_type == _UPDATED
        start, end = params.start_time * 1000, params.end_time * 1000
        found = [
            (moment, order)
            for order in self._orders.values()
            if start <= (moment := order.updated if by_update else order.placed) <= end
            and params.order_status in {_ALL, order.status}
            and params.order_type in _ORDINARY
        ]
        found.sort(key=lambda entry: (entry[0], entry[1].order_id))
        first = (params.page_no - 1) * params.page_size
        page = [order for _, order in found[first : first + params.page_size]]
        for order in page:
            order.sent += 1
        return {
            "total": len(found),
            "pageNo": params.page_no,
            "pageSize": params.page_size,
            "maxPageNo": -(-len(found) // params.page_size),
            "orderList": [summary(order) for order in page],
        }

    def detail(self, params: OrderId) -> dict[str, Any]:
        """order.getOrderDetail. Raises Refusal."""
        order = find(self._orders, params.order_id)
        order.sent += 1
        return detail(order, self._seller_id)

    def receivers(self, params: ReceiverInfo) -> dict[str, Any]:
        """order.getOrderReceiverInfo. Raises Refusal for an order that is not there."""
        return {"receiverInfos": [self._receiver(query) for query in params.receiver_queries]}

    def _receiver(self, query: ReceiverQuery) -> dict[str, Any]:
        """Nothing but nulls unless the order waits for shipping and the client knows its present receiver."""
        order = find(self._orders, query.order_id)
        receiver, sealed = order.receiver, order.sealed
        matched = query.open_address_id == sealed.open_address_id
        told: dict[str, Any] = {"orderId": order.order_id, "matched": matched, **_HIDDEN, "location": None}
        if matched and order.status is OrderStatus.READY:
            told |= {
                "receiverProvinceName": receiver.province,
                "receiverCityName": receiver.city,
                "receiverDistrictName": receiver.district,
                "receiverTownName": receiver.town,
                "receiverName": sealed.name,
                "receiverPhone": sealed.phone,
                "receiverAddress": sealed.detail,
            }
        return told
