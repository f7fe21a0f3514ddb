from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.credit import CreditCallback, CreditSettings
from connectors.credit.signing import signature
from connectors.errors import DocumentUnreadable, PushRefused
from connectors.ports import Document, Push
from domain.news import CreditNews
from domain.shipping import CreditAnswer, CreditDecision
from tests.connectors.credit.conftest import NOW

PATH = "/hooks/credit"
EVENT: dict[str, Any] = {
    "event_id": "E1",
    "request_id": "b2b:main:SO1:credit:1",
    "check_id": "K1",
    "status": "DONE",
    "decision": "REJECTED",
    "reason_code": "OVER_LIMIT",
    "reason": "超出额度",
    "reservation_id": None,
}


def signed(body: bytes, **changed: str) -> Push:
    headers = {
        "x-credit-app": "orderhub",
        "x-credit-timestamp": str(int(NOW.timestamp())),
        "x-credit-nonce": "0123456789abcdef",
    } | changed
    headers.setdefault(
        "x-credit-signature",
        signature("POST", PATH, headers["x-credit-timestamp"], headers["x-credit-nonce"], body, "creditsecret"),
    )
    return Push("POST", PATH, "", {}, headers, body, NOW)


@pytest.fixture
def callback(settings: CreditSettings) -> CreditCallback:
    return CreditCallback(settings)


async def test_a_decision_becomes_news(callback: CreditCallback) -> None:
    (document,) = callback.unpack(signed(json.dumps(EVENT).encode()))
    assert (document.source, document.kind, document.document_id, document.version) == (
        "credit",
        "credit.decision",
        "E1",
        1,
    )
    assert await callback.interpret(document) == [
        CreditNews(CreditAnswer("b2b:main:SO1:credit:1", CreditDecision.REJECTED, "超出额度", ""))
    ]


def test_a_repeat_and_a_replay_give_the_same_document(callback: CreditCallback) -> None:
    body = json.dumps(EVENT).encode()
    again = signed(body, **{"x-credit-nonce": "another-nonce-of-the-sender"})
    assert callback.unpack(signed(body)) == callback.unpack(again) == callback.unpack(signed(body))


def test_a_new_event_is_another_document(callback: CreditCallback) -> None:
    (first,) = callback.unpack(signed(json.dumps(EVENT).encode()))
    (second,) = callback.unpack(signed(json.dumps({**EVENT, "event_id": "E2"}).encode()))
    assert first.document_id != second.document_id


def test_the_clock_may_be_five_minutes_off(callback: CreditCallback) -> None:
    push = signed(json.dumps(EVENT).encode())
    for seconds in (-300, 300):
        assert callback.unpack(replace(push, received_at=NOW + timedelta(seconds=seconds)))
    for seconds in (-301, 301):
        with pytest.raises(PushRefused):
            callback.unpack(replace(push, received_at=NOW + timedelta(seconds=seconds)))


@pytest.mark.parametrize(
    "changed",
    [
        {"x-credit-app": "somebody"},
        {"x-credit-timestamp": ""},
        {"x-credit-timestamp": "soon"},
        {"x-credit-nonce": "short"},
        {"x-credit-signature": ""},
        {"x-credit-signature": "0" * 64},
        {"x-credit-signature": "é"},
    ],
)
def test_what_is_not_signed_right_is_refused(changed: dict[str, str], callback: CreditCallback) -> None:
    with pytest.raises(PushRefused):
        callback.unpack(signed(json.dumps(EVENT).encode(), **changed))


def test_body_path_and_method_are_signed(callback: CreditCallback) -> None:
    push = signed(json.dumps(EVENT).encode())
    for forged in (
        replace(push, body=push.body.replace(b"REJECTED", b"APPROVED")),
        replace(push, path="/hooks/other"),
        replace(push, method="PUT"),
    ):
        with pytest.raises(PushRefused):
            callback.unpack(forged)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"<xml/>",
        b"[]",
        json.dumps({**EVENT, "status": "PENDING"}).encode(),
        json.dumps({**EVENT, "decision": "MAYBE"}).encode(),
        json.dumps({**EVENT, "event_id": ""}).encode(),
        json.dumps({**EVENT, "event_id": "E\x001"}).encode(),
        json.dumps({**EVENT, "request_id": "R\x001"}).encode(),
        json.dumps({**EVENT, "reason": "no\x00"}).encode(),
        json.dumps({k: v for k, v in EVENT.items() if k != "event_id"}).encode(),
    ],
)
def test_genuine_but_unreadable(body: bytes, callback: CreditCallback) -> None:
    with pytest.raises(DocumentUnreadable):
        callback.unpack(signed(body))


async def test_a_stored_document_that_cannot_be_read_goes_to_quarantine(callback: CreditCallback) -> None:
    with pytest.raises(DocumentUnreadable):
        await callback.interpret(Document("credit", "credit.decision", "E1", 1, '{"event_id":"E1"}'))


def test_words_to_the_bureau(callback: CreditCallback) -> None:
    push = signed(b"{}")
    accepted, refused = callback.accepted(push), callback.refused(push, "wrong signature")
    assert (accepted.status, json.loads(accepted.body)) == (200, {"code": 0})
    assert refused.status == 401
    assert json.loads(refused.body)["code"] != 0
    assert b"signature" not in refused.body


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NEAR_EVENTS = st.fixed_dictionaries({}, optional={key: st.just(value) | JSON_VALUES for key, value in EVENT.items()})
HEADERS = st.dictionaries(
    st.sampled_from(["x-credit-app", "x-credit-timestamp", "x-credit-nonce", "x-credit-signature"]),
    st.text() | st.sampled_from(["orderhub", str(int(NOW.timestamp()))]),
)
PLAIN = CreditCallback(
    CreditSettings.model_validate(
        {"base_url": "https://crm.example", "app": "orderhub", "secret": "creditsecret", "callback_url": "-"}
    )
)


@hypothesis.settings(deadline=None)
@given(body=st.binary() | (JSON_VALUES | NEAR_EVENTS).map(lambda value: json.dumps(value).encode()))
async def test_any_genuine_body_is_news_or_unreadable(body: bytes) -> None:
    try:
        for document in PLAIN.unpack(signed(body)):
            assert await PLAIN.interpret(document)
            assert document.body.encode() == body
    except DocumentUnreadable:
        pass


@hypothesis.settings(deadline=None)
@given(body=st.binary(), headers=HEADERS, path=st.text())
def test_no_stranger_gets_a_document_in(body: bytes, headers: dict[str, str], path: str) -> None:
    with pytest.raises(PushRefused):
        PLAIN.unpack(Push("POST", path, "", {}, headers, body, NOW))
