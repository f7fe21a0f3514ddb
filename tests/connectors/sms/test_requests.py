from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest

from connectors.errors import Misconfigured, Rejected
from connectors.sms import SmsSettings
from connectors.sms.requests import details_call, send_call
from connectors.sms.signing import authorization, canonical_request, signature
from domain.clock import BEIJING
from domain.shipping import Sms
from tests.vectors import vector

NOW = datetime(2026, 3, 1, 2, 20, 30, tzinfo=UTC)
NONCE = "00000000000000000000000000000001"
MESSAGE = Sms("n-1", "+8613800000000", "clerk_waybill", {"order": "OH001", "no": "SF 123"})


@pytest.mark.parametrize("name", ["ACS3-HMAC-SHA256 (vendor example for another service)", "SendSms"])
def test_signature_equals_the_vectors(name: str) -> None:
    case = vector("aliyun-sms", name)
    inputs = case["inputs"]
    body_sha256 = hashlib.sha256(inputs["body"].encode()).hexdigest()
    canonical = canonical_request("POST", "/", inputs["query"], inputs["headers"], body_sha256)
    assert canonical == inputs["canonical_request"]
    assert signature(canonical, inputs["access_key_secret"]) == case["expected"]


def test_authorization_header() -> None:
    assert authorization("id", {"x-b": "2", "host": "1"}, "abc") == (
        "ACS3-HMAC-SHA256 Credential=id,SignedHeaders=host;x-b,Signature=abc"
    )


def test_send_carries_its_parameters_in_the_body(settings: SmsSettings) -> None:
    call = send_call(settings, MESSAGE, NOW, NONCE)
    form = {name: values[0] for name, values in parse_qs(call.body.decode()).items()}
    assert json.loads(form.pop("TemplateParam")) == {"order": "OH001", "no": "SF 123"}
    assert form == {
        "PhoneNumbers": "13800000000",
        "SignName": "测试签名",
        "TemplateCode": "SMS_000000001",
        "OutId": "n-1",
    }
    assert call.headers["x-acs-action"] == "SendSms"
    assert call.headers["x-acs-version"] == "2017-05-25"
    assert call.headers["x-acs-date"] == "2026-03-01T02:20:30Z"
    assert call.headers["x-acs-content-sha256"] == hashlib.sha256(call.body).hexdigest()
    assert call.headers["host"] == "dysmsapi.aliyuncs.com"


def test_the_body_and_its_type_are_signed(settings: SmsSettings) -> None:
    call = send_call(settings, MESSAGE, NOW, NONCE)
    signed = {name: value for name, value in call.headers.items() if name != "authorization"}
    assert signed["content-type"] == "application/x-www-form-urlencoded"
    canonical = canonical_request("POST", "/", {}, signed, hashlib.sha256(call.body).hexdigest())
    assert call.headers["authorization"] == authorization("testId", signed, signature(canonical, "testSecret"))


def test_dates_go_out_in_utc_and_days_in_beijing(settings: SmsSettings) -> None:
    evening = datetime(2026, 3, 1, 17, 0, tzinfo=UTC)
    call = details_call(settings, "13800000000", evening, 2, NOW.astimezone(BEIJING), NONCE)
    assert call.headers["x-acs-date"] == "2026-03-01T02:20:30Z"
    assert call.headers["x-acs-action"] == "QuerySendDetails"
    assert parse_qs(call.body.decode()) == {
        "PhoneNumber": ["13800000000"],
        "SendDate": ["20260302"],
        "PageSize": ["50"],
        "CurrentPage": ["2"],
    }


@pytest.mark.parametrize("phone", ["13800000000", "+8613800000000", "8613800000000", "008613800000000"])
def test_mainland_numbers_go_out_as_eleven_digits(phone: str, settings: SmsSettings) -> None:
    call = send_call(settings, replace(MESSAGE, phone=phone), NOW, NONCE)
    assert parse_qs(call.body.decode())["PhoneNumbers"] == ["13800000000"]


@pytest.mark.parametrize("phone", ["", "057100000000", "13800000000,13800000001", "13800000000-1234", "1380000000"])
def test_other_numbers_are_rejected_and_not_quoted(phone: str, settings: SmsSettings) -> None:
    with pytest.raises(Rejected) as caught:
        send_call(settings, replace(MESSAGE, phone=phone), NOW, NONCE)
    assert not phone or phone not in str(caught.value)


def test_a_purpose_without_a_template_is_misconfigured(settings: SmsSettings) -> None:
    with pytest.raises(Misconfigured, match="purpose other"):
        send_call(settings, replace(MESSAGE, template="other"), NOW, NONCE)


def test_the_keys_are_not_in_the_settings_text(settings: SmsSettings) -> None:
    assert "testSecret" not in repr(settings)
    assert "testId" not in repr(settings)
