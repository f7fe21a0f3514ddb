"""Qimen's warehouse under the contract, and what it calls us with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from lxml import etree

from connectors.contract import Call, Case, Pushes
from connectors.qimen import QimenPush, QimenWarehouse
from connectors.transport import Limits
from domain.shipping import StopOutcome
from tests.connectors.contract.peers import PHONE, by
from tests.connectors.qimen.conftest import ORDER, SECRET, SETTINGS, confirm, envelope, failure, process, push, state

LIMITS = Limits(timeout_s=1, per_second=500, breaker_failures=1000)
PRIVATE = (SECRET, PHONE, "示例路2号")


def answer(text: str) -> httpx.Response:
    return httpx.Response(200, headers={"content-type": "text/xml"}, text=text)


def key(request: httpx.Request) -> object:
    tree = etree.fromstring(request.content)
    found = [node.text for name in ("deliveryOrderCode", "orderCode") for node in tree.iter(name)]
    return tuple(found)


PEER = by(
    lambda request: request.url.params["method"].removeprefix("taobao.qimen."),
    {
        "deliveryorder.create": answer(envelope(inner="<deliveryOrderId>W1</deliveryOrderId>")),
        "deliveryorder.query": answer(state("ACCEPT")),
        "order.pending": answer(envelope()),
        "order.cancel": answer(envelope()),
        "inventory.query": answer(
            envelope(inner="<items><item><itemCode>SKU-1</itemCode><quantity>9</quantity></item></items>")
        ),
    },
)


@asynccontextmanager
async def warehouse() -> AsyncIterator[QimenWarehouse]:
    built = QimenWarehouse(SETTINGS.model_copy(update={"limits": LIMITS}))
    yield built
    await built.close()


@asynccontextmanager
async def source() -> AsyncIterator[QimenPush]:
    yield QimenPush(SETTINGS)


WAREHOUSE: Case[QimenWarehouse] = Case(
    name="qimen",
    port="warehouse",
    build=warehouse,
    peer=PEER,
    private=PRIVATE,
    calls=[
        Call(
            "push",
            lambda wms: wms.push(ORDER),
            key=key,
            refusal=answer(failure(f"商品 SKU-1 未同步，收件人 {PHONE}", "B07")),
        ),
        Call("query", lambda wms: wms.query("DO-1")),
        Call(
            "hold",
            lambda wms: wms.hold("DO-1", "改地址"),
            key=key,
            refusal=answer(failure("已打包")),
            refused=StopOutcome.TOO_LATE,
        ),
        Call("restore", lambda wms: wms.restore("DO-1"), key=key, refusal=answer(failure("操作失败", "E9"))),
        Call(
            "cancel",
            lambda wms: wms.cancel("DO-1", "退款"),
            key=key,
            refusal=answer(failure("订单不存在")),
            refused=StopOutcome.UNKNOWN_ORDER,
        ),
        Call(
            "shelves", lambda wms: wms.shelves("WH01", ["SKU-1", "SKU-2"]), refusal=answer(failure("货主未授权", "E1"))
        ),
    ],
)
PROCESS = "taobao.qimen.orderprocess.report"
CHANGED = (
    "<request><items><item><warehouseCode>WH01</warehouseCode><outBizCode>SC-1</outBizCode>"
    "<itemCode>SKU-1</itemCode><quantity>-1</quantity></item></items></request>"
)
PUSH: Case[QimenPush] = Case(
    name="qimen-push",
    port="pushes",
    build=source,
    peer=PEER,
    private=PRIVATE,
    pushes=Pushes(
        genuine=[push(confirm()), push(process("ACCEPT"), PROCESS), push(CHANGED, "taobao.qimen.stockchange.report")],
        forged=[push(confirm(), secret="another"), push(confirm(), customerId="c2")],
        sealed=push,
    ),
)
CASES = (WAREHOUSE, PUSH)
