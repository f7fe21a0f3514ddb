from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import respx
from pydantic import SecretStr

from connectors.cainiao import Agreement, CainiaoCourier, CainiaoSettings, Sender
from connectors.ports import Courier
from connectors.transport import Limits
from domain.order import Channel, ClearReceiver, Region
from domain.shipping import Carrier, Goods, Provider, Waybill, WaybillRequest

GATEWAY = "https://cainiao.test/gateway/link.do"
SECRET = "testSecretKey123"
KEY = "own-main-1001-2-0a1b2c3d4e"
NUMBER = "YT1000000000001"


@pytest.fixture
def settings() -> CainiaoSettings:
    return CainiaoSettings(
        base_url=GATEWAY,
        token=SecretStr("token-1"),
        secret_key=SecretStr(SECRET),
        user_id=42,
        sender=Sender(
            name="测试仓", phone="021-60000000", province="上海", city="上海市", district="青浦区", detail="测试路1号"
        ),
        agreements={
            Carrier.YTO: Agreement(template_url="https://cloudprint.test/template/yto"),
            Carrier.SF: Agreement(
                template_url="https://cloudprint.test/template/sf",
                customer_code="7551234567",
                product_code="2",
                cold_chain_services='{"COLD":{"value":"1"}}',
            ),
        },
        limits=Limits(timeout_s=0.5, per_second=1000),
    )


@pytest.fixture
async def courier(settings: CainiaoSettings) -> AsyncIterator[CainiaoCourier]:
    courier = CainiaoCourier(settings)
    port: Courier = courier
    assert port.provider is Provider.CAINIAO
    yield courier
    await courier.close()


@pytest.fixture
def link() -> Iterator[respx.Route]:
    """The one address of the LINK gateway; any other call fails the test."""
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
        carrier=Carrier.YTO,
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
    return Waybill(KEY, Provider.CAINIAO, Carrier.YTO, NUMBER)
