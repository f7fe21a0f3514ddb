from __future__ import annotations

from contextlib import suppress
from typing import Any

import httpx
import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st

from connectors.douyin import DouyinApi, DouyinWaybills
from connectors.douyin.responses import created_number, live_number
from connectors.douyin.voiding import outcome_of_answer
from connectors.errors import OutcomeUnknown, Rejected, Unavailable
from connectors.ports import Courier
from domain.order import Channel, CipherReceiver, ClearReceiver, Region, Requirement
from domain.shipping import Carrier, Goods, Provider, VoidOutcome, Waybill, WaybillRequest

from .conftest import ORDER_NO, OTHER_SHOP, SHOP, error, ok, route, sent

CREATE, LIST, CANCEL = "logistics.newCreateOrder", "logistics.listEbill", "logistics.cancelOrder"
KEY = "douyin-123456-1-waybill-1-0123456789"
NUMBER = "SF1000000000001"

CIPHER = CipherReceiver(
    platform=Channel.DOUYIN,
    name_cipher="#name-cipher#",
    phone_cipher="$tel-cipher$",
    detail_cipher="#detail-cipher#",
    region=Region(province="浙江省", city="杭州市", district="余杭区", town="示例街道"),
)
WAYBILL = Waybill(KEY, Provider.DOUYIN, Carrier.SF, NUMBER)


def request(**changes: Any) -> WaybillRequest:
    values: dict[str, Any] = {
        "key": KEY,
        "parcel_id": f"douyin:{SHOP}:{ORDER_NO}#1",
        "channel": Channel.DOUYIN,
        "shop": SHOP,
        "channel_order_no": ORDER_NO,
        "carrier": Carrier.SF,
        "receiver": CIPHER,
        "goods": (Goods("MUG-01", "马克杯", 2),),
        "requirements": (Requirement.FRAGILE, Requirement.COLD_CHAIN),
        "remark": "周末送",
    }
    return WaybillRequest(**(values | changes))


def bill(**changes: Any) -> dict[str, Any]:
    return {"order_id": ORDER_NO, "pack_id": KEY, "track_no": NUMBER, "status": 1} | changes


def test_is_a_courier(waybills: DouyinWaybills) -> None:
    port: Courier = waybills
    assert port.provider is Provider.DOUYIN


@respx.mock
async def test_create_sends_the_ciphertext(waybills: DouyinWaybills) -> None:
    asked = route(CREATE).mock(return_value=ok({"ebill_infos": [bill(pack_id="other"), bill()], "err_infos": []}))
    assert await waybills.create(request()) == WAYBILL
    assert sent(asked.calls.last) == {
        "sender_info": {
            "address": {
                "country_code": "CHN",
                "province_name": "浙江省",
                "city_name": "杭州市",
                "district_name": "余杭区",
                "detail_address": "示例路1号",
            },
            "contact": {"name": "示例仓", "mobile": "13800000000"},
        },
        "logistics_code": "shunfeng",
        "order_infos": [
            {
                "order_id": ORDER_NO,
                "pack_id": KEY,
                "receiver_info": {
                    "address": {
                        "country_code": "CHN",
                        "province_name": "浙江省",
                        "city_name": "杭州市",
                        "district_name": "余杭区",
                        "street_name": "示例街道",
                        "detail_address": "#detail-cipher#",
                    },
                    "contact": {"name": "#name-cipher#", "mobile": "$tel-cipher$"},
                },
                "items": [{"item_name": "马克杯", "item_count": 2}],
                "remark": "冷链、易碎 周末送",
            }
        ],
        "user_id": int(SHOP),
    }


@respx.mock
@pytest.mark.parametrize(
    "changes",
    [
        {
            "receiver": ClearReceiver(name="测试", phone="13800000000", region=Region(), detail="示例路1号"),
        },
        {"receiver": CIPHER.model_copy(update={"platform": Channel.PDD})},
        {"receiver": CIPHER.model_copy(update={"phone_cipher": ""})},
        {"channel": Channel.OWN},
        {"carrier": Carrier.OTHER},
    ],
)
async def test_what_cannot_go_this_way_is_rejected_without_a_call(
    waybills: DouyinWaybills, changes: dict[str, Any]
) -> None:
    asked = route(CREATE).mock(return_value=ok({"ebill_infos": [bill()]}))
    with pytest.raises(Rejected):
        await waybills.create(request(**changes))
    assert not asked.called


REFUSED = {"order_id": ORDER_NO, "pack_id": KEY, "err_code": "4029", "err_msg": "不在派送范围"}


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (ok({"ebill_infos": [], "err_infos": [REFUSED]}), Rejected),
        (
            httpx.Response(
                200, json={"code": 10001, "sub_code": "isv.business-part-failed", "data": {"err_infos": [REFUSED]}}
            ),
            Rejected,
        ),
        (error(50002, "isv.business-failed:15002", "订单信息不存在"), Rejected),
        (error(50002, "isv.business-failed:4029", "系统内部错误"), OutcomeUnknown),
        (error(20000, "isp.service-error:15001"), OutcomeUnknown),
        (ok({}), OutcomeUnknown),
        (ok({"ebill_infos": [bill(track_no="")]}), OutcomeUnknown),
        (httpx.Response(200, html="<h1>hello</h1>"), OutcomeUnknown),
        (httpx.Response(500), OutcomeUnknown),
        (httpx.Response(503), Unavailable),
    ],
)
async def test_create_errors(waybills: DouyinWaybills, answer: httpx.Response, expected: type[Exception]) -> None:
    route(CREATE).mock(return_value=answer)
    with pytest.raises(expected):
        await waybills.create(request())


@respx.mock
async def test_the_refusal_of_a_parcel_is_told(waybills: DouyinWaybills) -> None:
    route(CREATE).mock(return_value=ok({"err_infos": [REFUSED]}))
    with pytest.raises(Rejected) as caught:
        await waybills.create(request())
    assert (caught.value.code, caught.value.detail) == ("4029", "不在派送范围")


@respx.mock
async def test_a_create_that_times_out_may_have_happened(waybills: DouyinWaybills) -> None:
    route(CREATE).mock(side_effect=httpx.ReadTimeout)
    with pytest.raises(OutcomeUnknown):
        await waybills.create(request())


@respx.mock
@pytest.mark.parametrize(
    ("bills", "expected"),
    [
        ([bill()], WAYBILL),
        ([bill(track_no="SF0", status=2), bill(status="1")], WAYBILL),
        ([bill(status=2)], None),
        ([bill(pack_id="other"), bill(order_id="1")], None),
        ([], None),
        (None, None),
    ],
)
async def test_find_gives_the_live_waybill_of_this_parcel(
    waybills: DouyinWaybills, bills: Any, expected: Waybill | None
) -> None:
    asked = route(LIST).mock(return_value=ok({"ebill_infos": bills}))
    assert await waybills.find(request()) == expected
    assert sent(asked.calls.last) == {"order_id": ORDER_NO, "pack_id": KEY}


@respx.mock
async def test_find_when_the_platform_knows_of_nothing(waybills: DouyinWaybills) -> None:
    route(LIST).mock(return_value=error(40004, "isv.parameter-invalid:10003", "该数据不存在，请检查后重试"))
    assert await waybills.find(request()) is None


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error(20000, "isp.service-error"), Unavailable),
        (error(50002, "isv.business-failed:15000", "订单不是该店铺下的订单"), Rejected),
        (ok({"ebill_infos": [bill(status=None)]}), Unavailable),
        (ok({"ebill_infos": [7]}), Unavailable),
        (httpx.Response(200, html="<h1>hello</h1>"), Unavailable),
    ],
)
async def test_find_never_takes_an_unclear_answer_for_none(
    waybills: DouyinWaybills, answer: httpx.Response, expected: type[Exception]
) -> None:
    route(LIST).mock(return_value=answer)
    with pytest.raises(expected):
        await waybills.find(request())


@respx.mock
@pytest.mark.parametrize("changes", [{"channel": Channel.OWN, "shop": "main"}, {"carrier": Carrier.OTHER}])
async def test_find_asks_nobody_for_what_create_turns_away(waybills: DouyinWaybills, changes: dict[str, Any]) -> None:
    asked = route(LIST)
    assert await waybills.find(request(**changes)) is None
    assert not asked.called


def cancelled(success: Any, words: str = "") -> httpx.Response:
    return ok({"cancel_result": {"success": success, "error_message": words}})


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (cancelled(True), VoidOutcome.VOIDED),
        (cancelled(False, "该运单已取消成功,请勿重复操作"), VoidOutcome.VOIDED),
        (cancelled(False, "运单不存在"), VoidOutcome.NOT_FOUND),
        (cancelled(False, "已揽收，无法取消"), VoidOutcome.TOO_LATE),
        (cancelled(False, "取消失败"), VoidOutcome.TOO_LATE),
        (cancelled(None), VoidOutcome.TOO_LATE),
        (error(50002, "isv.business-failed:10901", "已经取消过了，无需再次取消"), VoidOutcome.VOIDED),
        (error(50002, "isv.business-failed:1102"), VoidOutcome.VOIDED),
        (error(50002, "isv.business-failed:10802"), VoidOutcome.TOO_LATE),
        (error(50002, "isv.business-failed:99", "该运单已取件，不允许取消"), VoidOutcome.TOO_LATE),
        (error(50002, "isv.business-failed:10803"), VoidOutcome.NOT_FOUND),
        (error(40004, "isv.parameter-invalid:10014", "电子面单号不存在"), VoidOutcome.NOT_FOUND),
    ],
)
async def test_void_outcomes(waybills: DouyinWaybills, answer: httpx.Response, expected: VoidOutcome) -> None:
    asked = route(CANCEL).mock(return_value=answer)
    assert await waybills.void(WAYBILL) is expected
    assert sent(asked.calls.last) == {"logistics_code": "shunfeng", "track_no": NUMBER}


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error(50002, "isv.business-failed:10013", "取消总数/取号总数超过最大比例"), Rejected),
        (error(40002, "isv.missing-parameter:400"), Rejected),
        (error(20000, "isp.service-error:4009"), OutcomeUnknown),
        (ok({}), OutcomeUnknown),
        (httpx.Response(500), OutcomeUnknown),
    ],
)
async def test_void_errors(waybills: DouyinWaybills, answer: httpx.Response, expected: type[Exception]) -> None:
    route(CANCEL).mock(return_value=answer)
    with pytest.raises(expected):
        await waybills.void(WAYBILL)


@respx.mock
async def test_void_asks_shop_after_shop_until_one_has_it(two_shops: DouyinApi) -> None:
    asked = route(CANCEL).mock(side_effect=[error(50002, "isv.business-failed:10803"), cancelled(True)])
    assert await DouyinWaybills(two_shops).void(WAYBILL) is VoidOutcome.VOIDED
    assert [c.request.url.params["access_token"] for c in asked.calls] == [f"access-{SHOP}", f"access-{OTHER_SHOP}"]


@respx.mock
async def test_an_unclear_refusal_of_one_shop_is_no_not_found(two_shops: DouyinApi) -> None:
    route(CANCEL).mock(
        side_effect=[error(50002, "isv.business-failed:10013", "超过最大比例"), cancelled(False, "运单不存在")]
    )
    with pytest.raises(Rejected):
        await DouyinWaybills(two_shops).void(WAYBILL)


async def test_void_of_a_carrier_without_a_code(waybills: DouyinWaybills) -> None:
    with pytest.raises(Rejected):
        await waybills.void(Waybill(KEY, Provider.DOUYIN, Carrier.OTHER, NUMBER))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["order_id", "pack_id", "track_no", "status", "success"]), inner)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["ebill_infos", "err_infos", "cancel_result"]), JSON))
def test_no_answer_raises_anything_unforeseen(data: dict[str, Any]) -> None:
    with suppress(ValueError, Rejected):
        created_number(CREATE, data, ORDER_NO, KEY)
    with suppress(ValueError):
        live_number(data, ORDER_NO, KEY)
    with suppress(ValueError):
        outcome_of_answer(data)
