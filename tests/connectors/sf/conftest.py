from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
import respx
from pydantic import SecretStr

from connectors.ports import Courier, Push
from connectors.sf import Sender, SfCourier, SfSettings
from connectors.sf.settings import SfLimits
from domain.order import Channel, ClearReceiver, Region
from domain.shipping import Carrier, Goods, Provider, Waybill, WaybillRequest

GATEWAY = "https://sf.test/std/service"
SECRET = "0123456789abcdef-sf"
KEY = "own-main-1001-1-0a1b2c3d4e"
NUMBER = "SF1011111111111"


def answer(data: Any = None, code: str = "S0000", gateway: str = "A1000") -> dict[str, Any]:
    """SF's envelope as it is on the wire: JSON in JSON."""
    business = {"success": code == "S0000", "errorCode": code, "errorMsg": None, "msgData": data}
    text = json.dumps(business, ensure_ascii=False) if gateway == "A1000" else ""
    return {"apiResponseID": "0001", "apiErrorMsg": "", "apiResultCode": gateway, "apiResultData": text}


def order(filter_result: int | None = 2, numbers: Sequence[object] | None = None, key: str = KEY) -> dict[str, Any]:
    """msgData of a created or found order."""
    if numbers is None:
        numbers = [{"waybillType": 1, "waybillNo": NUMBER}]
    return {"orderId": key, "filterResult": filter_result, "waybillNoInfoList": numbers, "originCode": "021"}


def route(op_code: str, time: str = "2026-02-02 08:00:00", remark: str = "", place: str = "上海市") -> dict[str, Any]:
    """A node as EXP_RECE_SEARCH_ROUTES answers it."""
    return {"acceptTime": time, "acceptAddress": place, "remark": remark, "opCode": op_code}


def push(body: bytes, content_type: str = "application/json;charset=UTF-8", secret: str = SECRET) -> Push:
    return Push(
        "POST",
        f"/hooks/sf/{secret}",
        secret,
        {},
        {"content-type": content_type},
        body,
        datetime(2026, 2, 2, tzinfo=UTC),
    )


@pytest.fixture
def settings() -> SfSettings:
    return SfSettings(
        base_url=GATEWAY,
        partner_id="OHTEST",
        check_word=SecretStr("testCheckWord0123456789abcdef"),
        monthly_card=SecretStr("7551234567"),
        sender=Sender(
            name="测试仓",
            phone="021-60000000",
            company="测试公司",
            province="上海市",
            city="上海市",
            county="青浦区",
            address="测试路1号",
        ),
        express_type_id=2,
        cold_chain_express_type_id=201,
        push_secret=SecretStr(SECRET),
        limits=SfLimits(timeout_s=0.5, per_second=1000),
    )


@pytest.fixture
async def courier(settings: SfSettings) -> AsyncIterator[SfCourier]:
    courier = SfCourier(settings)
    port: Courier = courier
    assert port.provider is Provider.SF
    yield courier
    await courier.close()


@pytest.fixture
def sf() -> Iterator[respx.Route]:
    """The one address of SF's gateway; any other call fails the test."""
    with respx.mock(assert_all_called=False) as router:
        yield router.post(GATEWAY)


@pytest.fixture
def request_() -> WaybillRequest:
    return WaybillRequest(
        key=KEY,
        parcel_id="own:main:1001#1",
        channel=Channel.OWN,
        shop="main",
        channel_order_no="1001",
        carrier=Carrier.SF,
        receiver=ClearReceiver(
            name="测试",
            phone="13800000000",
            region=Region(province="浙江省", city="杭州市", district="西湖区", town="转塘街道"),
            detail="测试路2号",
        ),
        goods=(Goods("A1", "测试商品", 2), Goods("A2", "赠品", 1)),
        weight_g=1250,
    )


@pytest.fixture
def waybill() -> Waybill:
    return Waybill(KEY, Provider.SF, Carrier.SF, NUMBER)
