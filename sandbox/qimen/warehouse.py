"""The warehouse: takes delivery orders, packs them after a while, and reports what it scanned."""

from __future__ import annotations

import hmac
import time
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from urllib.parse import parse_qsl

import httpx
from fastapi import APIRouter, Request, Response

from domain.clock import format_beijing, parse_beijing, utc_now
from sandbox.qimen.deliveries import Box, Delivery, DeliveryStatus, Misscan, read_delivery, read_place
from sandbox.qimen.reports import accepted, confirm, described
from sandbox.qimen.shelves import CONDITIONS, DEFECTIVE, GOOD, Change, Shelves, change_report, count_report
from sandbox.qimen.signing import sign
from sandbox.qimen.xml import Content, Node, Refusal, read, write
from sandbox.world import Book, PushRequest, World

_HUB_PATH = "/hooks/qimen"
_PREFIX = "taobao.qimen."
_XML = "text/xml;charset=UTF-8"
_CLOCK_TOLERANCE_S = 600
_GATEWAY_PARAMS = ("method", "timestamp", "format", "app_key", "v", "sign_method", "customerId", "sign")


class QimenWarehouse:
    """The warehouses of one goods owner. An order with more than `max_lines_per_box` lines goes into two boxes."""

    name = "qimen"

    def __init__(self, world: World, max_lines_per_box: int = 20) -> None:
        self._world = world
        self._settings = world.settings.qimen
        self._max_lines_per_box = max_lines_per_box
        self._deliveries: dict[str, Delivery] = {}
        self._shelves = Shelves(self._settings.warehouses[0])
        self._misscans: dict[str, list[Misscan]] = {}
        self._forgotten: dict[str, set[str]] = {}
        # the moment of the start keeps codes apart from those of an earlier run against the same hub
        self._run = f"{int(time.time())}"
        self._serials: Counter[str] = Counter()
        self._methods: dict[str, Callable[[Node], Content]] = {
            "deliveryorder.create": self._create,
            "deliveryorder.query": self._query,
            "order.cancel": self._cancel,
            "order.pending": self._pending,
            "inventory.query": self._inventory,
        }

    def misscan(self, code_or_order_no: str, drop_sku: str, scan_instead: str = "") -> None:
        """Let the next scan of a delivery order (by its code, or its order's number) leave an article out.

        `scan_instead`: another article is put into the box and scanned in its place.
        """
        self._misscans.setdefault(code_or_order_no, []).append(Misscan(drop_sku, scan_instead))

    def forget(self, code_or_order_no: str, sku: str) -> None:
        """Let a delivery order's box leave without an article that was scanned: only the book tells, or the buyer."""
        self._forgotten.setdefault(code_or_order_no, set()).add(sku)

    def confirm_again(self, code: str) -> str:
        """Scan a packed order anew and confirm it under a new outBizCode, which is returned.

        Raises KeyError, and ValueError for an order that is not packed.
        """
        delivery = self._deliveries[code]
        if delivery.status is not DeliveryStatus.PACKED:
            raise ValueError(f"the delivery order is {delivery.status}, not packed")
        return self._scan_and_confirm(delivery)

    def settle_stock(self, pieces: Mapping[str, int], warehouse: str = "") -> None:
        """Let so many good pieces of each article lie on the shelves, and tell nobody. Raises KeyError for a warehouse
        that is none of ours; "" is the first, here as below."""
        _, left = self._stock_movements()
        for sku, count in pieces.items():
            self._shelves.settle((self._of_ours(warehouse), sku), count, left)

    def move_stock(
        self, sku: str, quantity: int, order_type: str, condition: str = GOOD, warehouse: str = "", *, quiet: bool
    ) -> str:
        """Goods come in, are lost or found: `stockchange.report`, unless `quiet`. Returns the change's outBizCode.

        Raises ValueError when fewer lie there than go, and KeyError.
        """
        change = Change(self._serial("SC"), (self._of_ours(warehouse), sku), condition, quantity, order_type)
        self._shelves.move(change, self._stock_movements()[1])
        if not quiet:
            self._push("stockchange.report", change_report(change, self._settings.owner))
        return change.code

    def count_stock(self, sku: str, found: int, warehouse: str = "") -> int:
        """Somebody counts the good pieces of an article: `inventory.report`. Returns the difference that was found."""
        _, left = self._stock_movements()
        place = self._of_ours(warehouse), sku
        change = Change(self._serial("CK"), place, GOOD, found - self._shelves.lies(place, GOOD, left), "CHECK")
        self._shelves.move(change, left)
        self._push("inventory.report", count_report(change, found, self._settings.owner))
        return change.quantity

    def report_again(self, out_biz_code: str) -> None:
        """Push an earlier change once more. Raises KeyError."""
        change = {change.code: change for change in self._shelves.changes}[out_biz_code]
        self._push("stockchange.report", change_report(change, self._settings.owner))

    def _of_ours(self, warehouse: str) -> str:
        if warehouse and warehouse not in self._settings.warehouses:
            raise KeyError(warehouse)
        return warehouse or self._settings.warehouses[0]

    def router(self) -> APIRouter:
        """`POST /router/qimen/service`, below this partner's own path."""
        router = APIRouter()

        @router.post("/router/qimen/service")
        async def service(request: Request) -> Response:
            """Answer one call."""
            body = await request.body()
            params = dict(parse_qsl(request.url.query, keep_blank_values=True))
            method = params.get("method", "").removeprefix(_PREFIX)
            return await self._world.answer(
                self.name,
                method if method in self._methods else "unknown",
                lambda: self._answer(method, params, body),
                system_error=partial(_failure, Refusal("isp.service-unavailable", "服务暂时不可用")),
                throttled=partial(_failure, Refusal("isp.call-limited", "调用频率超限")),
            )

        return router

    def book(self) -> Book:
        """All delivery orders."""
        return {
            "deliveries": [
                {
                    "code": delivery.code,
                    "order_no": delivery.order_no,
                    "warehouse": delivery.warehouse,
                    "status": delivery.status.value,
                    "times": delivery.times,
                    "at": delivery.at.isoformat(),
                    "delivery_type": delivery.delivery_type,
                    "remark": delivery.remark,
                    "receiver_digest": delivery.receiver_digest,
                    "lines": [{"sku": line.sku, "quantity": line.quantity} for line in delivery.lines],
                    "left_out": [
                        {"sku": line.sku, "quantity": line.quantity}
                        for line in delivery.lines
                        if delivery.status is DeliveryStatus.PACKED and line.sku in self._forgets(delivery)
                    ],
                    "confirms": len(delivery.confirms),
                }
                for delivery in self._deliveries.values()
            ],
            "stock": self._stock_book(),
        }

    def _stock_book(self) -> list[dict[str, str | int]]:
        reserved, left = self._stock_movements()
        return [
            {
                "sku": place[1],
                "warehouse": place[0],
                "good": self._shelves.lies(place, GOOD, left),
                "locked": reserved[place],
                "defective": self._shelves.lies(place, DEFECTIVE, left),
            }
            for place in self._shelves.places()
        ]

    def _answer(self, method: str, params: dict[str, str], body: bytes) -> Response:
        try:
            self._check_call(method, params, body)
            return _success(self._methods[method](read(body)))
        except Refusal as refusal:
            return _failure(refusal)

    def _check_call(self, method: str, params: dict[str, str], body: bytes) -> None:
        """Raise Refusal unless the call is complete, in time, signed and for these warehouses."""
        for name in _GATEWAY_PARAMS:
            if not params.get(name):
                raise Refusal("isv.missing-parameter", f"missing parameter {name}")
        expected = sign(params, body, self._settings.secret.get_secret_value())
        if params["app_key"] != self._settings.app_key or not hmac.compare_digest(
            expected.encode(), params["sign"].encode()
        ):
            raise Refusal("sign-check-failure", "Illegal request")
        fixed = {"format": "xml", "v": "2.0", "sign_method": "md5", "customerId": self._settings.customer_id}
        for name, value in fixed.items():
            if params[name] != value:
                raise Refusal("isv.invalid-parameter", f"invalid parameter {name}")
        try:
            off = abs((utc_now() - parse_beijing(params["timestamp"])).total_seconds())
        except ValueError:
            raise Refusal("isv.invalid-timestamp", "timestamp must be yyyy-MM-dd HH:mm:ss") from None
        if off > _CLOCK_TOLERANCE_S:
            raise Refusal("isv.invalid-timestamp", "timestamp is more than 10 minutes off")
        if method not in self._methods:
            raise Refusal("isv.invalid-method", "no such method")

    def _create(self, request: Node) -> Content:
        delivery = read_delivery(request, self._settings.warehouses, self._settings.owner, self._serial("WMS"))
        known = self._deliveries.get(delivery.code)
        if known is not None:
            known.times += 1
            raise Refusal("ORDER_EXISTS", "单据已存在")
        self._deliveries[delivery.code] = delivery
        self._push("orderprocess.report", accepted(delivery))
        self._schedule_packing(delivery)
        return {
            "createTime": format_beijing(utc_now()),
            "deliveryOrderId": delivery.wms_id,
            "warehouseCode": delivery.warehouse,
            "logisticsCode": delivery.logistics,
        }

    def _query(self, request: Node) -> Content:
        for name in ("page", "pageSize"):
            if not request.needed(name).isdecimal():
                raise Refusal("PARAM_INVALID", f"{name} 必须为正整数")
        if int(request.text("pageSize")) > 100:
            raise Refusal("PARAM_INVALID", "pageSize 不能超过 100")
        delivery = self._named(request)
        if request.text("warehouseCode") not in {"", delivery.warehouse}:
            raise _no_such_order()
        return described(delivery)

    def _cancel(self, request: Node) -> Content:
        delivery = self._named_in_place(request)
        if delivery.status is DeliveryStatus.PACKED:
            raise Refusal("ORDER_PACKED", "单据已打包，不能取消")
        delivery.status = DeliveryStatus.CANCELLED
        return {}

    def _pending(self, request: Node) -> Content:
        delivery = self._named_in_place(request)
        action = request.needed("actionType")
        if action not in {"pending", "restore"}:
            raise Refusal("PARAM_INVALID", "actionType 不在取值范围内")
        if delivery.status is DeliveryStatus.PACKED:
            raise Refusal("ORDER_PACKED", "单据已打包，不能挂起或恢复")
        if delivery.status is DeliveryStatus.CANCELLED:
            raise Refusal("ORDER_CANCELLED", "单据已取消")
        if action == "pending":
            delivery.status = DeliveryStatus.HELD
        elif delivery.status is DeliveryStatus.HELD:
            delivery.status = DeliveryStatus.ACCEPTED
            self._schedule_packing(delivery)
        return {}

    def _inventory(self, request: Node) -> Content:
        """What can still be promised of each article that a warehouse keeps; an unknown one is left out.

        The opening stock is all in the first warehouse.
        """
        reserved, gone = self._stock_movements()
        found: list[Content] = []
        for criteria in request.items("criteriaList", "criteria"):
            place = criteria.text("warehouseCode") or self._settings.warehouses[0], criteria.needed("itemCode")
            if not self._shelves.has(place):
                continue
            asked = criteria.text("inventoryType")
            for condition in CONDITIONS if not asked else (asked,):
                lies, locked = self._shelves.lies(place, condition, gone), reserved[place] if condition == GOOD else 0
                if not (lies or condition == GOOD):
                    continue
                found.append(
                    {
                        "warehouseCode": place[0],
                        "itemCode": place[1],
                        "inventoryType": condition,
                        "quantity": lies - locked,
                        "lockQuantity": locked,
                    }
                )
        return {"items": {"item": found}}

    def _stock_movements(self) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]]:
        """The pieces that wait for packing, and those that were packed, by warehouse and article."""
        reserved: Counter[tuple[str, str]] = Counter()
        gone: Counter[tuple[str, str]] = Counter()
        for delivery in self._deliveries.values():
            if delivery.status is DeliveryStatus.CANCELLED:
                continue
            counter = gone if delivery.status is DeliveryStatus.PACKED else reserved
            for line in delivery.lines:
                counter[delivery.warehouse, line.sku] += line.quantity
        return reserved, gone

    def _named(self, request: Node) -> Delivery:
        code = request.needed("orderCode")
        if code not in self._deliveries:
            raise _no_such_order()
        return self._deliveries[code]

    def _named_in_place(self, request: Node) -> Delivery:
        """The order that a call names, if it is in the warehouse that the call names."""
        warehouse, delivery = read_place(request, self._settings.warehouses), self._named(request)
        if delivery.warehouse != warehouse:
            raise _no_such_order()
        return delivery

    def _schedule_packing(self, delivery: Delivery) -> None:
        delivery.round += 1
        current = delivery.round

        async def pack() -> None:
            if delivery.status is DeliveryStatus.ACCEPTED and delivery.round == current:
                delivery.status = DeliveryStatus.PACKED
                self._scan_and_confirm(delivery)

        self._world.later(self._world.pace.pack_s, pack)

    def _scan_and_confirm(self, delivery: Delivery) -> str:
        mistakes = self._mistakes(delivery)
        scanned = [index for index, line in enumerate(delivery.lines) if line.sku not in mistakes]
        strays = [stray for stray in mistakes.values() if stray]
        half = len(scanned) if len(scanned) <= self._max_lines_per_box else (len(scanned) + 1) // 2
        parts = [part for part in (scanned[:half], scanned[half:]) if part] or ([[]] if strays else [])
        numbers = [box.number for box in delivery.boxes]
        delivery.boxes = [
            # an order that is scanned anew stays in the boxes that it has
            Box(
                numbers.pop(0) if numbers else self._serial("BOX"),
                {i: delivery.lines[i].quantity for i in part},
                strays if part is parts[0] else [],
            )
            for part in parts
        ]
        out_biz_code = self._serial("OB")
        delivery.confirms.append(out_biz_code)
        self._push("deliveryorder.confirm", confirm(delivery, out_biz_code))
        return out_biz_code

    def _mistakes(self, delivery: Delivery) -> dict[str, str]:
        """The articles that this scan overlooks, and what is scanned in their place; each mistake is made once."""
        made: dict[str, str] = {}
        skus = {line.sku for line in delivery.lines}
        for key in (delivery.code, delivery.order_no):
            planned = self._misscans.get(key, [])
            made.update({mistake.drop_sku: mistake.scan_instead for mistake in planned if mistake.drop_sku in skus})
            planned[:] = [mistake for mistake in planned if mistake.drop_sku not in skus]
        return made

    def _forgets(self, delivery: Delivery) -> set[str]:
        return self._forgotten.get(delivery.code, set()) | self._forgotten.get(delivery.order_no, set())

    def _serial(self, kind: str) -> str:
        self._serials[kind] += 1
        return f"{kind}{self._run}{self._serials[kind]:06d}"

    def _push(self, method: str, body: bytes) -> None:
        """Report to orderhub through the gateway, which signs with the ERP app's secret."""

        def build() -> PushRequest:
            query = {
                "method": _PREFIX + method,
                "timestamp": format_beijing(utc_now()),
                "format": "xml",
                "app_key": self._settings.app_key,
                "v": "2.0",
                "sign_method": "md5",
                "customerId": self._settings.customer_id,
            }
            query["sign"] = sign(query, body, self._settings.secret.get_secret_value())
            return PushRequest(_HUB_PATH, body, {"Content-Type": _XML}, query)

        self._world.push(self.name, method, build, _taken)


def _no_such_order() -> Refusal:
    return Refusal("ORDER_NOT_FOUND", "单据不存在")


def _taken(response: httpx.Response) -> bool:
    return response.status_code == 200 and _flag(response.content) == "success"


def _flag(body: bytes) -> str:
    try:
        return read(body, root="response").text("flag")
    except Refusal:
        return ""


def _success(content: Content) -> Response:
    return Response(write("response", {"flag": "success", "code": 0, "message": "ok", **content}), media_type=_XML)


def _failure(refusal: Refusal) -> Response:
    content = {"flag": "failure", "code": refusal.code, "message": refusal.message}
    return Response(write("response", content), media_type=_XML)
