from __future__ import annotations

import json

import pytest

from connectors.errors import Rejected
from connectors.kdniao import KdniaoSettings, carrier_of, shipper_code
from connectors.kdniao.requests import signed_form, waybill_data
from connectors.kdniao.signing import data_sign
from domain.shipping import Carrier
from tests.vectors import vector


@pytest.mark.parametrize("name", ["DataSign ascii", "DataSign utf-8 with + / = &"])
def test_signature_of_the_vectors(name: str) -> None:
    entry = vector("kdniao", name)
    assert data_sign(entry["inputs"]["request_data"], entry["inputs"]["app_key"]) == entry["expected"]


@pytest.mark.parametrize(
    ("carrier", "expected"),
    [
        (Carrier.YTO, {"ShipperCode": "YTO", "LogisticCode": "YT01"}),
        (Carrier.SF, {"ShipperCode": "SF", "LogisticCode": "YT01", "CustomerName": "0000"}),
        (Carrier.ZTO, {"ShipperCode": "ZTO", "LogisticCode": "YT01", "CustomerName": "0000"}),
        (Carrier.JD, {"ShipperCode": "JD", "LogisticCode": "YT01", "CustomerName": "JDM01"}),
    ],
)
def test_waybill_data(settings: KdniaoSettings, carrier: Carrier, expected: dict[str, str]) -> None:
    assert waybill_data(settings, "query", carrier, "YT01", "0000") == expected


def test_only_the_last_four_digits_of_a_phone_go_out(settings: KdniaoSettings) -> None:
    assert waybill_data(settings, "query", Carrier.SF, "SF01", "13800001234")["CustomerName"] == "1234"


def test_an_unknown_phone_sends_no_customer_name(settings: KdniaoSettings) -> None:
    assert "CustomerName" not in waybill_data(settings, "query", Carrier.SF, "SF01", "")


@pytest.mark.parametrize("number", ["", *(f"SF{character}01" for character in "'\"#&+<>%\\")])
def test_forbidden_characters_in_a_number_are_refused(settings: KdniaoSettings, number: str) -> None:
    with pytest.raises(Rejected) as caught:
        waybill_data(settings, "query", Carrier.SF, number, "0000")
    assert caught.value.code == "403"


def test_a_courier_without_a_code_is_refused(settings: KdniaoSettings) -> None:
    with pytest.raises(Rejected):
        waybill_data(settings, "query", Carrier.OTHER, "X01", "")


def test_form_has_exactly_the_five_fields(settings: KdniaoSettings) -> None:
    form = signed_form(settings, "8001", {"ShipperCode": "YTO", "LogisticCode": "YT01"})
    assert json.loads(form["RequestData"]) == {"ShipperCode": "YTO", "LogisticCode": "YT01"}
    assert form == {
        "RequestData": '{"ShipperCode":"YTO","LogisticCode":"YT01"}',
        "EBusinessID": "1237100",
        "RequestType": "8001",
        "DataSign": data_sign(form["RequestData"], "test-app-key"),
        "DataType": "2",
    }


def test_carriers_and_codes_are_one_to_one() -> None:
    known = [carrier for carrier in Carrier if carrier is not Carrier.OTHER]
    codes = [shipper_code(carrier) for carrier in known]
    assert len(set(codes)) == len(known)
    assert [carrier_of(code) for code in codes if code] == known
    assert shipper_code(Carrier.OTHER) is None
    assert carrier_of("KYSY") is Carrier.OTHER
    assert (shipper_code(Carrier.YUNDA), shipper_code(Carrier.DEPPON)) == ("YD", "DBL")
