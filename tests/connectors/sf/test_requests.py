from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.errors import Rejected
from connectors.sf import SfSettings, requests
from connectors.sf.signing import msg_digest
from domain.order import Channel, CipherReceiver, Region, Requirement
from domain.shipping import WaybillRequest
from tests.connectors.sf.conftest import KEY, NUMBER
from tests.connectors.sf.test_client import REROUTE, RETURN
from tests.vectors import vector


def test_msg_digest_vector() -> None:
    known = vector("sf", "msgDigest java-urlencoder rule")
    given = known["inputs"]
    assert msg_digest(given["msg_data"], given["timestamp"], given["check_word"]) == known["expected"]


def test_form_signs_the_very_text_that_it_sends(settings: SfSettings) -> None:
    given = vector("sf", "msgDigest java-urlencoder rule")
    form = requests.form(settings, "EXP_RECE_X", given["inputs"]["msg_data"], "r-1", 1700000000000)
    assert form == {
        "partnerID": "OHTEST",
        "requestID": "r-1",
        "serviceCode": "EXP_RECE_X",
        "timestamp": "1700000000000",
        "msgData": given["inputs"]["msg_data"],
        "msgDigest": given["expected"],
    }


def test_create_order(settings: SfSettings, request_: WaybillRequest) -> None:
    assert requests.create_order(settings, request_) == {
        "language": "zh-CN",
        "orderId": KEY,
        "contactInfoList": [
            {
                "contactType": 1,
                "contact": "测试仓",
                "tel": "021-60000000",
                "country": "CN",
                "province": "上海市",
                "city": "上海市",
                "county": "青浦区",
                "address": "测试路1号",
                "company": "测试公司",
            },
            {
                "contactType": 2,
                "contact": "测试",
                "mobile": "13800000000",
                "country": "CN",
                "province": "浙江省",
                "city": "杭州市",
                "county": "西湖区",
                "address": "转塘街道测试路2号",
            },
        ],
        "cargoDetails": [{"name": "测试商品", "count": 2}, {"name": "赠品", "count": 1}],
        "expressTypeId": 2,
        "payMethod": 1,
        "monthlyCard": "7551234567",
        "parcelQty": 1,
        "totalWeight": 1.25,
        "isDocall": 0,
        "isGenWaybillNo": 1,
        "remark": "",
    }


def test_call_courier_is_a_setting(settings: SfSettings, request_: WaybillRequest) -> None:
    calling = settings.model_copy(update={"call_courier": True})
    assert requests.create_order(calling, request_)["isDocall"] == 1


@pytest.mark.parametrize(
    ("requirements", "product", "remark"),
    [
        ((Requirement.FRAGILE, Requirement.UPRIGHT), 2, "易碎、向上 放门口"),
        ((Requirement.COLD_CHAIN,), 201, "冷链 放门口"),
        (tuple(Requirement), 201, "冷链、易碎、向上 放门口"),
        ((), 2, "放门口"),
    ],
)
def test_requirements_reach_the_waybill(
    settings: SfSettings, request_: WaybillRequest, requirements: tuple[Requirement, ...], product: int, remark: str
) -> None:
    message = requests.create_order(settings, replace(request_, requirements=requirements, remark="放门口"))
    assert (message["expressTypeId"], message["remark"]) == (product, remark)


def test_a_long_remark_never_cuts_off_the_requirements(settings: SfSettings, request_: WaybillRequest) -> None:
    wordy = replace(request_, requirements=tuple(Requirement), remark="长" * 500)
    remark = requests.create_order(settings, wordy)["remark"]
    assert remark.startswith("冷链、易碎、向上 长")
    assert len(remark) == 100


def test_an_encrypted_receiver_is_rejected(settings: SfSettings, request_: WaybillRequest) -> None:
    receiver = CipherReceiver(
        platform=Channel.TAOBAO, name_cipher="~n~", phone_cipher="~p~", detail_cipher="~d~", region=Region()
    )
    with pytest.raises(Rejected):
        requests.create_order(settings, replace(request_, receiver=receiver))


def test_other_messages() -> None:
    assert requests.search_order(KEY) == {"language": "zh-CN", "orderId": KEY, "searchType": "1"}
    assert requests.cancel_order(KEY) == {"language": "zh-CN", "orderId": KEY, "dealType": 2}
    assert requests.search_routes(NUMBER) == {
        "language": "zh-CN",
        "trackingType": 1,
        "trackingNumber": [NUMBER],
        "methodType": 1,
    }


def test_intercept_sends_a_parcel_on(settings: SfSettings) -> None:
    assert requests.intercept(settings, REROUTE) == {
        "waybillNo": NUMBER,
        "serviceCode": "1",
        "role": "1",
        "payMode": "4",
        "monthlyCardNo": settings.monthly_card.get_secret_value(),
        "newDestAddress": {
            "province": "江苏省",
            "city": "南京市",
            "county": "鼓楼区",
            "address": "测试镇新路3号",
            "contact": "测试乙",
            "phone": "13800000001",
        },
        "cancel": False,
    }


def test_intercept_sends_a_parcel_back_to_its_sender(settings: SfSettings) -> None:
    message = requests.intercept(settings, RETURN)
    assert message["serviceCode"] == "2"
    assert message["newDestAddress"] == {
        "province": "上海市",
        "city": "上海市",
        "county": "青浦区",
        "address": "测试路1号",
        "contact": "测试仓",
        "phone": "021-60000000",
    }
