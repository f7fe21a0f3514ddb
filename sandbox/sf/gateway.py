"""SF's HTTP gateway: one address for all services, a signed form in, two layers of JSON out."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Sequence
from hmac import compare_digest
from typing import Any

import httpx
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from sandbox.road import Node, Road
from sandbox.sf.orders import SfError, SfOrders
from sandbox.sf.routes import pushed_route, route
from sandbox.sf.signing import msg_digest
from sandbox.world import Book, PushRequest, World, form_fields

Json = dict[str, Any]

_FIELDS = ("partnerID", "requestID", "serviceCode", "timestamp", "msgData", "msgDigest")
_OPERATIONS = {
    "EXP_RECE_CREATE_ORDER": "create",
    "EXP_RECE_SEARCH_ORDER_RESP": "find",
    "EXP_RECE_UPDATE_ORDER": "void",
    "EXP_RECE_SEARCH_ROUTES": "track",
    "EXP_RECE_WANTED_INTERCEPT": "intercept",
}
_VALID_MS = 5 * 60 * 1000


class SfGateway:
    """SF's gateway and order desk. Pushes the routes of the waybills that it made itself."""

    name = "sf"

    def __init__(self, world: World, road: Road) -> None:
        self._world = world
        self._settings = world.settings.sf
        self._road = road
        self._orders = SfOrders(road)
        self._services: dict[str, Callable[[Json], Json | None]] = {
            "create": self._orders.create,
            "find": self._orders.find,
            "void": self._orders.update,
            "track": self._search_routes,
            "intercept": self._orders.intercept,
        }
        self._request_ids: set[str] = set()
        self._push_count = 0
        road.subscribe(self._push_route)

    def router(self) -> APIRouter:
        """`POST /std/service`."""
        router = APIRouter()

        @router.post("/std/service")
        async def service(request: Request) -> Response:
            """Any service; `serviceCode` in the form says which."""
            fields = form_fields(await request.body())
            return await self._world.answer(
                self.name,
                _OPERATIONS.get(fields.get("serviceCode", ""), "unknown"),
                lambda: self._serve(fields),
                system_error=lambda: _refuse("A1099", "系统异常"),
                throttled=lambda: _refuse("A1005", "流量受控"),
            )

        return router

    def book(self) -> Book:
        """The waybills that were made."""
        return self._orders.book()

    def _serve(self, fields: dict[str, str]) -> Response:
        if not all(fields.get(name) for name in _FIELDS) or len(fields["requestID"]) > 40:
            return _refuse("A1001", "必传参数不可为空")
        operation = _OPERATIONS.get(fields["serviceCode"])
        if fields["partnerID"] != self._settings.partner_id or operation is None:
            return _refuse("A1004", "无对应服务权限")
        timestamp = fields["timestamp"]
        if not timestamp.isdecimal() or abs(time.time() * 1000 - int(timestamp)) > _VALID_MS:
            return _refuse("A1002", "请求时效已过期")
        expected = msg_digest(fields["msgData"], timestamp, self._settings.check_word.get_secret_value())
        if not compare_digest(expected.encode(), fields["msgDigest"].encode()):
            return _refuse("A1006", "数字签名无效")
        if fields["requestID"] in self._request_ids:
            return _refuse("A1007", "重复请求")
        self._request_ids.add(fields["requestID"])
        try:
            return _accept(self._services[operation](_message(fields["msgData"])))
        except SfError as no:
            return _accept(None, no.code, no.message)

    def _search_routes(self, message: Json) -> Json:
        """EXP_RECE_SEARCH_ROUTES: up to 10 numbers; a foreign number is shown only to who knows a phone's tail."""
        wanted = message.get("trackingNumber")
        wanted = [wanted] if isinstance(wanted, str) else wanted
        if not isinstance(wanted, list) or not 1 <= len(wanted) <= 10 or not all(isinstance(w, str) for w in wanted):
            raise SfError("8196", "信息异常：trackingNumber")
        by_order = str(message.get("trackingType", "1")) == "2"
        numbers = [self._orders.number_of(w) or w if by_order else w for w in wanted]
        knows_phone = any(
            len(tail) == 4 and tail.isdecimal() for tail in str(message.get("checkPhoneNo", "")).split(",")
        )
        return {
            "routeResps": [
                {"mailNo": number, "routes": [route(node) for node in self._visible(number, knows_phone)]}
                for number in numbers
            ]
        }

    def _visible(self, number: str, knows_phone: bool) -> Sequence[Node]:
        foreign = self._orders.order_of(number) is None
        if self._road.carrier(number) != "SF" or (foreign and not knows_phone):
            return ()
        return self._road.nodes(number)

    def _push_route(self, number: str, carrier: str, nodes: Sequence[Node]) -> None:
        order_id = self._orders.order_of(number)
        if carrier != "SF" or order_id is None:
            return
        self._push_count += 1
        push_id = f"158{self._push_count:015d}"
        body = {"Body": {"WaybillRoute": [pushed_route(nodes[-1], push_id, number, order_id)]}}
        request = PushRequest(
            path=f"/hooks/sf/{self._settings.push_secret.get_secret_value()}",
            body=json.dumps(body, ensure_ascii=False).encode(),
            headers={"Content-Type": "application/json;charset=UTF-8"},
        )
        self._world.push(self.name, "routes", lambda: request, _taken)


def _taken(response: httpx.Response) -> bool:
    ack = response.json()
    return isinstance(ack, dict) and ack.get("return_code") == "0000"


def _message(text: str) -> Json:
    try:
        message = json.loads(text)
    except ValueError:
        message = None
    if not isinstance(message, dict):
        raise SfError("4002", "报文解析错误")
    return message


def _accept(message: Json | None, code: str = "S0000", error: str | None = None) -> Response:
    result = {"success": error is None, "errorCode": code, "errorMsg": error, "msgData": message}
    return _envelope("A1000", "", json.dumps(result, ensure_ascii=False))


def _refuse(code: str, message: str) -> Response:
    return _envelope(code, message, None)


def _envelope(code: str, message: str, result: str | None) -> Response:
    return JSONResponse(
        {
            "apiResponseID": uuid.uuid4().hex,
            "apiErrorMsg": message,
            "apiResultCode": code,
            "apiResultData": result,
        }
    )
