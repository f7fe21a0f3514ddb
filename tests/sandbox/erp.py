"""orderhub's side of the warehouse for tests: signed calls as the ERP makes them, and its reports as it hears them."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from lxml import etree

from domain.clock import format_beijing, utc_now
from sandbox.qimen.signing import sign
from tests.sandbox.town import Heard, Town

PARTY = (
    "<name>测试</name><mobile>13800000000</mobile><province>浙江省</province><city>杭州市</city>"
    "<area>余杭区</area><detailAddress>示例路1号</detailAddress>"
)
CREATE, QUERY, CANCEL, PENDING = "deliveryorder.create", "deliveryorder.query", "order.cancel", "order.pending"


def delivery(code: str = "DO1", lines: tuple[tuple[str, int], ...] = (("MUG-01", 2), ("GIFT-TOTE", 1))) -> str:
    """A create call's body."""
    order_lines = "".join(
        f"<orderLine><orderLineNo>{n}</orderLineNo><sourceOrderCode>SO1</sourceOrderCode><ownerCode>OWN1</ownerCode>"
        f"<itemCode>{sku}</itemCode><planQty>{count}</planQty><actualPrice>49.50</actualPrice></orderLine>"
        for n, (sku, count) in enumerate(lines, start=1)
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<request><deliveryOrder>'
        f"<deliveryOrderCode>{code}</deliveryOrderCode><orderType>JYCK</orderType><warehouseCode>WH01</warehouseCode>"
        "<sourcePlatformCode>DYXD</sourcePlatformCode><createTime>2026-02-01 10:00:00</createTime>"
        "<placeOrderTime>2026-02-01 09:58:01</placeOrderTime><payTime></payTime>"
        "<operateTime>2026-02-01 10:00:00</operateTime><shopNick>示例店</shopNick><totalAmount>108.00</totalAmount>"
        "<logisticsCode>ZTO</logisticsCode>"
        "<deliveryRequirements><deliveryType>LLPS</deliveryType></deliveryRequirements>"
        f"<senderInfo>{PARTY}</senderInfo><receiverInfo>{PARTY}</receiverInfo><remark>冷链</remark></deliveryOrder>"
        f"<orderLines>{order_lines}</orderLines></request>"
    )


def named(code: str = "DO1", more: str = "") -> str:
    return (
        f"<request>{more}<warehouseCode>WH01</warehouseCode><ownerCode>OWN1</ownerCode><orderCode>{code}</orderCode>"
        "<page>1</page><pageSize>10</pageSize></request>"
    )


@dataclass
class Reply:
    root: etree._Element

    def text(self, path: str) -> str:
        return self.root.findtext(path) or ""

    @property
    def failure(self) -> str:
        assert self.text("flag") == "failure"
        return self.text("message")

    @property
    def done(self) -> bool:
        return (self.text("flag"), self.text("code")) == ("success", "0")


def parameters(method: str, body: bytes, /, **changes: str) -> dict[str, str]:
    query = {
        "method": f"taobao.qimen.{method}",
        "timestamp": format_beijing(utc_now()),
        "format": "xml",
        "app_key": "qm-key",
        "v": "2.0",
        "sign_method": "md5",
        "customerId": "C0001",
    } | changes
    return {"sign": sign(query, body, "qm-secret")} | query


async def call(place: Town, method: str, body: str, /, **changes: str) -> Reply:
    raw = body.encode()
    query = urlencode(parameters(method, raw, **changes))
    response = await place.http.post(f"/qimen/router/qimen/service?{query}", content=raw)
    assert response.status_code == 200
    assert response.content.startswith(b'<?xml version="1.0" encoding="utf-8"?>')
    return Reply(etree.fromstring(response.content))


def heard(place: Town, method: str) -> list[Heard]:
    """The pushes of one method, whose signatures are found right."""
    found = [h for h in place.hub.at("/hooks/qimen") if h.query["method"] == f"taobao.qimen.{method}"]
    for push in found:
        assert push.query["sign"] == sign(push.query, push.body, "qm-secret")
    return found


def confirms(place: Town) -> list[etree._Element]:
    return [etree.fromstring(push.body) for push in heard(place, "deliveryorder.confirm")]


def boxes(confirm: etree._Element) -> list[list[tuple[str, str]]]:
    return [
        [(item.findtext("itemCode") or "", item.findtext("quantity") or "") for item in package.iterfind("items/item")]
        for package in confirm.iterfind("packages/package")
    ]
