from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import DocumentUnreadable, PushRefused
from connectors.ports import Push
from connectors.sms import SmsReceipts
from domain.clock import parse_beijing
from domain.news import SmsReceipt
from tests.connectors.sms.conftest import RECEIPT_SECRET, sms_settings

REPORT: dict[str, Any] = {
    "phone_number": "13800000000",
    "send_time": "2026-03-01 10:20:31",
    "report_time": "2026-03-01 10:20:35",
    "success": True,
    "err_code": "DELIVERED",
    "err_msg": "用户接收成功",
    "sms_size": "1",
    "biz_id": "900619746936498440^0",
    "out_id": "n-1",
}
RECEIPTS = SmsReceipts(sms_settings())


def push(body: object, secret: str = RECEIPT_SECRET) -> Push:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Push("POST", f"/hooks/sms/{secret}", secret, {}, {}, raw, datetime(2026, 3, 1, tzinfo=UTC))


async def test_each_report_is_a_document_without_the_number() -> None:
    documents = RECEIPTS.unpack(push([REPORT, {**REPORT, "biz_id": "2^0", "out_id": "n-2", "success": False}]))
    assert [document.document_id for document in documents] == ["900619746936498440^0", "2^0"]
    assert not any("13800000000" in document.body for document in documents)
    at = parse_beijing("2026-03-01 10:20:35")
    assert await RECEIPTS.interpret(documents[0]) == [SmsReceipt("n-1", True, "", at)]
    assert await RECEIPTS.interpret(documents[1]) == [SmsReceipt("n-2", False, "DELIVERED", at)]


def test_a_repeat_is_the_same_document_and_a_later_report_another() -> None:
    (first,) = RECEIPTS.unpack(push([REPORT]))
    (later,) = RECEIPTS.unpack(push([{**REPORT, "report_time": "2026-03-01 10:21:00"}]))
    assert RECEIPTS.unpack(push([REPORT])) == [first]
    assert later.document_id == first.document_id
    assert later.version > first.version


@pytest.mark.parametrize("out_id", ["", None])
async def test_messages_of_other_systems_are_no_news(out_id: str | None) -> None:
    (document,) = RECEIPTS.unpack(push([{**REPORT, "out_id": out_id}]))
    assert await RECEIPTS.interpret(document) == []


async def test_a_failure_without_a_code() -> None:
    (document,) = RECEIPTS.unpack(push([{**REPORT, "success": False, "err_code": ""}]))
    (news,) = await RECEIPTS.interpret(document)
    assert (news.delivered, news.error) == (False, "UNKNOWN")


@pytest.mark.parametrize("secret", ["", "guess", RECEIPT_SECRET + "x", "秘密"])
def test_a_wrong_address_is_refused(secret: str) -> None:
    with pytest.raises(PushRefused):
        RECEIPTS.unpack(push([REPORT], secret))


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"<xml/>", b"{}", b"null", b"[" * 100_000, b"[" + b"9" * 5000 + b"]"]
)
def test_no_list_of_receipts(body: bytes) -> None:
    with pytest.raises(DocumentUnreadable):
        RECEIPTS.unpack(push(body))


@pytest.mark.parametrize(
    "bad",
    [
        None,
        "text",
        {**REPORT, "biz_id": ""},
        {**REPORT, "out_id": "n\x00"},
        {**REPORT, "out_id": "\ud800"},
        {**REPORT, "success": "perhaps"},
        {**REPORT, "report_time": "yesterday"},
        {key: value for key, value in REPORT.items() if key != "report_time"},
    ],
)
async def test_one_bad_report_goes_to_quarantine_alone(bad: object) -> None:
    unreadable, good = RECEIPTS.unpack(push([bad, REPORT]))
    assert await RECEIPTS.interpret(good)
    assert "13800000000" not in unreadable.body
    assert RECEIPTS.unpack(push([bad]))[0] == unreadable
    with pytest.raises(DocumentUnreadable):
        await RECEIPTS.interpret(unreadable)


def test_words_to_aliyun() -> None:
    accepted, refused = RECEIPTS.accepted(push([])), RECEIPTS.refused(push([]), "wrong path secret")
    assert (accepted.status, json.loads(accepted.body)) == (200, {"code": 0, "msg": "接收成功"})
    assert refused.status == 404
    assert b"secret" not in refused.body


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NEAR_REPORTS = st.fixed_dictionaries({}, optional={key: st.just(value) | JSON_VALUES for key, value in REPORT.items()})


@hypothesis.settings(deadline=None)
@given(
    body=st.binary()
    | (JSON_VALUES | st.lists(NEAR_REPORTS | JSON_VALUES, max_size=4)).map(lambda value: json.dumps(value).encode())
)
async def test_any_body_is_news_or_unreadable(body: bytes) -> None:
    try:
        documents = RECEIPTS.unpack(push(body))
    except DocumentUnreadable:
        return
    for document in documents:
        document.body.encode()
        with contextlib.suppress(DocumentUnreadable):
            assert len(await RECEIPTS.interpret(document)) <= 1
