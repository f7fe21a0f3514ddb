"""Whatever Pinduoduo answers, nothing but the connectors' own errors comes out, and what is understood can be kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
import respx
from hypothesis import HealthCheck, given
from hypothesis import settings as examples

from connectors.pdd import PddApi, PddChannel, PddWaybills
from connectors.ports import Document, Window
from connectors.transport import Limits
from domain.clock import parse_beijing
from domain.order import Channel
from domain.shipping import VoidOutcome, Waybill
from tests.connectors.kept import check_news, check_page, known
from tests.connectors.memory_tokens import MemoryTokens, token
from tests.connectors.mutations import as_bytes, mutated, mutated_bytes

from .conftest import BASE, ORDER_SN, REFUND_ID, SHOP, error, item, order_info, refund_row, settings
from .test_channel import shipment
from .test_waybills import KEY, NUMBER, WAYBILL, request

pytestmark = pytest.mark.filterwarnings("error")
MANY = examples(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
LIMITS = Limits(timeout_s=1, per_second=100_000, breaker_failures=10**9)
START = parse_beijing("2026-03-01 10:00:00")
WINDOW = Window(START, START + timedelta(minutes=30))

ORDER = order_info(
    gift_list=[item(goods_price="5.00", sku_id="7002")],
    extra_delivery_list=[{"logistics_id": 44, "tracking_number": "SF2"}],
    service_fee_detail=[{"service_name": "送货入户", "service_fee": "0.00"}],
)
FRESH = {"access_token": "a", "refresh_token": "r", "expires_in": 86400, "refresh_token_expires_in": 864000}
ANSWERS: dict[str, Any] = {
    "pdd.order.number.list.increment.get": {"total_count": 1, "order_sn_list": [ORDER]},
    "pdd.order.information.get": {"order_info": ORDER},
    "pdd.refund.list.increment.get": {"refund_list": [refund_row(), refund_row(id=5, after_sales_status=10)]},
    "pdd.refund.status.check": {"order_sns_exists_refund": []},
    "pdd.logistics.online.send": {"is_success": True},
    "pdd.order.upload.extra.logistics": {"success": True},
    "pdd.waybill.get": {"modules": [{"object_id": KEY, "waybill_code": NUMBER, "print_data": "{}"}]},
    "pdd.waybill.cancel": {"cancel_result": True},
    "pdd.pop.auth.token.refresh": FRESH,
}


def enveloped(data: Any) -> dict[str, Any]:
    return {"some_response": data | {"request_id": "R1"}}


@pytest.fixture
async def api() -> AsyncIterator[PddApi]:
    """A line that no number of failures opens the breaker of."""
    tokens = MemoryTokens(Channel.PDD)
    tokens.tokens[SHOP] = token(f"access-{SHOP}")
    built = PddApi(settings(limits=LIMITS), tokens)
    yield built
    await built.close()


def serve(spoilt: dict[str, bytes]) -> None:
    """Answer every method as it should be, but for those that are spoilt."""

    def answer(call: httpx.Request) -> httpx.Response:
        method = dict(parse_qsl(call.content.decode()))["type"]
        return httpx.Response(200, content=spoilt.get(method, as_bytes(enveloped(ANSWERS[method]))))

    respx.post(f"{BASE}/api/router").mock(side_effect=answer)


@MANY
@given(raw=mutated_bytes(enveloped(ANSWERS["pdd.order.number.list.increment.get"])))
async def test_pages_of_orders(api: PddApi, raw: bytes) -> None:
    channel = PddChannel(api)
    with respx.mock:
        serve({"pdd.order.number.list.increment.get": raw})
        await check_page(channel, await known(channel.pull(SHOP, WINDOW, None)))


@MANY
@given(raw=mutated_bytes(enveloped(ANSWERS["pdd.refund.list.increment.get"])))
async def test_pages_of_refunds(api: PddApi, raw: bytes) -> None:
    channel = PddChannel(api)
    with respx.mock:
        serve({"pdd.refund.list.increment.get": raw})
        await check_page(channel, await known(channel.refunds.pull(SHOP, WINDOW, None)))


@MANY
@given(raw=mutated_bytes(enveloped({"order_info": ORDER})))
async def test_an_order_that_is_asked_for(api: PddApi, raw: bytes) -> None:
    hint = Document("pdd", "order", f"{SHOP}:{ORDER_SN}", 1, f'{{"order_sn":"{ORDER_SN}"}}')
    with respx.mock:
        serve({"pdd.order.information.get": raw})
        for news in await known(PddChannel(api).interpret(hint)) or ():
            check_news(news)


@MANY
@given(
    looked=mutated_bytes(enveloped({"order_info": order_info(tracking_number="SF9")})),
    refunds=mutated_bytes(enveloped({"order_sns_exists_refund": [{"order_sn": "another"}]})),
    sent=mutated_bytes(enveloped({"is_success": True})),
    added=mutated_bytes(enveloped({"success": True})),
)
async def test_answers_to_a_shipment(api: PddApi, looked: bytes, refunds: bytes, sent: bytes, added: bytes) -> None:
    channel = PddChannel(api)
    with respx.mock:
        serve(
            {
                "pdd.order.information.get": looked,
                "pdd.refund.status.check": refunds,
                "pdd.logistics.online.send": sent,
                "pdd.order.upload.extra.logistics": added,
            }
        )
        await known(channel.write_back(shipment()))
        await known(channel.write_back(shipment(whole_order=False)))


@MANY
@given(
    made=mutated_bytes(enveloped(ANSWERS["pdd.waybill.get"])),
    voided=mutated_bytes(enveloped(ANSWERS["pdd.waybill.cancel"])),
)
async def test_answers_about_waybills(api: PddApi, made: bytes, voided: bytes) -> None:
    waybills = PddWaybills(api)
    with respx.mock:
        serve({"pdd.waybill.get": made, "pdd.waybill.cancel": voided})
        for waybill in (await known(waybills.create(request())), await known(waybills.find(request()))):
            assert waybill is None or (isinstance(waybill, Waybill) and waybill.key == KEY and waybill.number)
        outcome = await known(waybills.void(WAYBILL))
        assert outcome is None or isinstance(outcome, VoidOutcome)


@MANY
@given(raw=mutated_bytes(error(50001, "订单不存在").json()))
async def test_errors(api: PddApi, raw: bytes) -> None:
    channel = PddChannel(api)
    with respx.mock:
        serve({method: raw for method in ANSWERS if "token" not in method})
        assert await known(channel.pull(SHOP, WINDOW, None)) is None
        await known(channel.refunds.pull(SHOP, WINDOW, None))
        await known(channel.write_back(shipment()))


@MANY
@given(order=mutated(ORDER), back=mutated(refund_row()))
async def test_stored_documents(api: PddApi, order: Any, back: Any) -> None:
    channel = PddChannel(api)
    with respx.mock:
        serve({})
        for kind, name, body in (
            ("order", f"{SHOP}:{ORDER_SN}", order),
            ("refund", f"refund:{SHOP}:{REFUND_ID}", back),
        ):
            document = Document("pdd", kind, name, 0, as_bytes(body).decode())
            for news in await known(channel.interpret(document)) or ():
                check_news(news)


@MANY
@given(raw=mutated_bytes({"pop_auth_token_refresh_response": FRESH | {"expires_at": 1772331860, "owner_id": SHOP}}))
async def test_tokens(raw: bytes) -> None:
    tokens = MemoryTokens(Channel.PDD)
    tokens.tokens[SHOP] = token("access-1", left=timedelta(0))
    api = PddApi(settings(limits=LIMITS), tokens)
    with respx.mock:
        serve({"pdd.pop.auth.token.refresh": raw})
        await known(PddChannel(api).pull(SHOP, WINDOW, None))
    await api.close()
