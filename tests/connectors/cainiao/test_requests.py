from __future__ import annotations

import json
from dataclasses import replace

import pytest

from connectors.cainiao import CainiaoSettings, requests
from connectors.cainiao.signing import data_digest
from connectors.errors import Rejected
from domain.order import Channel, CipherReceiver, Region, Requirement
from domain.shipping import Carrier, WaybillRequest
from tests.connectors.cainiao.conftest import KEY, NUMBER, SECRET
from tests.vectors import vector


def test_data_digest_vector() -> None:
    known = vector("cainiao", "data_digest")
    assert data_digest(known["inputs"]["logistics_interface"], known["inputs"]["secret"]) == known["expected"]


def test_form_signs_the_very_text_that_it_sends(settings: CainiaoSettings) -> None:
    known = vector("cainiao", "data_digest")
    assert requests.form(settings, "TMS_X", known["inputs"]["logistics_interface"]) == {
        "msg_type": "TMS_X",
        "logistic_provider_id": "token-1",
        "data_digest": known["expected"],
        "logistics_interface": known["inputs"]["logistics_interface"],
    }
    assert known["inputs"]["secret"] == SECRET


def test_get_waybill(settings: CainiaoSettings, request_: WaybillRequest) -> None:
    assert requests.get_waybill(settings, request_) == {
        "cpCode": "YTO",
        "sender": {
            "name": "测试仓",
            "phone": "021-60000000",
            "address": {"province": "上海", "city": "上海市", "district": "青浦区", "detail": "测试路1号"},
        },
        "tradeOrderInfoDtos": [
            {
                "objectId": KEY,
                "userId": 42,
                "templateUrl": "https://cloudprint.test/template/yto",
                "orderInfo": {"orderChannelsType": "OTHERS", "tradeOrderList": [KEY]},
                "packageInfo": {
                    "id": KEY,
                    "items": [{"name": "测试商品", "count": 2}, {"name": "赠品", "count": 1}],
                    "weight": 1250,
                    "goodsDescription": "测试商品x2、赠品x1",
                },
                "recipient": {
                    "name": "测试",
                    "mobile": "13800000000",
                    "address": {
                        "province": "浙江省",
                        "city": "杭州市",
                        "district": "西湖区",
                        "town": "转塘街道",
                        "detail": "测试路2号",
                    },
                },
            }
        ],
    }


def test_the_same_parcel_under_another_key_shares_nothing_that_cainiao_tells_apart(
    settings: CainiaoSettings, request_: WaybillRequest
) -> None:
    def identity(key: str) -> tuple[str, str, str]:
        [trade] = requests.get_waybill(settings, replace(request_, key=key))["tradeOrderInfoDtos"]
        return trade["objectId"], trade["orderInfo"]["tradeOrderList"][0], trade["packageInfo"]["id"]

    assert identity("first") == identity("first")
    assert not set(identity("first")) & set(identity("second"))


def test_requirements_and_remark_reach_the_waybill(settings: CainiaoSettings, request_: WaybillRequest) -> None:
    delicate = replace(request_, requirements=(Requirement.FRAGILE, Requirement.UPRIGHT), remark=" 放门口 ")
    message = requests.get_waybill(settings, delicate)
    [trade] = message["tradeOrderInfoDtos"]
    assert trade["packageInfo"]["goodsDescription"] == "易碎、向上 测试商品x2、赠品x1"
    assert json.loads(message["extraInfo"]) == {"remark": "易碎、向上 放门口"}
    assert "logisticsServices" not in trade


def test_an_agreement_names_product_customer_and_cold_chain_service(
    settings: CainiaoSettings, request_: WaybillRequest
) -> None:
    cold = replace(request_, carrier=Carrier.SF, requirements=(Requirement.COLD_CHAIN,))
    message = requests.get_waybill(settings, cold)
    [trade] = message["tradeOrderInfoDtos"]
    assert (message["cpCode"], message["customerCode"], message["productCode"]) == ("SF", "7551234567", "2")
    assert trade["templateUrl"] == "https://cloudprint.test/template/sf"
    assert trade["logisticsServices"] == '{"COLD":{"value":"1"}}'
    assert trade["packageInfo"]["goodsDescription"].startswith("冷链 ")
    [warm] = requests.get_waybill(settings, replace(cold, requirements=()))["tradeOrderInfoDtos"]
    assert "logisticsServices" not in warm


@pytest.mark.parametrize(
    ("carrier", "code"),
    [
        (Carrier.SF, "SF"),
        (Carrier.ZTO, "ZTO"),
        (Carrier.YTO, "YTO"),
        (Carrier.STO, "STO"),
        (Carrier.YUNDA, "YUNDA"),
        (Carrier.EMS, "EMS"),
        (Carrier.DEPPON, "DBKD"),
        (Carrier.JTSD, "JTSD"),
    ],
)
def test_cp_codes(carrier: Carrier, code: str) -> None:
    assert requests.cp_code(carrier, "create") == code


@pytest.mark.parametrize("carrier", [Carrier.JD, Carrier.OTHER])
def test_a_courier_that_cainiao_does_not_have(carrier: Carrier) -> None:
    with pytest.raises(Rejected):
        requests.cp_code(carrier, "create")


def test_a_courier_without_an_agreement(settings: CainiaoSettings, request_: WaybillRequest) -> None:
    with pytest.raises(Rejected):
        requests.get_waybill(settings, replace(request_, carrier=Carrier.ZTO))


def test_an_encrypted_receiver_is_rejected(settings: CainiaoSettings, request_: WaybillRequest) -> None:
    receiver = CipherReceiver(
        platform=Channel.TAOBAO, name_cipher="~n~", phone_cipher="~p~", detail_cipher="~d~", region=Region()
    )
    with pytest.raises(Rejected):
        requests.get_waybill(settings, replace(request_, receiver=receiver))


def test_other_messages(request_: WaybillRequest) -> None:
    assert requests.query_by_trade_code(request_) == {
        "paramList": [{"cpCode": "YTO", "objectId": KEY, "bizSubCode": KEY}]
    }
    assert requests.discard(Carrier.DEPPON, NUMBER) == {"cpCode": "DBKD", "waybillCode": NUMBER}
