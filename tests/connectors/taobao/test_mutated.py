"""Whatever TOP answers, nothing but the connectors' own errors comes out, and what is understood can be kept."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import respx
from hypothesis import HealthCheck, given, settings

from connectors.ports import Document, Window
from connectors.taobao import TaobaoChannel, TaobaoWaybills, TopApi
from connectors.transport import Limits
from domain.clock import parse_beijing
from domain.shipping import Carrier, Shipment, VoidOutcome, Waybill
from tests.connectors.kept import check_news, check_page, known
from tests.connectors.mutations import as_bytes, mutated, mutated_bytes

from .conftest import SHOP, TID, error, form_of, refund, sub_order, trade, two_orders
from .conftest import settings as top_settings
from .test_waybills import KEY, NUMBER, WAYBILL, module, no_such, printed, request

pytestmark = pytest.mark.filterwarnings("error")
WINDOW = Window(parse_beijing("2026-03-01 10:00:00"), parse_beijing("2026-03-01 10:30:00"))
MANY = settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)

LIST = {"trades": {"trade": [{"tid": int(TID), "tid_str": TID, "modified": "2026-03-01 10:24:25"}] * 2}}
GIFT = sub_order("3", is_gift="true", payment="0.00", price="5.00", divide_order_fee=None, gift_mids=TID)


def under(method: str, body: Any) -> dict[str, Any]:
    return {method.removeprefix("taobao.").replace(".", "_") + "_response": body}


ANSWERS: dict[str, Any] = {
    "taobao.trades.sold.increment.get": {**LIST, "has_next": False},
    "taobao.refunds.receive.get": {"refunds": {"refund": [refund(), refund(refund_id="8")]}, "total_results": 2},
    "taobao.refund.get": {"refund": refund()},
    "taobao.trade.fullinfo.get": {"trade": two_orders()},
    "taobao.logistics.offline.send": {"shipping": {"is_success": True}},
    "cainiao.waybill.ii.get": {"modules": {"waybill_cloud_print_response": [printed()]}},
    "cainiao.waybill.ii.query.by.tradecode": {"modules": {"x": [module(), no_such()]}},
    "cainiao.waybill.ii.cancel": {"cancel_result": True},
}


@pytest.fixture
async def top() -> AsyncIterator[TopApi]:
    """A line that no number of failures opens the breaker of."""
    api = TopApi(top_settings(limits=Limits(timeout_s=1, per_second=100_000, breaker_failures=10**9)))
    yield api
    await api.close()


def serve(**spoilt: bytes) -> None:
    """Answer every method as it should be, but for those that are spoilt."""

    def answer(call: httpx.Request) -> httpx.Response:
        method = form_of(call)["method"]
        key = method.replace(".", "_")
        return httpx.Response(200, content=spoilt.get(key, as_bytes(under(method, ANSWERS[method]))))

    respx.post().mock(side_effect=answer)


@MANY
@given(raw=mutated_bytes(under("taobao.trades.sold.increment.get", {**LIST, "has_next": True})))
async def test_pages_of_trades(top: TopApi, raw: bytes) -> None:
    channel = TaobaoChannel(top)
    with respx.mock:
        serve(taobao_trades_sold_increment_get=raw)
        await check_page(channel, await known(channel.pull(SHOP, WINDOW, None)))


@MANY
@given(raw=mutated_bytes(under("taobao.refunds.receive.get", ANSWERS["taobao.refunds.receive.get"])))
async def test_pages_of_refunds(top: TopApi, raw: bytes) -> None:
    channel = TaobaoChannel(top)
    with respx.mock:
        serve(taobao_refunds_receive_get=raw)
        await check_page(channel, await known(channel.refunds.pull(SHOP, WINDOW, None)))


@MANY
@given(raw=mutated_bytes(under("taobao.refund.get", {"refund": refund()})))
async def test_a_refund(top: TopApi, raw: bytes) -> None:
    body = json.dumps({"shop": SHOP, "refund": {"refund_id": 900001, "modified": "2026-03-01 10:30:00"}})
    with respx.mock:
        serve(taobao_refund_get=raw)
        document = Document("taobao", "refund", "x", 0, body)
        for news in await known(TaobaoChannel(top).interpret(document)) or ():
            check_news(news)


@MANY
@given(
    raw=mutated_bytes(
        under(
            "taobao.trade.fullinfo.get",
            {"trade": two_orders(orders={"order": [*two_orders()["orders"]["order"], GIFT]}, top_hold=0)},
        )
    )
)
async def test_a_trade(top: TopApi, raw: bytes) -> None:
    body = json.dumps({"tid": TID, "shop": SHOP, "modified": "2026-03-01 10:24:25"})
    with respx.mock:
        serve(taobao_trade_fullinfo_get=raw)
        for news in await known(TaobaoChannel(top).interpret(Document("taobao", "order_hint", "x", 1, body))) or ():
            check_news(news)


@MANY
@given(looked=mutated_bytes(under("taobao.trade.fullinfo.get", {"trade": trade()})))
async def test_a_trade_that_is_looked_at_before_it_is_shipped(top: TopApi, looked: bytes) -> None:
    sending = Shipment(f"taobao:{SHOP}:{TID}#1", TID, SHOP, Carrier.ZTO, NUMBER, (TID,), whole_order=True)
    with respx.mock:
        serve(taobao_trade_fullinfo_get=looked)
        await known(TaobaoChannel(top).write_back(sending))


@MANY
@given(sent=mutated_bytes(under("taobao.logistics.offline.send", {"shipping": {"is_success": True}})))
async def test_the_answer_to_a_shipment(top: TopApi, sent: bytes) -> None:
    sending = Shipment(f"taobao:{SHOP}:{TID}#1", TID, SHOP, Carrier.ZTO, NUMBER, (TID,), whole_order=True)
    with respx.mock:
        serve(taobao_logistics_offline_send=sent)
        await known(TaobaoChannel(top).write_back(sending))


@MANY
@given(
    made=mutated_bytes(under("cainiao.waybill.ii.get", ANSWERS["cainiao.waybill.ii.get"])),
    found=mutated_bytes(
        under("cainiao.waybill.ii.query.by.tradecode", ANSWERS["cainiao.waybill.ii.query.by.tradecode"])
    ),
    voided=mutated_bytes(under("cainiao.waybill.ii.cancel", {"cancel_result": True})),
)
async def test_answers_about_waybills(top: TopApi, made: bytes, found: bytes, voided: bytes) -> None:
    waybills = TaobaoWaybills(top, top.settings)
    with respx.mock:
        serve(
            cainiao_waybill_ii_get=made, cainiao_waybill_ii_query_by_tradecode=found, cainiao_waybill_ii_cancel=voided
        )
        for waybill in (await known(waybills.create(request())), await known(waybills.find(request()))):
            assert waybill is None or (isinstance(waybill, Waybill) and waybill.key == KEY and waybill.number)
        outcome = await known(waybills.void(WAYBILL))
        assert outcome is None or isinstance(outcome, VoidOutcome)


@MANY
@given(raw=mutated_bytes(error(15, "isv.trade-not-exist", "订单不存在").json()))
async def test_errors(top: TopApi, raw: bytes) -> None:
    with respx.mock:
        serve(taobao_trades_sold_increment_get=raw, taobao_logistics_offline_send=raw)
        assert await known(TaobaoChannel(top).pull(SHOP, WINDOW, None)) is None


@MANY
@given(
    order=mutated({"tid": TID, "shop": SHOP, "modified": "2026-03-01 10:24:25"}),
    back=mutated({"shop": SHOP, "refund": refund()}),
)
async def test_stored_documents(top: TopApi, order: Any, back: Any) -> None:
    channel = TaobaoChannel(top)
    with respx.mock:
        serve()
        for kind, body in (("order_hint", order), ("refund", back)):
            document = Document("taobao", kind, "x", 0, as_bytes(body).decode())
            for news in await known(channel.interpret(document)) or ():
                check_news(news)
