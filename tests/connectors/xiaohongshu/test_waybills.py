from __future__ import annotations

from contextlib import suppress
from typing import Any

import httpx
import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import OutcomeUnknown, Rejected, Throttled, Unavailable
from connectors.ports import Courier
from connectors.xiaohongshu import XiaohongshuApi, XiaohongshuWaybills
from connectors.xiaohongshu.responses import created_number
from domain.order import Channel, CipherReceiver, ClearReceiver, Region, Requirement
from domain.shipping import Carrier, Goods, Provider, VoidOutcome, Waybill, WaybillRequest

from .conftest import ORDER_NO, OTHER_SHOP, SHOP, business, error, ok, route, sent

CREATE, CANCEL = "express.createEbillOrders", "express.cancelEbillOrder"
KEY, NUMBER = "xhs-1-SF-1-0123456789", "SF1000000000001"
WAYBILL = Waybill(KEY, Provider.XIAOHONGSHU, Carrier.SF, NUMBER)
HANDLE = "0123456789abcdef0123456789abcdef"
CIPHER = CipherReceiver(
    platform=Channel.XIAOHONGSHU,
    name_cipher=HANDLE,
    phone_cipher=HANDLE,
    detail_cipher=HANDLE,
    region=Region(province="浙江省", city="杭州市", district="余杭区"),
)


def request(**changes: Any) -> WaybillRequest:
    values: dict[str, Any] = {
        "key": KEY,
        "parcel_id": f"xiaohongshu:{SHOP}:{ORDER_NO}#1",
        "channel": Channel.XIAOHONGSHU,
        "shop": SHOP,
        "channel_order_no": ORDER_NO,
        "carrier": Carrier.SF,
        "receiver": CIPHER,
        "goods": (Goods("MUG-01", "马克杯", 2),),
        "requirements": (Requirement.FRAGILE, Requirement.COLD_CHAIN),
        "remark": "周末送",
        "weight_g": 800,
    }
    return WaybillRequest(**(values | changes))


def bills(**changes: Any) -> httpx.Response:
    bill = {"objectId": KEY, "waybillCode": NUMBER, "printData": "{}", "success": True, "errorCode": 0, "errorMsg": ""}
    return ok({"wayBillList": [bill | changes]})


def test_is_a_courier(waybills: XiaohongshuWaybills) -> None:
    port: Courier = waybills
    assert port.provider is Provider.XIAOHONGSHU


@respx.mock
async def test_a_waybill_is_ordered_by_the_handle_of_the_receiver(waybills: XiaohongshuWaybills) -> None:
    asked = route(CREATE).mock(return_value=bills())
    assert await waybills.create(request()) == WAYBILL
    assert business(asked.calls.last) == {
        "cpCode": "shunfeng",
        "customerCode": "5710000000",
        "branchCode": "",
        "sender": {
            "name": "示例仓",
            "mobile": "13800000000",
            "address": {"province": "浙江省", "city": "杭州市", "district": "余杭区", "detail": "示例路1号"},
        },
        "tradeOrderInfoList": [
            {
                "objectId": KEY,
                "orderInfo": {
                    "orderChannelsType": "XIAO_HONG_SHU",
                    "tradeOrderList": [ORDER_NO],
                    "xhsOrderId": ORDER_NO,
                },
                "packageInfo": {
                    "id": KEY,
                    "items": [{"name": "马克杯", "count": 2}],
                    "weight": 800,
                    "goodsDescription": "冷链、易碎 周末送",
                },
                "recipient": {"openAddressId": HANDLE},
                "templateId": 11,
            }
        ],
        "sellerName": "示例店",
        "billVersion": 2,
    }


@respx.mock
async def test_nothing_to_say_is_not_said(waybills: XiaohongshuWaybills) -> None:
    asked = route(CREATE).mock(return_value=bills())
    await waybills.create(request(requirements=(), remark=""))
    assert "goodsDescription" not in business(asked.calls.last)["tradeOrderInfoList"][0]["packageInfo"]


@respx.mock
@pytest.mark.parametrize(
    "changes",
    [
        {"receiver": ClearReceiver(name="测试", phone="13800000000", region=Region(), detail="示例路1号")},
        {"receiver": CIPHER.model_copy(update={"platform": Channel.PDD})},
        {"receiver": CIPHER.model_copy(update={"detail_cipher": ""})},
        {"channel": Channel.OWN},
        {"carrier": Carrier.ZTO},
        {"carrier": Carrier.OTHER},
    ],
)
async def test_what_cannot_go_this_way_is_rejected_without_a_call(
    waybills: XiaohongshuWaybills, changes: dict[str, Any]
) -> None:
    asked = route(CREATE).mock(return_value=bills())
    with pytest.raises(Rejected):
        await waybills.create(request(**changes))
    assert not asked.called


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (bills(success=False, waybillCode=None, errorCode=4029, errorMsg="不在派送范围"), Rejected),
        (bills(success="false", errorCode=4029, errorMsg="不在派送范围"), Rejected),
        (bills(success="perhaps"), OutcomeUnknown),
        (error(-5, "面单余额不足"), Rejected),
        (error(-5, "限流"), Throttled),
        (error(-1), OutcomeUnknown),
        (ok({"wayBillList": []}), OutcomeUnknown),
        (ok({"wayBillList": [7]}), OutcomeUnknown),
        (bills(objectId="other"), OutcomeUnknown),
        (bills(waybillCode=""), OutcomeUnknown),
        (httpx.Response(200, html="<h1>hello</h1>"), OutcomeUnknown),
        (httpx.Response(503), Unavailable),
    ],
)
async def test_create_errors(waybills: XiaohongshuWaybills, answer: httpx.Response, expected: type[Exception]) -> None:
    route(CREATE).mock(return_value=answer)
    with pytest.raises(expected):
        await waybills.create(request())


@respx.mock
async def test_the_refusal_of_a_parcel_is_told(waybills: XiaohongshuWaybills) -> None:
    route(CREATE).mock(return_value=bills(success=False, errorCode=4029, errorMsg="不在派送范围"))
    with pytest.raises(Rejected) as caught:
        await waybills.create(request())
    assert (caught.value.code, caught.value.detail) == ("4029", "不在派送范围")


@respx.mock
async def test_a_create_that_times_out_may_have_happened(waybills: XiaohongshuWaybills) -> None:
    route(CREATE).mock(side_effect=httpx.ReadTimeout)
    with pytest.raises(OutcomeUnknown):
        await waybills.create(request())


@respx.mock
async def test_find_asks_for_the_same_number_again(waybills: XiaohongshuWaybills) -> None:
    asked = route(CREATE).mock(return_value=bills())
    assert await waybills.create(request()) == await waybills.find(request()) == WAYBILL
    first, second = (business(c) for c in asked.calls)
    assert first == second


@respx.mock
@pytest.mark.parametrize("changes", [{"channel": Channel.OWN}, {"carrier": Carrier.ZTO}, {"carrier": Carrier.OTHER}])
async def test_find_asks_nobody_for_what_there_cannot_be(
    waybills: XiaohongshuWaybills, changes: dict[str, Any]
) -> None:
    asked = route(CREATE)
    assert await waybills.find(request(**changes)) is None
    assert not asked.called


@respx.mock
async def test_find_never_takes_an_unclear_answer_for_none(waybills: XiaohongshuWaybills) -> None:
    route(CREATE).mock(return_value=error(-5, "订单已关闭"))
    with pytest.raises(Rejected):
        await waybills.find(request())


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (ok(), VoidOutcome.VOIDED),
        (error(-5, "该面单已取消"), VoidOutcome.VOIDED),
        (error(-5, "面单号不存在"), VoidOutcome.NOT_FOUND),
        (error(-5, "快递已揽收"), VoidOutcome.TOO_LATE),
    ],
)
async def test_void_outcomes(waybills: XiaohongshuWaybills, answer: httpx.Response, expected: VoidOutcome) -> None:
    asked = route(CANCEL).mock(return_value=answer)
    assert await waybills.void(WAYBILL) is expected
    assert business(asked.calls.last) == {"cpCode": "shunfeng", "waybillCode": NUMBER, "billVersion": 2}


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [(error(-2000400, "参数错误"), Rejected), (error(-1), OutcomeUnknown), (httpx.Response(500), OutcomeUnknown)],
)
async def test_void_errors(waybills: XiaohongshuWaybills, answer: httpx.Response, expected: type[Exception]) -> None:
    route(CANCEL).mock(return_value=answer)
    with pytest.raises(expected):
        await waybills.void(WAYBILL)


@respx.mock
async def test_void_asks_shop_after_shop_until_one_has_it(two_shops: XiaohongshuApi) -> None:
    asked = route(CANCEL).mock(side_effect=[error(-5, "面单号不存在"), ok()])
    assert await XiaohongshuWaybills(two_shops).void(WAYBILL) is VoidOutcome.VOIDED
    assert [sent(c)["accessToken"] for c in asked.calls] == [f"access-{SHOP}", f"access-{OTHER_SHOP}"]


@respx.mock
async def test_an_unclear_refusal_of_one_shop_is_no_not_found(two_shops: XiaohongshuApi) -> None:
    route(CANCEL).mock(side_effect=[error(-2000400, "参数错误"), error(-5, "面单号不存在")])
    with pytest.raises(Rejected):
        await XiaohongshuWaybills(two_shops).void(WAYBILL)


async def test_void_of_a_carrier_without_e_waybills(waybills: XiaohongshuWaybills) -> None:
    with pytest.raises(Rejected):
        await waybills.void(Waybill(KEY, Provider.XIAOHONGSHU, Carrier.OTHER, NUMBER))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["objectId", "waybillCode", "success", "errorMsg"]), inner)
        ),
        max_leaves=8,
    )
)
def test_no_answer_raises_anything_unforeseen(found: Any) -> None:
    with suppress(ValueError, Rejected):
        assert created_number(CREATE, {"wayBillList": found}, KEY)
