from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import httpx
import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import Misconfigured, OutcomeUnknown, PartnerError, Rejected, Throttled, Unavailable
from connectors.ports import Courier
from connectors.taobao import TaobaoWaybills, TopApi
from connectors.taobao.printed import created_number, finding, outcome_of_answer
from domain.order import Channel, CipherReceiver, ClearReceiver, Region, Requirement
from domain.shipping import Carrier, Goods, Provider, VoidOutcome, Waybill, WaybillRequest

from .conftest import OTHER_SHOP, SHOP, TID, error, form_of, ok, route, sent

GET, QUERY = "cainiao.waybill.ii.get", "cainiao.waybill.ii.query.by.tradecode"
CANCEL = "cainiao.waybill.ii.cancel"
KEY, NUMBER = "2125000000000000001-1-taobao-ZTO-1-0123456789", "78000000000001"

RECEIVER = CipherReceiver(
    platform=Channel.TAOBAO,
    name_cipher="oaid-1",
    phone_cipher="oaid-1",
    detail_cipher="oaid-1",
    name_mask="测**",
    phone_mask="138****0000",
    detail_mask="示例***",
    region=Region(province="湖北省", city="", district="仙桃市", town="示例街道"),
)
WAYBILL = Waybill(KEY, Provider.TAOBAO, Carrier.ZTO, NUMBER)


def request(**changes: Any) -> WaybillRequest:
    values: dict[str, Any] = {
        "key": KEY,
        "parcel_id": f"taobao:{SHOP}:{TID}#1",
        "channel": Channel.TAOBAO,
        "shop": SHOP,
        "channel_order_no": TID,
        "carrier": Carrier.ZTO,
        "receiver": RECEIVER,
        "goods": (Goods("MUG-01", "马克杯", 2),),
        "weight_g": 800,
    }
    return WaybillRequest(**(values | changes))


def printed(**changes: Any) -> dict[str, Any]:
    return {"object_id": KEY, "waybill_code": NUMBER, "cp_code": "ZTO", "print_data": "{}"} | changes


def got(*entries: Any) -> httpx.Response:
    return ok(GET, modules={"waybill_cloud_print_response": list(entries)})


def module(**changes: Any) -> dict[str, Any]:
    return {"success": True, "object_id": KEY, "waybill_cloud_print_response": printed()} | changes


def queried(*modules: Any) -> httpx.Response:
    return ok(QUERY, modules={"waybill_cloud_print_with_result_desc_response": list(modules)})


def test_is_a_courier(waybills: TaobaoWaybills) -> None:
    port: Courier = waybills
    assert port.provider is Provider.TAOBAO


@respx.mock
async def test_create_sends_the_oaid(waybills: TaobaoWaybills) -> None:
    asked = route(GET).mock(return_value=got(printed(object_id="other", waybill_code="1"), printed()))
    assert await waybills.create(request()) == WAYBILL
    form = sent(asked.calls.last)
    assert form["session"] == "session-1"
    assert json.loads(form["param_waybill_cloud_print_apply_new_request"]) == {
        "cp_code": "ZTO",
        "sender": {
            "name": "测试仓",
            "mobile": "13800000000",
            "address": {
                "province": "浙江省",
                "city": "杭州市",
                "district": "余杭区",
                "town": "示例街道",
                "detail": "示例路1号",
            },
        },
        "trade_order_info_dtos": [
            {
                "object_id": KEY,
                "user_id": 42,
                "template_url": "http://cloudprint.test/zto",
                "order_info": {"order_channels_type": "TB", "trade_order_list": [TID]},
                "package_info": {
                    "id": KEY,
                    "items": [{"name": "马克杯", "count": 2}],
                    "weight": 800,
                    "goods_description": "马克杯x2",
                },
                "recipient": {
                    "name": "测**",
                    "mobile": "138****0000",
                    "address": {"province": "湖北省", "district": "仙桃市", "town": "示例街道", "detail": "示例***"},
                    "oaid": "oaid-1",
                    "tid": TID,
                },
            }
        ],
    }


@respx.mock
async def test_create_again_asks_the_same(waybills: TaobaoWaybills) -> None:
    asked = route(GET).mock(return_value=got(printed()))
    assert await waybills.create(request()) == await waybills.create(request())
    first, second = (sent(c)["param_waybill_cloud_print_apply_new_request"] for c in asked.calls)
    assert first == second


@respx.mock
async def test_create_tells_the_courier_of_requirements_and_contract(waybills: TaobaoWaybills) -> None:
    asked = route(GET).mock(return_value=got(printed()))
    wanted = (Requirement.FRAGILE, Requirement.COLD_CHAIN)
    await waybills.create(request(carrier=Carrier.SF, requirements=wanted, remark=" 周末送 "))
    message = json.loads(sent(asked.calls.last)["param_waybill_cloud_print_apply_new_request"])
    (parcel,) = message["trade_order_info_dtos"]
    assert parcel["logistics_services"] == '{"COLD":{"value":"1"}}'
    assert parcel["package_info"]["goods_description"] == "冷链、易碎 马克杯x2"
    assert (message["customer_code"], message["product_code"]) == ("7551234567", "2")
    assert json.loads(message["extra_info"]) == {"remark": "冷链、易碎 周末送"}


@respx.mock
async def test_a_tmall_shop_says_so(two_shops: TopApi) -> None:
    asked = route(GET).mock(return_value=got(printed()))
    await TaobaoWaybills(two_shops, two_shops.settings).create(request(shop=OTHER_SHOP))
    form = sent(asked.calls.last)
    (parcel,) = json.loads(form["param_waybill_cloud_print_apply_new_request"])["trade_order_info_dtos"]
    assert (form["session"], parcel["order_info"]["order_channels_type"]) == ("session-2", "TM")


@respx.mock
@pytest.mark.parametrize(
    "changes",
    [
        {"receiver": ClearReceiver(name="测试", phone="13800000000", region=Region(), detail="示例路1号")},
        {"receiver": RECEIVER.model_copy(update={"platform": Channel.PDD})},
        {"receiver": RECEIVER.model_copy(update={"name_cipher": "", "phone_cipher": "", "detail_cipher": ""})},
        {"channel": Channel.OWN},
        {"carrier": Carrier.OTHER},
        {"carrier": Carrier.YTO},
    ],
)
async def test_what_cannot_go_this_way_is_rejected_without_a_call(
    waybills: TaobaoWaybills, changes: dict[str, Any]
) -> None:
    asked = route(GET).mock(return_value=got(printed()))
    with pytest.raises(Rejected):
        await waybills.create(request(**changes))
    assert not asked.called


async def test_a_shop_that_is_not_in_the_settings_is_for_a_person(waybills: TaobaoWaybills) -> None:
    for attempt in (waybills.create, waybills.find):
        with pytest.raises(Misconfigured, match="shop gone"):
            await attempt(request(shop="gone"))


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error(15, "isv.waybill-service-error", "地址不可达"), Rejected),
        (error(15, "isv.waybill-service-error", "电子面单余额不足"), Misconfigured),
        (error(15, "isv.waybill-service-error", "发货地址不匹配"), Misconfigured),
        (error(15, "isp.waybill-service-error", "系统异常"), OutcomeUnknown),
        (error(27, "session-expired"), Misconfigured),
        (error(7, "accesscontrol.limited-by-api-access-count"), Throttled),
        (got(), OutcomeUnknown),
        (got(printed(object_id="other")), OutcomeUnknown),
        (got(printed(waybill_code="")), OutcomeUnknown),
        (got(7), OutcomeUnknown),
        (ok(GET), OutcomeUnknown),
        (httpx.Response(200, html="<h1>hello</h1>"), OutcomeUnknown),
        (httpx.Response(500), OutcomeUnknown),
        (httpx.Response(503), Unavailable),
    ],
)
async def test_create_errors(waybills: TaobaoWaybills, answer: httpx.Response, expected: type[Exception]) -> None:
    route(GET).mock(return_value=answer)
    with pytest.raises(PartnerError) as caught:
        await waybills.create(request())
    assert type(caught.value) is expected


@respx.mock
async def test_a_create_that_times_out_may_have_happened(waybills: TaobaoWaybills) -> None:
    route(GET).mock(side_effect=httpx.ReadTimeout)
    with pytest.raises(OutcomeUnknown):
        await waybills.create(request())


PROBE = f"{KEY}-0"
SIBLING = "78000000000009"


def no_such(object_id: str = PROBE, **changes: Any) -> dict[str, Any]:
    values = {"success": False, "object_id": object_id, "error_code": "NOT_FOUND", "error_message": ""}
    return values | changes


def bare(number: str = NUMBER, object_id: str = KEY, **changes: Any) -> dict[str, Any]:
    """As the documents have it: nothing in the waybill says whose it is."""
    return module(object_id=object_id, waybill_cloud_print_response={"waybill_code": number} | changes)


@respx.mock
@pytest.mark.parametrize(
    ("modules", "expected"),
    [
        ([module()], WAYBILL),
        ([module(success="true")], WAYBILL),
        ([module(), module()], WAYBILL),
        ([module(object_id="other"), module()], WAYBILL),
        ([module(waybill_cloud_print_response=printed(cp_code="SF", waybill_code="SF1")), module()], WAYBILL),
        ([module(waybill_cloud_print_response=printed(object_id="other")), module(), bare(SIBLING)], WAYBILL),
        ([bare(), no_such()], WAYBILL),
        ([bare(), bare(), no_such(error_code="", error_message="查无面单")], WAYBILL),
        ([bare(), bare("SF1", cp_code="SF"), no_such()], WAYBILL),
        ([module(waybill_cloud_print_response=printed(object_id="other"))], None),
        ([module(waybill_cloud_print_response=printed(cp_code="SF"))], None),
        ([module(object_id="other")], None),
        ([bare(SIBLING, PROBE)], None),
        ([no_such(KEY), no_such()], None),
        ([no_such(KEY, error_code="", error_message="面单不存在")], None),
        ([no_such(KEY, error_code="WAYBILL_CANCELLED")], None),
        ([], None),
    ],
)
async def test_find_gives_the_live_waybill_of_this_parcel(
    waybills: TaobaoWaybills, modules: list[Any], expected: Waybill | None
) -> None:
    asked = route(QUERY).mock(return_value=queried(*modules))
    created = route(GET)
    assert await waybills.find(request()) == expected
    assert json.loads(sent(asked.calls.last)["param_list"]) == [
        {"biz_sub_code": TID, "object_id": KEY},
        {"biz_sub_code": TID, "object_id": PROBE},
    ]
    assert not created.called


@respx.mock
@pytest.mark.parametrize(
    "modules",
    [
        [bare(SIBLING), bare(SIBLING, PROBE)],
        [bare(SIBLING), bare(), bare(SIBLING, PROBE), bare(NUMBER, PROBE)],
        [bare(SIBLING), bare(), no_such()],
        [bare(SIBLING)],
        [bare(SIBLING), no_such(error_code="S07", error_message="系统异常")],
    ],
)
async def test_a_platform_that_only_echoes_the_object_is_asked_for_the_number_again(
    waybills: TaobaoWaybills, modules: list[Any]
) -> None:
    route(QUERY).mock(return_value=queried(*modules))
    created = route(GET).mock(return_value=got(printed()))
    assert await waybills.find(request()) == WAYBILL
    assert await waybills.create(request()) == WAYBILL
    first, second = (sent(c)["param_waybill_cloud_print_apply_new_request"] for c in created.calls)
    assert first == second, "asked under the same key, so that it is the same waybill"


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error(15, "isv.waybill-service-error", "订单已关闭"), Rejected),
        (error(15, "isp.waybill-service-error"), OutcomeUnknown),
        (got(printed(object_id="other")), OutcomeUnknown),
    ],
)
async def test_a_siblings_number_is_never_taken(
    waybills: TaobaoWaybills, answer: httpx.Response, expected: type[Exception]
) -> None:
    route(QUERY).mock(return_value=queried(bare(SIBLING), bare(SIBLING, PROBE)))
    route(GET).mock(return_value=answer)
    with pytest.raises(expected):
        await waybills.find(request())


class Echo:
    """A platform that answers a query with all waybills of the trade, under whatever object was asked for."""

    def __init__(self) -> None:
        self.numbers: dict[str, str] = {}

    def get(self, call: httpx.Request) -> httpx.Response:
        message = json.loads(form_of(call)["param_waybill_cloud_print_apply_new_request"])
        key = message["trade_order_info_dtos"][0]["package_info"]["id"]
        number = self.numbers.setdefault(key, f"7800000000{len(self.numbers):04}")
        return got({"object_id": key, "waybill_code": number})

    def query(self, call: httpx.Request) -> httpx.Response:
        asked = json.loads(form_of(call)["param_list"])
        found = [bare(number, each["object_id"]) for each in asked for number in self.numbers.values()]
        return queried(*(found or [no_such(each["object_id"]) for each in asked]))


@respx.mock
async def test_each_parcel_of_a_trade_finds_its_own(waybills: TaobaoWaybills) -> None:
    platform = Echo()
    route(GET).mock(side_effect=platform.get)
    route(QUERY).mock(side_effect=platform.query)
    parcels = [request(key=f"parcel-{n}") for n in range(3)]
    assert await waybills.find(parcels[0]) is None
    made = [await waybills.create(parcel) for parcel in parcels]
    assert [await waybills.find(parcel) for parcel in parcels] == made
    assert len(platform.numbers) == 3


@respx.mock
async def test_find_when_the_platform_knows_of_nothing(waybills: TaobaoWaybills) -> None:
    route(QUERY).mock(return_value=error(15, "isv.waybill-not-found", "订单号不存在"))
    assert await waybills.find(request()) is None


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error(15, "isp.waybill-service-error"), Unavailable),
        (error(15, "isv.invalid-parameter"), Rejected),
        (queried(module(success=False, error_code="S07", error_message="系统异常")), Unavailable),
        (queried(module(waybill_cloud_print_response=None)), Unavailable),
        (queried(bare(""), no_such()), Unavailable),
        (queried(module(), module(waybill_cloud_print_response=printed(waybill_code="78000000000002"))), Unavailable),
        (queried(7), Unavailable),
        (httpx.Response(200, html="<h1>hello</h1>"), Unavailable),
    ],
)
async def test_find_never_takes_an_unclear_answer_for_an_answer(
    waybills: TaobaoWaybills, answer: httpx.Response, expected: type[Exception]
) -> None:
    route(QUERY).mock(return_value=answer)
    with pytest.raises(expected):
        await waybills.find(request())


@respx.mock
@pytest.mark.parametrize(
    "changes",
    [
        {"channel": Channel.OWN, "shop": "main"},
        {"carrier": Carrier.OTHER},
        {"carrier": Carrier.YTO},
        {"receiver": ClearReceiver(name="测试", phone="13800000000", region=Region(), detail="示例路1号")},
    ],
)
async def test_find_asks_nobody_for_what_create_turns_away(waybills: TaobaoWaybills, changes: dict[str, Any]) -> None:
    asked = route(QUERY)
    assert await waybills.find(request(**changes)) is None
    assert not asked.called


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (ok(CANCEL, cancel_result=True), VoidOutcome.VOIDED),
        (ok(CANCEL, cancel_result="true"), VoidOutcome.VOIDED),
        (ok(CANCEL, cancel_result=False), VoidOutcome.TOO_LATE),
        (error(15, "isv.waybill-error", "面单已取消"), VoidOutcome.VOIDED),
        (error(15, "isv.waybill-error", "包裹已揽收，不能取消"), VoidOutcome.TOO_LATE),
        (error(15, "isv.waybill-error", "面单号不存在"), VoidOutcome.NOT_FOUND),
    ],
)
async def test_void_outcomes(waybills: TaobaoWaybills, answer: httpx.Response, expected: VoidOutcome) -> None:
    asked = route(CANCEL).mock(return_value=answer)
    assert await waybills.void(WAYBILL) is expected
    form = sent(asked.calls.last)
    assert (form["cp_code"], form["waybill_code"]) == ("ZTO", NUMBER)


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error(15, "isv.waybill-error", "无权操作"), Rejected),
        (error(27, "session-expired"), Misconfigured),
        (error(15, "isp.waybill-service-error"), OutcomeUnknown),
        (ok(CANCEL), OutcomeUnknown),
        (httpx.Response(500), OutcomeUnknown),
    ],
)
async def test_void_errors(waybills: TaobaoWaybills, answer: httpx.Response, expected: type[Exception]) -> None:
    route(CANCEL).mock(return_value=answer)
    with pytest.raises(expected):
        await waybills.void(WAYBILL)


ABSENT, NO_RIGHT, DONE = (
    error(15, "isv.waybill-error", "面单号不存在"),
    error(15, "isv.waybill-error", "无权操作"),
    ok(CANCEL, cancel_result=True),
)


@respx.mock
@pytest.mark.parametrize("first", [ABSENT, NO_RIGHT, error(27, "session-expired"), ok(CANCEL, cancel_result=False)])
async def test_void_asks_shop_after_shop_until_one_could(two_shops: TopApi, first: httpx.Response) -> None:
    asked = route(CANCEL).mock(side_effect=[first, DONE])
    assert await TaobaoWaybills(two_shops, two_shops.settings).void(WAYBILL) is VoidOutcome.VOIDED
    assert [sent(c)["session"] for c in asked.calls] == ["session-1", "session-2"]


@respx.mock
@pytest.mark.parametrize(
    ("answers", "expected"),
    [([NO_RIGHT, ABSENT], Rejected), ([ABSENT, error(27, "session-expired")], Misconfigured)],
)
async def test_an_unclear_refusal_of_one_shop_is_no_not_found(
    two_shops: TopApi, answers: list[httpx.Response], expected: type[Exception]
) -> None:
    route(CANCEL).mock(side_effect=answers)
    with pytest.raises(expected):
        await TaobaoWaybills(two_shops, two_shops.settings).void(WAYBILL)


@respx.mock
async def test_one_shop_that_says_too_late_is_believed(two_shops: TopApi) -> None:
    route(CANCEL).mock(side_effect=[NO_RIGHT, ok(CANCEL, cancel_result=False)])
    assert await TaobaoWaybills(two_shops, two_shops.settings).void(WAYBILL) is VoidOutcome.TOO_LATE


async def test_void_of_a_carrier_without_a_code(waybills: TaobaoWaybills) -> None:
    with pytest.raises(Rejected):
        await waybills.void(Waybill(KEY, Provider.TAOBAO, Carrier.OTHER, NUMBER))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["success", "object_id", "waybill_code", "waybill_cloud_print_response"]), inner
        )
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["modules", "cancel_result"]), JSON))
def test_no_answer_raises_anything_unforeseen(body: dict[str, Any]) -> None:
    with suppress(ValueError):
        created_number(body, KEY)
    with suppress(ValueError, Unavailable):
        finding(body, request())
    with suppress(ValueError):
        outcome_of_answer(body)
