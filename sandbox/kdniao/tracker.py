"""Kuaidiniao's HTTP API and its pushes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
from fastapi import APIRouter, Request, Response

from domain.clock import format_beijing, utc_now
from sandbox.kdniao.codes import ANSWERS_NO_TRACE_AS_FAILURE, NAMES, carrier_of, recognise, report
from sandbox.kdniao.requests import KdniaoError, TrackRequest, read
from sandbox.kdniao.signing import data_sign
from sandbox.road import Node, Road
from sandbox.world import Book, PushRequest, World, form_fields

Json = dict[str, Any]

_OPERATIONS = {"1002": "query", "8001": "query", "2002": "recognise", "1008": "subscribe", "8008": "subscribe"}
_QUERIES = frozenset({"1002", "8001", "2002"})
_SUBSCRIPTIONS = {"1008": "101", "8008": "102"}
"""Type of the subscription → RequestType of its pushes."""
_BUSY = "系统繁忙，请稍后重试"


@dataclass
class _Subscription:
    request: TrackRequest
    times: int = 0


class Kdniao:
    """Kuaidiniao. Knows every parcel on the road, whoever made its number, and pushes the subscribed ones."""

    name = "kdniao"

    def __init__(self, world: World, road: Road) -> None:
        self._world = world
        self._settings = world.settings.kdniao
        self._road = road
        self._subscriptions: dict[str, dict[str, _Subscription]] = {}
        """By number, then by ShipperCode: nothing stops a caller from subscribing a number under two couriers."""
        self._calls = 0
        self._pushes = 0
        road.subscribe(self._push_progress)

    def router(self) -> APIRouter:
        """The address for queries and the one for subscriptions."""
        router = APIRouter()

        @router.post("/Ebusiness/EbusinessOrderHandle.aspx")
        async def query(request: Request) -> Response:
            """1002 and 8001 (query now), 2002 (recognise a number)."""
            return await self._answer(await request.body(), _QUERIES, self._query)

        @router.post("/api/dist")
        async def subscribe(request: Request) -> Response:
            """1008 and 8008."""
            return await self._answer(await request.body(), frozenset(_SUBSCRIPTIONS), self._subscribe)

        return router

    def book(self) -> Book:
        """Who is subscribed (`times`: how often), and how many documents were pushed, retries not counted."""
        return {
            "subscriptions": [
                {"carrier": carrier_of(shipper_code), "number": number, "times": subscription.times}
                for number, by_shipper in self._subscriptions.items()
                for shipper_code, subscription in by_shipper.items()
            ],
            "pushes": self._pushes,
        }

    async def _answer(self, body: bytes, allowed: frozenset[str], work: Callable[[TrackRequest], Json]) -> Response:
        fields = form_fields(body)

        def handle() -> Response:
            try:
                return self._reply(work(read(fields, self._settings, allowed)))
            except KdniaoError as no:
                return self._refuse(no.code, no.reason)

        return await self._world.answer(
            self.name,
            _OPERATIONS.get(fields.get("RequestType", ""), "unknown"),
            handle,
            system_error=lambda: self._refuse("105", _BUSY),
            throttled=lambda: self._refuse("105", "调用频率超过限制"),
        )

    def _query(self, request: TrackRequest) -> Json:
        if request.request_type == "2002":
            return self._recognise(request)
        reply = self._about(request, self._seen(request), fine=request.request_type == "8001")
        if request.newest_first:
            reply["Traces"].reverse()
        if not reply["Traces"] and request.shipper_code in ANSWERS_NO_TRACE_AS_FAILURE:
            reply.update(Success=False, Reason="暂无轨迹信息")
        return reply

    def _recognise(self, request: TrackRequest) -> Json:
        codes = recognise(request.number, self._road.carrier(request.number))
        return {
            "LogisticCode": request.number,
            "Success": bool(codes),
            "Code": "100" if codes else "105",
            "Reason": "" if codes else "未识别到快递公司",
            "Shippers": [{"ShipperCode": code, "ShipperName": NAMES[code]} for code in codes],
        }

    def _subscribe(self, request: TrackRequest) -> Json:
        by_shipper = self._subscriptions.setdefault(request.number, {})
        subscription = by_shipper.setdefault(request.shipper_code, _Subscription(request))
        subscription.request = request
        subscription.times += 1
        if nodes := self._seen(request):
            self._push(request, nodes)
        return {
            "UpdateTime": format_beijing(utc_now()),
            "Success": True,
            "Reason": "",
            "EstimatedDeliveryTime": "",
        }

    def _push_progress(self, number: str, carrier: str, nodes: Sequence[Node]) -> None:
        for shipper_code, subscription in self._subscriptions.get(number, {}).items():
            if carrier_of(shipper_code) == carrier:
                self._push(subscription.request, nodes)

    def _push(self, request: TrackRequest, nodes: Sequence[Node]) -> None:
        self._pushes += 1
        data = {
            "EBusinessID": self._settings.business_id,
            "PushTime": format_beijing(utc_now()),
            "Count": "1",
            "Data": [{"EBusinessID": self._settings.business_id, **self._about(request, nodes, fine=True)}],
        }
        text = json.dumps(data, ensure_ascii=False)
        form = {
            "RequestData": text,
            "RequestType": _SUBSCRIPTIONS[request.request_type],
            "DataSign": data_sign(text, self._settings.app_key.get_secret_value()),
        }
        push = PushRequest(
            path="/hooks/kdniao",
            body=urlencode(form).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"},
        )
        self._world.push(self.name, "trace", lambda: push, _taken)

    def _seen(self, request: TrackRequest) -> Sequence[Node]:
        """The parcel's nodes; none under another courier's code, since nobody there knows the number."""
        right = self._road.carrier(request.number) == carrier_of(request.shipper_code)
        return self._road.nodes(request.number) if right else ()

    @staticmethod
    def _about(request: TrackRequest, nodes: Sequence[Node], *, fine: bool) -> Json:
        return {
            "OrderCode": request.order_code,
            "ShipperCode": request.shipper_code,
            "LogisticCode": request.number,
            "Callback": request.callback,
            "Success": True,
            "Reason": "",
            **report(nodes, fine=fine),
        }

    def _refuse(self, code: str, reason: str) -> Response:
        return self._reply({"Success": False, "ResultCode": code, "Reason": reason})

    def _reply(self, content: Json) -> Response:
        """Every second answer calls itself HTML, as some real accounts get it."""
        self._calls += 1
        body = json.dumps({"EBusinessID": self._settings.business_id, **content}, ensure_ascii=False)
        return Response(body, media_type="text/html" if self._calls % 2 == 0 else "application/json")


def _taken(response: httpx.Response) -> bool:
    ack = response.json()
    return response.status_code == 200 and isinstance(ack, dict) and ack.get("Success") is True
