from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from connectors.ports import Push
from connectors.qimen import QimenPush, QimenSender, QimenSettings, QimenWarehouse
from connectors.qimen.signing import sign
from domain.order import Channel, CipherReceiver, ClearReceiver, Region, Requirement
from domain.shipping import Carrier, DeliveryOrder, WarehouseLine

SECRET = "test-secret"
URL = "https://qimen.api.taobao.com/router/qimen/service"
SETTINGS = QimenSettings(
    app_key="23268761",
    app_secret=SecretStr(SECRET),
    customer_id="c1001",
    warehouse_code="WH01",
    owner_code="OWN1",
    sender=QimenSender(
        name="测试仓", mobile="13800000001", province="浙江省", city="杭州市", area="余杭区", detail_address="示例路1号"
    ),
)
REGION = Region(province="上海市", city="上海市", district="浦东新区", town="示例镇")
CLEAR = ClearReceiver(name="测试", phone="13800000000", region=REGION, detail="示例路2号")
CIPHER = CipherReceiver(
    platform=Channel.DOUYIN,
    name_cipher="#name#cipher",
    phone_cipher="$phone$cipher",
    detail_cipher="#detail#cipher",
    name_mask="测*",
    phone_mask="138****0000",
    detail_mask="示例路*号",
    region=REGION,
)
ORDER = DeliveryOrder(
    code="DO-1",
    order_id="own:main:A1",
    channel=Channel.OWN,
    shop="main",
    channel_order_no="A1",
    placed_at=datetime(2026, 2, 1, 1, 58, 1, tzinfo=UTC),
    paid_at=datetime(2026, 2, 1, 2, 0, 0, tzinfo=UTC),
    carrier=Carrier.ZTO,
    receiver=CLEAR,
    lines=(WarehouseLine("1", "SKU-1", "商品一", 2, 9900), WarehouseLine("2", "GIFT", "赠品", 1)),
    requirements=(Requirement.COLD_CHAIN, Requirement.FRAGILE, Requirement.UPRIGHT),
    buyer_note="请\x0b小心 <轻放> & 谢谢",
    seller_note="老客户",
    total_fen=10400,
    freight_fen=1000,
    discount_fen=500,
)


@pytest.fixture
async def warehouse() -> AsyncIterator[QimenWarehouse]:
    client = QimenWarehouse(SETTINGS)
    yield client
    await client.close()


@pytest.fixture
def source() -> QimenPush:
    return QimenPush(SETTINGS)


def envelope(flag: str = "success", code: str = "0", message: str = "ok", inner: str = "") -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f"<response><flag>{flag}</flag><code>{code}</code><message>{message}</message>{inner}</response>"
    )


def failure(message: str, code: str = "W001") -> str:
    return envelope("failure", code, message)


def state(status: str, packages: str = "") -> str:
    """An answer to deliveryorder.query."""
    head = f"<deliveryOrder><deliveryOrderCode>DO-1</deliveryOrderCode><status>{status}</status></deliveryOrder>"
    return envelope(inner=f"<totalLines>1</totalLines>{head}{packages}")


def confirm(**changes: str) -> str:
    """A deliveryorder.confirm of two boxes."""
    head = {
        "deliveryOrderCode": "DO-1",
        "warehouseCode": "WH01",
        "orderType": "JYCK",
        "status": "DELIVERED",
        "outBizCode": "OB-1",
        "confirmType": "0",
        "operateTime": "2026-02-01 12:00:00",
    } | {name: value for name, value in changes.items() if name not in ("packages", "lines")}
    packages = changes.get(
        "packages",
        "<package><logisticsCode>ZTO</logisticsCode><expressCode>BOX-1</expressCode><packageCode>P1</packageCode>"
        "<weight>1.25</weight><items><item><itemCode>SKU-1</itemCode><quantity>1</quantity>"
        "<orderLineNo>1</orderLineNo></item></items></package>"
        "<package><expressCode/><packageCode>P2</packageCode><weight></weight><items>"
        "<item><itemCode>SKU-1</itemCode><quantity>1</quantity></item>"
        "<item><itemCode>GIFT</itemCode><quantity>1</quantity></item></items></package>",
    )
    lines = changes.get(
        "lines",
        "<orderLine><itemCode>SKU-1</itemCode><planQty>2</planQty><actualQty>2</actualQty></orderLine>"
        "<orderLine><itemCode>GIFT</itemCode><planQty>1</planQty><actualQty>1</actualQty></orderLine>",
    )
    fields = "".join(f"<{name}>{value}</{name}>" for name, value in head.items())
    return (
        f"<request><deliveryOrder>{fields}</deliveryOrder><packages>{packages}</packages>"
        f"<orderLines>{lines}</orderLines><extendProps><private>x</private></extendProps></request>"
    )


def process(status: str, **changes: str) -> str:
    """An orderprocess.report."""
    order = {"orderCode": "DO-1", "orderType": "JYCK", "warehouseCode": "WH01"}
    order |= {name: value for name, value in changes.items() if name in order}
    step = {"processStatus": status, "operateTime": "2026-02-01 11:00:00", "operateInfo": ""}
    step |= {name: value for name, value in changes.items() if name in step}
    parts = ("".join(f"<{name}>{value}</{name}>" for name, value in part.items()) for part in (order, step))
    return "<request><order>{}</order><process>{}</process></request>".format(*parts)


def push(
    body: str | bytes, method: str = "taobao.qimen.deliveryorder.confirm", secret: str = SECRET, **query: str
) -> Push:
    """A call as the gateway forwards it."""
    raw = body if isinstance(body, bytes) else body.encode("utf-8")
    params = {
        "method": method,
        "timestamp": "2026-02-01 12:00:01",
        "format": "xml",
        "app_key": "23268761",
        "v": "2.0",
        "sign_method": "md5",
        "customerId": "c1001",
        "session": "",
    }
    signed = {**params, "sign": sign(params, raw, secret), **query}
    received_at = datetime(2026, 2, 1, 4, 0, 2, tzinfo=UTC)
    return Push("POST", "/hooks/qimen", "", signed, {"content-type": "text/xml"}, raw, received_at)
