from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx
import pytest
import respx
import time_machine
from lxml import etree

from connectors.errors import Misconfigured, OutcomeUnknown, PartnerError, Rejected, Unavailable
from connectors.qimen import QimenWarehouse
from connectors.qimen.requests import create_body
from connectors.qimen.signing import sign
from domain.clock import parse_beijing
from domain.shipping import Package, ScannedItem, StopOutcome, WarehouseReport, WarehouseStatus
from tests.connectors.qimen.conftest import ORDER, SECRET, SETTINGS, URL, envelope, failure, state

Act = Callable[[QimenWarehouse], Awaitable[object]]

WRITES: dict[str, tuple[str, Act]] = {
    "push": ("deliveryorder.create", lambda warehouse: warehouse.push(ORDER)),
    "hold": ("order.pending", lambda warehouse: warehouse.hold("DO-1", "改地址")),
    "restore": ("order.pending", lambda warehouse: warehouse.restore("DO-1")),
    "cancel": ("order.cancel", lambda warehouse: warehouse.cancel("DO-1", "退款")),
}


def answers(method: str, *replies: str | httpx.Response | Exception) -> respx.Route:
    """The gateway's answers to one method."""
    route = respx.post(url__startswith=URL, params__contains={"method": f"taobao.qimen.{method}"})
    return route.mock(side_effect=[httpx.Response(200, text=one) if isinstance(one, str) else one for one in replies])


def sent(route: respx.Route) -> etree._Element:
    """The body that went out, checked as the gateway checks it."""
    request = route.calls.last.request
    assert str(request.url.copy_with(query=None)) == URL
    assert request.headers["content-type"] == "text/xml;charset=UTF-8"
    query = dict(request.url.params)
    assert query.pop("sign") == sign(query, request.content, SECRET)
    return etree.fromstring(request.content)


@respx.mock
@time_machine.travel("2026-02-01 02:30:00+00:00", tick=False)
async def test_push(warehouse: QimenWarehouse) -> None:
    route = answers("deliveryorder.create", envelope(inner="<deliveryOrderId>W1</deliveryOrderId>"))
    await warehouse.push(ORDER)
    sent(route)
    assert route.calls.last.request.content == create_body(SETTINGS, ORDER, parse_beijing("2026-02-01 10:30:00"))
    assert route.calls.last.request.url.params["timestamp"] == "2026-02-01 10:30:00"


@pytest.mark.parametrize("status", ["ACCEPT", "DELIVERED", "SOMETHING NEW"])
@respx.mock
async def test_pushing_what_exists_is_asked_and_fine(warehouse: QimenWarehouse, status: str) -> None:
    answers("deliveryorder.create", failure("单据已存在"))
    asked = answers("deliveryorder.query", state(status))
    await warehouse.push(ORDER)
    assert sent(asked).findtext("orderCode") == "DO-1"


@respx.mock
async def test_pushing_what_is_said_to_exist_but_does_not(warehouse: QimenWarehouse) -> None:
    answers("deliveryorder.create", failure("单据已存在"))
    answers("deliveryorder.query", failure("单据不存在"))
    with pytest.raises(OutcomeUnknown):
        await warehouse.push(ORDER)


@respx.mock
async def test_push_refused(warehouse: QimenWarehouse) -> None:
    answers("deliveryorder.create", failure("商品 SKU-1 未同步，收件人 13800000000", "B07"))
    with pytest.raises(Rejected) as caught:
        await warehouse.push(ORDER)
    assert (caught.value.code, caught.value.detail) == ("B07", "商品 SKU-1 未同步，收件人 ***")


PACKAGES = (
    "<packages><package><expressCode>BOX-1</expressCode><weight>0.5</weight><items><item><itemCode>SKU-1</itemCode>"
    "<quantity>2</quantity></item></items></package></packages>"
)


@pytest.mark.parametrize(
    ("reply", "status", "final", "packages"),
    [
        (state("NEW"), WarehouseStatus.ACCEPTED, True, ()),
        (state("ACCEPT"), WarehouseStatus.ACCEPTED, True, ()),
        (
            state("DELIVERED", PACKAGES),
            WarehouseStatus.PACKED,
            True,
            (Package("BOX-1", (ScannedItem("SKU-1", 2),), 500),),
        ),
        (state("PARTDELIVERED"), WarehouseStatus.PACKED, False, ()),
        (state("EXCEPTION"), WarehouseStatus.EXCEPTION, True, ()),
        (state("REJECT"), WarehouseStatus.EXCEPTION, True, ()),
        (state("CANCELEDFAIL"), WarehouseStatus.EXCEPTION, True, ()),
        (state("CANCELED"), WarehouseStatus.CANCELLED, True, ()),
        (state("CLOSED"), WarehouseStatus.CANCELLED, True, ()),
    ],
)
@respx.mock
async def test_query(
    warehouse: QimenWarehouse, reply: str, status: WarehouseStatus, final: bool, packages: tuple[Package, ...]
) -> None:
    answers("deliveryorder.query", reply)
    report = await warehouse.query("DO-1")
    assert isinstance(report, WarehouseReport)
    assert (report.delivery_code, report.status, report.final, report.packages) == ("DO-1", status, final, packages)


@pytest.mark.parametrize(
    "reply",
    [
        failure("单据不存在"),
        failure("未找到出库单"),
        failure("order DO-1 not found"),
        failure("", "ORDER_NOT_EXIST"),
        envelope(),
        envelope(inner="<totalLines>0</totalLines><deliveryOrder/>"),
        envelope(inner="<deliveryOrder></deliveryOrder><packages/>"),
    ],
)
@respx.mock
async def test_query_of_an_unknown_code(warehouse: QimenWarehouse, reply: str) -> None:
    answers("deliveryorder.query", reply)
    assert await warehouse.query("DO-1") is None


@pytest.mark.parametrize("reply", [failure("仓库不存在"), failure("货主未授权"), state("TELEPORTED")])
@respx.mock
async def test_query_refused_or_not_understood(warehouse: QimenWarehouse, reply: str) -> None:
    answers("deliveryorder.query", reply)
    with pytest.raises(Rejected):
        await warehouse.query("DO-1")


@pytest.mark.parametrize(
    ("message", "hold", "cancel"),
    [
        ("订单已取消", StopOutcome.STOPPED, StopOutcome.STOPPED),
        ("订单已取消，不能重复取消", StopOutcome.STOPPED, StopOutcome.STOPPED),
        ("订单不存在，无法取消", StopOutcome.UNKNOWN_ORDER, StopOutcome.UNKNOWN_ORDER),
        ("无此订单", StopOutcome.UNKNOWN_ORDER, StopOutcome.UNKNOWN_ORDER),
        ("已打包", StopOutcome.TOO_LATE, StopOutcome.TOO_LATE),
        ("订单已发货，未找到可拦截的包裹", StopOutcome.TOO_LATE, StopOutcome.TOO_LATE),
        ("当前状态不允许取消", StopOutcome.TOO_LATE, StopOutcome.TOO_LATE),
        ("Order already shipped", StopOutcome.TOO_LATE, StopOutcome.TOO_LATE),
    ],
)
@respx.mock
async def test_stopping_by_the_words_of_the_refusal(
    warehouse: QimenWarehouse, message: str, hold: StopOutcome, cancel: StopOutcome
) -> None:
    answers("order.pending", failure(message))
    answers("order.cancel", failure(message))
    assert await warehouse.hold("DO-1", "改地址") is hold
    assert await warehouse.cancel("DO-1", "退款") is cancel


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (state("DELIVERED"), StopOutcome.TOO_LATE),
        (state("CANCELED"), StopOutcome.STOPPED),
        (failure("单据不存在"), StopOutcome.UNKNOWN_ORDER),
    ],
)
@respx.mock
async def test_stopping_by_the_state_where_words_do_not_tell(
    warehouse: QimenWarehouse, reply: str, outcome: StopOutcome
) -> None:
    answers("order.pending", failure("操作失败"))
    answers("order.cancel", failure("操作失败"))
    answers("deliveryorder.query", reply, reply)
    assert await warehouse.hold("DO-1", "改地址") is outcome
    assert await warehouse.cancel("DO-1", "退款") is outcome


@pytest.mark.parametrize("act", ["hold", "cancel", "restore"])
@respx.mock
async def test_a_refusal_that_nothing_explains(warehouse: QimenWarehouse, act: str) -> None:
    method, call = WRITES[act]
    answers(method, failure("操作失败", "E9"))
    answers("deliveryorder.query", state("ACCEPT"))
    with pytest.raises(Rejected) as caught:
        await call(warehouse)
    assert (caught.value.operation, caught.value.code) == (act, "E9")


@respx.mock
async def test_hold_and_cancel(warehouse: QimenWarehouse) -> None:
    held = answers("order.pending", envelope(), failure("订单已挂起"))
    cancelled = answers("order.cancel", envelope())
    assert await warehouse.hold("DO-1", "改地址") is StopOutcome.STOPPED
    assert await warehouse.hold("DO-1", "改地址") is StopOutcome.STOPPED
    assert await warehouse.cancel("DO-1", "退款") is StopOutcome.STOPPED
    assert sent(held).findtext("actionType") == "pending"
    assert sent(cancelled).findtext("cancelReason") == "退款"


@pytest.mark.parametrize("reply", [envelope(), failure("订单未挂起"), failure("订单已恢复")])
@respx.mock
async def test_restore(warehouse: QimenWarehouse, reply: str) -> None:
    route = answers("order.pending", reply)
    await warehouse.restore("DO-1")
    assert sent(route).findtext("actionType") == "restore"


@respx.mock
async def test_restoring_what_is_packed_already(warehouse: QimenWarehouse) -> None:
    answers("order.pending", failure("操作失败"))
    answers("deliveryorder.query", state("DELIVERED"))
    await warehouse.restore("DO-1")


BROKEN: list[tuple[str | httpx.Response | Exception, type[PartnerError], type[PartnerError]]] = [
    # answer, what it means to a write, what it means to a read
    (httpx.ReadTimeout("slow"), OutcomeUnknown, Unavailable),
    (httpx.Response(500), OutcomeUnknown, Unavailable),
    ("<html><body>proxy</body></html>", OutcomeUnknown, Unavailable),
    ("not XML", OutcomeUnknown, Unavailable),
    ("", OutcomeUnknown, Unavailable),
    ("<!DOCTYPE x><response><flag>success</flag></response>", OutcomeUnknown, Unavailable),
    ("<response><code>0</code></response>", OutcomeUnknown, Unavailable),
    (failure("", "isp.http-read-timeout"), OutcomeUnknown, Unavailable),
    (failure("", "isp.unknown-error"), OutcomeUnknown, Unavailable),
    (failure("", "WMS_TIMEOUT"), OutcomeUnknown, Unavailable),
    (failure("", "system-busy"), Unavailable, Unavailable),
    (failure("", "isp.service-unavailable"), Unavailable, Unavailable),
    (failure("Illegal request", "sign-check-failure"), Misconfigured, Misconfigured),
    (failure("", "isv.invalid-app-key"), Misconfigured, Misconfigured),
    (failure("", "qimen.customer-not-found"), Misconfigured, Misconfigured),
]


@pytest.mark.parametrize(("answer", "of_write", "of_read"), BROKEN)
@respx.mock
async def test_broken_answers(
    warehouse: QimenWarehouse,
    answer: str | httpx.Response | Exception,
    of_write: type[PartnerError],
    of_read: type[PartnerError],
) -> None:
    answers("deliveryorder.query", answer)
    with pytest.raises(PartnerError) as caught:
        await warehouse.query("DO-1")
    assert type(caught.value) is of_read
    for operation, (method, act) in WRITES.items():
        answers(method, answer)
        with pytest.raises(PartnerError) as caught:
            await act(warehouse)
        assert (type(caught.value), caught.value.operation) == (of_write, operation)
