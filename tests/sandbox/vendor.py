"""A vendor on the sandbox's JD: the whole sandbox runs, orders come in, signed calls go out, and files are fetched."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
from pydantic import SecretStr

from sandbox.app import create_app
from sandbox.jd import JdPlatform
from sandbox.settings import JdSettings, SandboxSettings
from sandbox.world import World
from tests.sandbox.stage import make_settings
from tests.sandbox.town import draft

SECRET = "jd-secret"
FIELDS = (
    "orderId,venderId,orderTotalPrice,orderSellerPrice,orderPayment,actualPay,shouldPay,freightPrice,sellerDiscount,"
    "orderState,orderRemark,venderRemark,orderStartTime,modified,paymentConfirmTime,consigneeInfo,itemInfoList,"
    "couponDetailList,waybill,logisticsId,parentOrderId"
)


@dataclass
class Vendor:
    """Calls the platform as the shop's own app. `handed_over` collects the parcels that went to their couriers."""

    http: httpx.AsyncClient
    world: World
    jd: JdPlatform
    token: str = "jd-token"
    handed_over: list[tuple[str, str]] = field(default_factory=list)

    async def raw(self, method: str, params: object, /, **system: str | None) -> dict[str, Any]:
        """The answer to one signed call. `system` overrides the system parameters; None leaves one out."""
        text = params if isinstance(params, str) else json.dumps(params, ensure_ascii=False)
        fields = {
            "method": f"jingdong.{method}",
            "app_key": "jd-app",
            "access_token": self.token,
            "timestamp": beijing(time.time()),
            "v": "2.0",
            "360buy_param_json": text,
        } | system
        given = {name: value for name, value in fields.items() if value is not None}
        joined = "".join(name + given[name] for name in sorted(given) if name != "sign" and given[name])
        sign = hashlib.md5(f"{SECRET}{joined}{SECRET}".encode()).hexdigest().upper()
        query = {"sign": sign} | given
        form = {name: query.pop(name) for name in ("360buy_param_json",) if name in query}
        response = await self.http.post("/jd/routerjson", params=query, data=form)
        assert response.status_code == 200
        answer: dict[str, Any] = response.json()
        return answer

    async def call(self, method: str, /, **params: object) -> dict[str, Any]:
        """What one call that succeeds gives, without its envelope."""
        answer = await self.raw(method, params)
        content = answer[f"jingdong_{method.replace('.', '_')}_responce"]
        assert content.pop("code") == "0"
        return dict(content)

    async def refused(self, method: str, params: object, /, **system: str | None) -> str:
        """The code of one call that the gateway refuses."""
        error = (await self.raw(method, params, **system))["error_response"]
        assert error["zh_desc"]
        assert error["en_desc"]
        return str(error["code"])

    async def control(self, path: str, content: object = None, status: int = 200) -> Any:
        """One call of the controls, whose status is checked."""
        response = await self.http.post(f"/control{path}", json=content)
        assert response.status_code == status, response.text
        return response.json() if response.content else None

    async def order(self, *drafts: dict[str, Any]) -> list[str]:
        """Place orders; their numbers."""
        placed = await self.control("/orders", list(drafts) or [draft(channel="jd")])
        return [entry["order_no"] for entry in placed]

    async def detail(self, order_id: str, *, encrypted: bool = True) -> dict[str, Any]:
        """One order as the platform gives it."""
        method = "pop.order.enGet" if encrypted else "pop.order.get"
        content = await self.call(method, order_id=order_id, optional_fields=FIELDS)
        return dict(content["orderDetailInfo"]["orderInfo"])

    async def listed(self, method: str = "pop.order.enSearch", /, **changes: object) -> dict[str, Any]:
        """One page of a list: by default all orders of today."""
        day = {"start_date": beijing(time.time() - 86_400), "end_date": beijing(time.time() + 60)}
        params = {"order_state": "ALL", "optional_fields": "orderId", "page": "1", "page_size": "100"} | day | changes
        content = await self.call(method, **{name: value for name, value in params.items() if value is not None})
        return dict(content["searchorderinfo_result"])

    async def ids(self, /, **changes: object) -> list[str]:
        """The order numbers of such a page."""
        return [order["orderId"] for order in (await self.listed(**changes)).get("orderInfoList", [])]

    async def ship(self, order_id: str, couriers: str = "467", numbers: str = "SF1234567890") -> dict[str, Any]:
        """The platform's word on a shipment."""
        content = await self.call("pop.order.shipment", orderId=order_id, logiCoprId=couriers, logiNo=numbers)
        return dict(content["sopjosshipment_result"])

    def book(self, part: str) -> list[dict[str, Any]]:
        """A part of the platform's book."""
        rows: list[dict[str, Any]] = self.jd.book()[part]
        return rows


def beijing(seconds: float) -> str:
    """A time as JD reads it."""
    return datetime.fromtimestamp(seconds, timezone(timedelta(hours=8))).strftime("%Y-%m-%d %H:%M:%S")


def jd_settings(*, ftp_port: int = 0, **pace: float) -> SandboxSettings:
    """The sandbox's settings with JD configured."""
    jd = JdSettings(
        app_key="jd-app",
        app_secret=SecretStr(SECRET),
        access_token=SecretStr("jd-token"),
        refresh_token=SecretStr("jd-refresh"),
        ftp_port=ftp_port,
        ftp_password=SecretStr("jd-ftp"),
    )
    return make_settings(**pace).model_copy(update={"only": ["jd"], "jd": jd})


@asynccontextmanager
async def vendor(*, ftp_port: int = 0, **pace: float) -> AsyncIterator[Vendor]:
    """Run the sandbox with JD configured."""
    app = create_app(jd_settings(ftp_port=ftp_port, **pace))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://sandbox.test") as http,
    ):
        someone = Vendor(http, app.state.world, app.state.partners["jd"])
        someone.world.on_hand_over(lambda carrier, number: someone.handed_over.append((carrier, number)))
        yield someone
