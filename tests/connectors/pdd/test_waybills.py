from __future__ import annotations

from contextlib import suppress
from typing import Any

import httpx
import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import OutcomeUnknown, Rejected, Throttled, Unavailable
from connectors.fields import load_json
from connectors.pdd import PddApi, PddWaybills
from connectors.pdd.responses import created_number
from connectors.ports import Courier
from domain.order import Channel, CipherReceiver, ClearReceiver, Region, Requirement
from domain.shipping import Carrier, Goods, Provider, VoidOutcome, Waybill, WaybillRequest

from .conftest import ORDER_SN, OTHER_SHOP, SHOP, error, ok, route, sent

GET, CANCEL = "pdd.waybill.get", "pdd.waybill.cancel"
KEY, NUMBER = "pdd-1-SF-1-0123456789", "SF1000000000001"
WAYBILL = Waybill(KEY, Provider.PDD, Carrier.SF, NUMBER)
CIPHER = CipherReceiver(
    platform=Channel.PDD,
    name_cipher="~name~",
    phone_cipher="~phone~",
    detail_cipher="~address~",
    region=Region(province="浙江省", city="杭州市", district="余杭区"),
)


def request(**changes: Any) -> WaybillRequest:
    values: dict[str, Any] = {
        "key": KEY,
        "parcel_id": f"pdd:{SHOP}:{ORDER_SN}#1",
        "channel": Channel.PDD,
        "shop": SHOP,
        "channel_order_no": ORDER_SN,
        "carrier": Carrier.SF,
        "receiver": CIPHER,
        "goods": (Goods("MUG-01", "马克杯", 2),),
        "requirements": (Requirement.FRAGILE, Requirement.COLD_CHAIN),
        "remark": "周末送",
        "weight_g": 800,
    }
    return WaybillRequest(**(values | changes))


def got(**changes: Any) -> httpx.Response:
    module = {"object_id": KEY, "waybill_code": NUMBER, "parent_waybill_code": None, "print_data": "{}"}
    return ok({"modules": [module | changes]}, "pdd_waybill_get_response")


def test_is_a_courier(waybills: PddWaybills) -> None:
    port: Courier = waybills
    assert port.provider is Provider.PDD


@respx.mock
async def test_a_waybill_is_ordered_with_the_ciphertexts(waybills: PddWaybills) -> None:
    asked = route(GET).mock(return_value=got())
    assert await waybills.create(request()) == WAYBILL
    assert load_json(sent(asked.calls.last)["param_waybill_cloud_print_apply_new_request"]) == {
        "wp_code": "SF",
        "need_encrypt": True,
        "sender": {
            "name": "示例仓",
            "mobile": "13800000000",
            "address": {"province": "浙江省", "city": "杭州市", "district": "余杭区", "detail": "示例路1号"},
        },
        "trade_order_info_dtos": [
            {
                "object_id": KEY,
                "order_info": {"order_channels_type": "PDD", "trade_order_list": [ORDER_SN]},
                "package_info": {
                    "id": KEY,
                    "items": [{"name": "马克杯", "count": 2}],
                    "weight": 800,
                    "goods_description": "冷链、易碎 周末送",
                },
                "recipient": {
                    "name": "~name~",
                    "mobile": "~phone~",
                    "address": {"province": "浙江省", "city": "杭州市", "district": "余杭区", "detail": "~address~"},
                },
                "template_url": "https://print.pdd.test/sf",
                "user_id": int(SHOP),
            }
        ],
    }


@respx.mock
async def test_nothing_to_say_is_not_said(waybills: PddWaybills) -> None:
    asked = route(GET).mock(return_value=got())
    await waybills.create(request(requirements=(), remark=""))
    assert "goods_description" not in sent(asked.calls.last)["param_waybill_cloud_print_apply_new_request"]


@respx.mock
@pytest.mark.parametrize(
    "changes",
    [
        {"receiver": ClearReceiver(name="测试", phone="13800000000", region=Region(), detail="示例路1号")},
        {"receiver": CIPHER.model_copy(update={"platform": Channel.DOUYIN})},
        {"receiver": CIPHER.model_copy(update={"detail_cipher": ""})},
        {"channel": Channel.OWN},
        {"carrier": Carrier.ZTO},
        {"carrier": Carrier.OTHER},
    ],
)
async def test_what_cannot_go_this_way_is_rejected_without_a_call(
    waybills: PddWaybills, changes: dict[str, Any]
) -> None:
    asked = route(GET).mock(return_value=got())
    with pytest.raises(Rejected):
        await waybills.create(request(**changes))
    assert not asked.called


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error(50001, "面单余额不足"), Rejected),
        (error(52101), Throttled),
        (error(52002), OutcomeUnknown),
        (ok({"modules": []}), OutcomeUnknown),
        (got(object_id="other"), OutcomeUnknown),
        (got(waybill_code=""), OutcomeUnknown),
        (ok({"modules": [7]}), OutcomeUnknown),
        (httpx.Response(200, html="<h1>hello</h1>"), OutcomeUnknown),
        (httpx.Response(503), Unavailable),
    ],
)
async def test_create_errors(waybills: PddWaybills, answer: httpx.Response, expected: type[Exception]) -> None:
    route(GET).mock(return_value=answer)
    with pytest.raises(expected):
        await waybills.create(request())


@respx.mock
async def test_a_create_that_times_out_may_have_happened(waybills: PddWaybills) -> None:
    route(GET).mock(side_effect=httpx.ReadTimeout)
    with pytest.raises(OutcomeUnknown):
        await waybills.create(request())


@respx.mock
async def test_find_asks_for_the_same_number_again(waybills: PddWaybills) -> None:
    asked = route(GET).mock(return_value=got())
    assert await waybills.create(request()) == await waybills.find(request()) == WAYBILL
    first, second = (sent(c)["param_waybill_cloud_print_apply_new_request"] for c in asked.calls)
    assert first == second


@respx.mock
@pytest.mark.parametrize("changes", [{"channel": Channel.OWN}, {"carrier": Carrier.ZTO}, {"carrier": Carrier.OTHER}])
async def test_find_asks_nobody_for_what_there_cannot_be(waybills: PddWaybills, changes: dict[str, Any]) -> None:
    asked = route(GET)
    assert await waybills.find(request(**changes)) is None
    assert not asked.called


@respx.mock
async def test_find_never_takes_an_unclear_answer_for_none(waybills: PddWaybills) -> None:
    route(GET).mock(return_value=error(50001, "订单已关闭"))
    with pytest.raises(Rejected):
        await waybills.find(request())


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (ok({"cancel_result": True}, "pdd_waybill_cancel_response"), VoidOutcome.VOIDED),
        (ok({"cancel_result": False}), VoidOutcome.TOO_LATE),
        (error(50001, "该面单已取消"), VoidOutcome.VOIDED),
        (error(50001, "面单号不存在"), VoidOutcome.NOT_FOUND),
        (error(50001, "快递已揽收"), VoidOutcome.TOO_LATE),
    ],
)
async def test_void_outcomes(waybills: PddWaybills, answer: httpx.Response, expected: VoidOutcome) -> None:
    asked = route(CANCEL).mock(return_value=answer)
    assert await waybills.void(WAYBILL) is expected
    form = sent(asked.calls.last)
    assert (form["wp_code"], form["waybill_code"]) == ("SF", NUMBER)


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [(error(50001, "参数有误"), Rejected), (ok({}), OutcomeUnknown), (httpx.Response(500), OutcomeUnknown)],
)
async def test_void_errors(waybills: PddWaybills, answer: httpx.Response, expected: type[Exception]) -> None:
    route(CANCEL).mock(return_value=answer)
    with pytest.raises(expected):
        await waybills.void(WAYBILL)


@respx.mock
async def test_void_asks_shop_after_shop_until_one_has_it(two_shops: PddApi) -> None:
    asked = route(CANCEL).mock(side_effect=[error(50001, "面单号不存在"), ok({"cancel_result": True})])
    assert await PddWaybills(two_shops).void(WAYBILL) is VoidOutcome.VOIDED
    assert [sent(c)["access_token"] for c in asked.calls] == [f"access-{SHOP}", f"access-{OTHER_SHOP}"]


@respx.mock
async def test_an_unclear_refusal_of_one_shop_is_no_not_found(two_shops: PddApi) -> None:
    route(CANCEL).mock(side_effect=[error(50001, "参数有误"), error(50001, "面单号不存在")])
    with pytest.raises(Rejected):
        await PddWaybills(two_shops).void(WAYBILL)


async def test_void_of_a_carrier_without_e_waybills(waybills: PddWaybills) -> None:
    with pytest.raises(Rejected):
        await waybills.void(Waybill(KEY, Provider.PDD, Carrier.OTHER, NUMBER))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["object_id", "waybill_code"]), inner)
        ),
        max_leaves=8,
    )
)
def test_no_answer_raises_anything_unforeseen(modules: Any) -> None:
    with suppress(ValueError):
        assert created_number({"modules": modules}, KEY)
