from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace

import pytest

from connectors.credit import CreditSettings
from connectors.credit.requests import check_call, finish_call, lookup_call
from connectors.credit.signing import signature
from connectors.errors import Rejected
from tests.connectors.credit.conftest import NOW, credit_request
from tests.vectors import vector

NONCE = "abcdefghijklmnop"


def test_signature_equals_the_vector() -> None:
    case = vector("credit", "proposed contract signature")
    inputs = {**case["inputs"], "body": case["inputs"]["body"].encode()}
    assert signature(**inputs) == case["expected"]


def test_check_asks_with_all_fields_of_the_contract(settings: CreditSettings) -> None:
    call = check_call(settings, credit_request(), NOW, NONCE)
    assert (call.method, call.path) == ("POST", "/credit/v1/checks")
    assert json.loads(call.body) == {
        "request_id": "b2b:main:SO1:credit:1",
        "order_key": "b2b:main:SO1",
        "customer": {"external_id": "C10086", "name": "测试商贸", "tax_no": "91310000TEST"},
        "amount_fen": 1280000,
        "currency": "CNY",
        "payment_terms": "NET30",
        "order_time": "2026-03-01T10:20:31+08:00",
        "callback_url": "https://hub.example/hooks/credit",
        "reserve": True,
    }
    assert call.headers["Idempotency-Key"] == "b2b:main:SO1:credit:1"
    assert call.headers["X-Credit-App"] == "orderhub"
    assert call.headers["X-Credit-Timestamp"] == "1772331631"
    assert call.headers["X-Credit-Nonce"] == NONCE


def test_a_path_prefix_of_the_base_url_is_signed(settings: CreditSettings) -> None:
    call = lookup_call(settings, "b2b:main:SO1:credit:1", NOW, NONCE)
    text = (
        f"GET\n/tenant-7/credit/v1/checks/b2b:main:SO1:credit:1\n1772331631\n{NONCE}\n{hashlib.sha256(b'').hexdigest()}"
    )
    assert call.headers["X-Credit-Signature"] == hmac.new(b"creditsecret", text.encode(), "sha256").hexdigest()
    assert "Idempotency-Key" not in call.headers


def test_ids_are_encoded_in_paths(settings: CreditSettings) -> None:
    assert lookup_call(settings, "a/b 号", NOW, NONCE).path == "/credit/v1/checks/a%2Fb%20%E5%8F%B7"
    assert finish_call(settings, "R/1", "commit", NOW, NONCE).path == "/credit/v1/reservations/R%2F1/commit"


def test_finishing_is_keyed_by_reservation_and_action(settings: CreditSettings) -> None:
    assert finish_call(settings, "R1", "release", NOW, NONCE).headers["Idempotency-Key"] == "R1:release"


def test_an_id_that_no_header_can_carry_is_rejected(settings: CreditSettings) -> None:
    with pytest.raises(Rejected):
        check_call(settings, replace(credit_request(), request_id="单\n1"), NOW, NONCE)
