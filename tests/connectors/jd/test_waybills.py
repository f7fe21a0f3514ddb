"""JD's e-waybills: what is asked for an encrypted receiver, what the answers mean, and who gives a number back."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import httpx
import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.errors import Misconfigured, OutcomeUnknown, PartnerError, Rejected, Throttled, Unavailable
from connectors.jd import JdShop, JdWaybills, JosApi
from connectors.jd.ewaybills import created_number
from connectors.jd.settings import CourierTerms
from connectors.ports import Courier
from domain.order import Channel, CipherReceiver, ClearReceiver, Region, Requirement
from domain.shipping import Carrier, Goods, Provider, VoidOutcome, Waybill, WaybillRequest
from tests.connectors.memory_tokens import MemoryTokens

from .conftest import ORDER_NO, OTHER_SHOP, SHOP, error, form, ok, route, sent, settings

RECEIVE, UNBIND = "jingdong.ldop.alpha.waybill.receive", "jingdong.ldop.alpha.waybill.api.unbind"
KEY, NUMBER = "jd-10001-290000000001-jd-SF-1-0123456789", "SF7000000000001"
WAYBILL = Waybill(KEY, Provider.JD, Carrier.SF, NUMBER)
CIPHER = CipherReceiver(
    platform=Channel.JD,
    name_cipher="name-cipher",
    phone_cipher="mobile-cipher",
    detail_cipher="address-cipher",
    region=Region(province="浙江", city="杭州市", district="余杭区", town="示例街道"),
)


def request(**changes: Any) -> WaybillRequest:
    values: dict[str, Any] = {
        "key": KEY,
        "parcel_id": f"jd:{SHOP}:{ORDER_NO}#1",
        "channel": Channel.JD,
        "shop": SHOP,
        "channel_order_no": ORDER_NO,
        "carrier": Carrier.SF,
        "receiver": CIPHER,
        "goods": (Goods("MUG-01", "马克杯", 2), Goods("CAP-01", "帽子", 1)),
        "requirements": (Requirement.FRAGILE, Requirement.COLD_CHAIN),
        "remark": "周末送",
        "weight_g": 805,
        "value_fen": 9900,
    }
    return WaybillRequest(**(values | changes))


def answer(status: Any = 0, words: str = "SUCCESS", **data: Any) -> dict[str, Any]:
    result: dict[str, Any] = {"statusCode": status, "statusMessage": words}
    return result | ({"data": {"platformOrderNo": ORDER_NO, **data}} if data else {})


def got(*numbers: str) -> httpx.Response:
    """As most clients see it: without the envelope of all other calls."""
    return httpx.Response(200, json=answer(waybillCodeList=list(numbers or (NUMBER,))))


def refused(words: str, status: Any = 1) -> httpx.Response:
    return httpx.Response(200, json=answer(status, words))


def unbound(status: Any = 0, words: str = "SUCCESS") -> httpx.Response:
    return ok(UNBIND, {"resultInfo": answer(status, words)})


def test_is_a_courier(waybills: JdWaybills) -> None:
    port: Courier = waybills
    assert port.provider is Provider.JD


@respx.mock
async def test_a_number_is_asked_for_with_the_ciphertexts(waybills: JdWaybills) -> None:
    asked = route(RECEIVE).mock(return_value=got())
    assert await waybills.create(request()) == WAYBILL
    assert form(asked.calls.last)["access_token"] == f"access-{SHOP}"
    assert sent(asked.calls.last) == {
        "content": {
            "waybillType": 1,
            "waybillCount": 1,
            "providerCode": "SF",
            "settlementCode": "755",
            "salePlatform": "0010001",
            "platformOrderNo": ORDER_NO,
            "vendorCode": SHOP,
            "vendorName": SHOP,
            "vendorOrderCode": KEY,
            "weight": "0.80",
            "volume": "0.00",
            "goodsName": "马克杯、帽子",
            "promiseTimeType": 0,
            "payType": 0,
            "goodsMoney": "99.00",
            "shouldPayMoney": "0.00",
            "needGuarantee": False,
            "guaranteeMoney": "0.00",
            "receiveTimeType": 0,
            "expressPayMethod": "1",
            "expressType": "1",
            "remark": "冷链、易碎 周末送",
            "fromAddress": {
                "provinceName": "浙江省",
                "cityName": "杭州市",
                "countryName": "余杭区",
                "address": "示例路1号",
                "contact": "示例仓",
                "phone": "13800000000",
                "mobile": "13800000000",
            },
            "toAddress": {
                "provinceName": "浙江",
                "cityName": "杭州市",
                "countryName": "余杭区",
                "countrysideName": "示例街道",
                "address": "address-cipher",
                "contact": "name-cipher",
                "phone": "mobile-cipher",
                "mobile": "mobile-cipher",
            },
        }
    }


@respx.mock
async def test_the_handle_goes_along_where_there_is_one(waybills: JdWaybills) -> None:
    asked = route(RECEIVE).mock(return_value=got())
    await waybills.create(request(receiver=CIPHER.model_copy(update={"handle": "oaid-1"})))
    to = sent(asked.calls.last)["content"]["toAddress"]
    assert (to["oaid"], to["contact"]) == ("oaid-1", "name-cipher")


@respx.mock
async def test_a_franchise_courier_is_asked_by_its_branch(waybills: JdWaybills) -> None:
    asked = route(RECEIVE).mock(return_value=got("YT1234567890123"))
    assert (await waybills.create(request(carrier=Carrier.YTO))).number == "YT1234567890123"
    content = sent(asked.calls.last)["content"]
    assert (content["providerCode"], content["branchCode"]) == ("YTO", "YTO1")
    assert not {"settlementCode", "expressType", "expressPayMethod"} & set(content)


@respx.mock
async def test_what_the_settings_say_otherwise(tokens: MemoryTokens) -> None:
    terms = {Carrier.JTSD: {"code": "JTSD", "branch_code": "J1"}, Carrier.DEPPON: {"settlement_code": "D1"}}
    api = JosApi(settings(couriers=terms, shops={SHOP: JdShop(name="示例旗舰店")}), tokens)
    asked = route(RECEIVE).mock(return_value=got("X1"))
    for carrier in (Carrier.JTSD, Carrier.DEPPON):
        await JdWaybills(api).create(request(carrier=carrier))
    contents = [sent(call)["content"] for call in asked.calls]
    assert [content["providerCode"] for content in contents] == ["JTSD", "DBKD"]
    assert contents[0]["vendorName"] == "示例旗舰店"
    await api.close()


@respx.mock
async def test_long_texts_are_cut_and_nothing_to_say_is_not_said(waybills: JdWaybills) -> None:
    asked = route(RECEIVE).mock(return_value=got())
    await waybills.create(request(remark="长" * 500, goods=(Goods("A", "杯" * 500, 1),)))
    content = sent(asked.calls.last)["content"]
    assert (len(content["remark"]), len(content["goodsName"])) == (200, 100)
    await waybills.create(request(remark="", requirements=()))
    assert sent(asked.calls.last)["content"]["remark"] == ""


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
    waybills: JdWaybills, changes: dict[str, Any]
) -> None:
    asked = route(RECEIVE).mock(return_value=got())
    with pytest.raises(Rejected):
        await waybills.create(request(**changes))
    assert not asked.called


async def test_without_a_sender_there_are_no_e_waybills(tokens: MemoryTokens) -> None:
    api = JosApi(settings(sender=None), tokens)
    with pytest.raises(Rejected, match="no e-waybills"):
        await JdWaybills(api).create(request())
    assert await JdWaybills(api).find(request()) is None
    await api.close()


@respx.mock
async def test_the_sdks_envelope_is_read_as_well(waybills: JdWaybills) -> None:
    route(RECEIVE).mock(return_value=ok(RECEIVE, {"resultInfo": answer(waybillCodeList=[NUMBER])}))
    assert await waybills.create(request()) == WAYBILL
    route(RECEIVE).mock(return_value=httpx.Response(200, json=answer("0", waybillCodeList=[NUMBER, NUMBER])))
    assert await waybills.create(request()) == WAYBILL


@respx.mock
@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (refused("地址不可达，该地区暂不支持派送"), Rejected),
        (refused("承运商未签约"), Rejected),
        (refused("订单已锁定，不能取号"), Rejected),
        (refused("接口限流"), Throttled),
        (refused("系统繁忙"), OutcomeUnknown),
        (refused("服务异常", -1), OutcomeUnknown),
        (refused("?", 7), OutcomeUnknown),
        (refused("?", "x"), OutcomeUnknown),
        (got("A", "B"), OutcomeUnknown),
        (httpx.Response(200, json=answer()), OutcomeUnknown),
        (httpx.Response(200, json=answer(waybillCodeList=[])), OutcomeUnknown),
        (httpx.Response(200, json=answer(waybillCodeList=[7])), OutcomeUnknown),
        (ok(RECEIVE, {}), OutcomeUnknown),
        (error("13", "签名错误"), Misconfigured),
        (error("63", "超过调用次数"), Throttled),
        (httpx.Response(200, html="<h1>"), OutcomeUnknown),
        (httpx.Response(502), OutcomeUnknown),
        (httpx.Response(503), Unavailable),
    ],
)
async def test_what_a_question_may_end_in(
    waybills: JdWaybills, reply: httpx.Response, expected: type[PartnerError]
) -> None:
    route(RECEIVE).mock(return_value=reply)
    with pytest.raises(PartnerError) as caught:
        await waybills.create(request())
    assert type(caught.value) is expected


@respx.mock
async def test_a_time_out_may_have_made_a_waybill(waybills: JdWaybills) -> None:
    route(RECEIVE).mock(side_effect=httpx.ReadTimeout)
    with pytest.raises(OutcomeUnknown):
        await waybills.create(request())


@respx.mock
async def test_it_is_found_by_asking_again_under_the_same_key(waybills: JdWaybills) -> None:
    asked = route(RECEIVE).mock(side_effect=[httpx.ReadTimeout, got()])
    with pytest.raises(OutcomeUnknown):
        await waybills.create(request())
    assert await waybills.find(request()) == WAYBILL
    first, second = (sent(call) for call in asked.calls)
    assert first == second


@respx.mock
@pytest.mark.parametrize(
    "words", ["该商家订单的运单已解绑，请更换商家订单号", "订单已出库", "订单已取消", "承运商未签约", "地址不可达"]
)
async def test_where_asking_again_is_refused_there_is_none(waybills: JdWaybills, words: str) -> None:
    route(RECEIVE).mock(return_value=refused(words))
    assert await waybills.find(request()) is None


@respx.mock
@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (refused("订单已锁定，不能取号"), Unavailable),
        (refused("服务异常", -1), OutcomeUnknown),
        (error("99", "接口限流"), Throttled),
    ],
)
async def test_what_says_nothing_of_an_earlier_number_is_asked_again_later(
    waybills: JdWaybills, reply: httpx.Response, expected: type[PartnerError]
) -> None:
    route(RECEIVE).mock(return_value=reply)
    with pytest.raises(PartnerError) as caught:
        await waybills.find(request())
    assert type(caught.value) is expected


@respx.mock
async def test_nobody_is_asked_for_what_there_surely_is_not(waybills: JdWaybills) -> None:
    asked = route(RECEIVE).mock(return_value=got())
    assert await waybills.find(request(channel=Channel.DOUYIN)) is None
    assert await waybills.find(request(carrier=Carrier.ZTO)) is None
    assert not asked.called


@respx.mock
async def test_a_number_is_given_back(waybills: JdWaybills) -> None:
    asked = route(UNBIND).mock(return_value=unbound())
    assert await waybills.void(WAYBILL) is VoidOutcome.VOIDED
    assert sent(asked.calls.last) == {"providerCode": "SF", "waybillCode": NUMBER}
    assert asked.call_count == 1


@respx.mock
@pytest.mark.parametrize(
    ("words", "outcome"),
    [("运单号不存在", VoidOutcome.NOT_FOUND), ("快件已揽收，不能解绑", VoidOutcome.TOO_LATE)],
)
async def test_what_giving_back_may_come_to(waybills: JdWaybills, words: str, outcome: VoidOutcome) -> None:
    asked = route(UNBIND).mock(return_value=unbound(1, words))
    assert await waybills.void(WAYBILL) is outcome
    assert asked.call_count == (2 if outcome is VoidOutcome.NOT_FOUND else 1)


@respx.mock
async def test_the_shop_whose_number_it_is_is_found(waybills: JdWaybills) -> None:
    asked = route(UNBIND).mock(side_effect=[unbound(1, "运单号不存在"), unbound()])
    assert await waybills.void(WAYBILL) is VoidOutcome.VOIDED
    assert [form(call)["access_token"] for call in asked.calls] == [f"access-{SHOP}", f"access-{OTHER_SHOP}"]


@respx.mock
@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (unbound(1, "商家编码错误"), Rejected),
        (unbound(-1, "服务异常"), OutcomeUnknown),
        (ok(UNBIND, {}), OutcomeUnknown),
        (error("7"), Rejected),
        (httpx.Response(502), OutcomeUnknown),
    ],
)
async def test_what_giving_back_may_end_in(
    waybills: JdWaybills, reply: httpx.Response, expected: type[PartnerError]
) -> None:
    route(UNBIND).mock(return_value=reply)
    with pytest.raises(PartnerError) as caught:
        await waybills.void(WAYBILL)
    assert type(caught.value) is expected


async def test_a_number_of_a_courier_that_is_not_in_the_settings(waybills: JdWaybills) -> None:
    with pytest.raises(Rejected, match="OTHER"):
        await waybills.void(Waybill(KEY, Provider.JD, Carrier.OTHER, NUMBER))


@pytest.mark.parametrize("codes", [{}, {"branch_code": "a", "settlement_code": "b"}])
def test_terms_have_one_code(codes: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="either"):
        CourierTerms(**codes)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just(NUMBER),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["resultInfo", "statusCode", "statusMessage", "data", "waybillCodeList"]), inner
        )
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.just("resultInfo"), _VALUES))
def test_no_answer_raises_anything_else(body: dict[str, Any]) -> None:
    with suppress(PartnerError, ValueError):
        assert created_number(RECEIVE, body)
