"""Refunds of the REST protocol: understood, or refused by the name of the field."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import DocumentUnreadable
from connectors.ports import Document
from connectors.rest import Caller, Refused, RestChannel, RestDoor, TooManyRefunds
from connectors.rest.documents import refund_document
from connectors.rest.refunds import read_refund, read_refunds
from domain.news import RefundNews
from domain.order import Channel
from domain.refund import Refund, RefundKind, RefundLine, RefundStatus

from .conftest import MAIN, raw_body, refund_json, signed_push

HOUR = "2026-03-01T11:00:00"


def accepted(item: Any, caller: Caller = MAIN) -> Refund:
    (result,) = read_refunds(raw_body(item), caller)
    assert isinstance(result, Refund), result
    return result


def test_the_documented_refund() -> None:
    assert accepted(refund_json()) == Refund(
        channel=Channel.OWN,
        shop="main",
        channel_order_no="SO1001",
        refund_id="RF1",
        version=1,
        status=RefundStatus.REQUESTED,
        kind=RefundKind.MONEY,
        amount_fen=4500,
        lines=(RefundLine(line_no="1", quantity=1),),
        asked_at=datetime(2026, 3, 1, 3, 0, tzinfo=UTC),
    )


@pytest.mark.parametrize(("word", "status"), [(status.value.lower(), status) for status in RefundStatus])
def test_every_status(word: str, status: RefundStatus) -> None:
    assert accepted(refund_json(status=word)).status is status


@pytest.mark.parametrize(("word", "kind"), [(kind.value.lower(), kind) for kind in RefundKind])
def test_every_kind(word: str, kind: RefundKind) -> None:
    assert accepted(refund_json(kind=word)).kind is kind


def test_a_whole_order_and_a_whole_line() -> None:
    assert accepted(refund_json(lines=[])).lines == ()
    for line in ({"line_no": "1"}, {"line_no": "1", "quantity": None}):
        assert accepted(refund_json(lines=[line])).lines == (RefundLine(line_no="1", quantity=None),)


def test_the_channel_may_be_left_out_and_is_that_of_the_key() -> None:
    refund = refund_json(shop="till")
    del refund["channel"]
    assert accepted(refund, Caller(Channel.POS, "till")).order_id == "pos:till:SO1001"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"channel": "pos"}, "channel"),
        ({"channel": "douyin"}, "channel"),
        ({"shop": "outlet"}, "shop"),
        ({"shop": None}, "shop"),
        ({"order_no": ""}, "order_no"),
        ({"order_no": "a:b"}, "order_no"),
        ({"refund_id": ""}, "refund_id"),
        ({"refund_id": "a b"}, "refund_id"),
        ({"refund_id": "x" * 65}, "refund_id"),
        ({"refund_id": 1}, "refund_id"),
        ({"version": -1}, "version"),
        ({"version": "1"}, "version"),
        ({"version": 2**53 + 1}, "version"),
        ({"status": "REFUNDED"}, "status"),
        ({"status": "approved"}, "status"),
        ({"kind": "goods"}, "kind"),
        ({"amount_fen": -1}, "amount_fen"),
        ({"amount_fen": 45.0}, "amount_fen"),
        ({"amount_fen": "4500"}, "amount_fen"),
        ({"amount_fen": 10**12 + 1}, "amount_fen"),
        ({"lines": None}, "lines"),
        ({"lines": ["1"]}, "lines[0]"),
        ({"lines": [{"quantity": 1}]}, "lines[0].line_no"),
        ({"lines": [{"line_no": 1}]}, "lines[0].line_no"),
        ({"lines": [{"line_no": "1", "quantity": 0}]}, "lines[0].quantity"),
        ({"lines": [{"line_no": "1", "amount_fen": 1}]}, "lines[0].amount_fen"),
        ({"lines": [{"line_no": "1"}, {"line_no": "2"}, {"line_no": "1"}]}, "lines[2].line_no"),
        ({"asked_at": HOUR}, "asked_at"),
        ({"asked_at": "1772331860"}, "asked_at"),
        ({"asked_at": "1999-03-01T11:00:00+08:00"}, "asked_at"),
        ({"amount": 4500}, "amount"),
    ],
)
def test_a_bad_field_is_named(changes: dict[str, Any], field: str) -> None:
    refused = read_refund(refund_json(**changes), MAIN)
    assert isinstance(refused, Refused), refused
    assert refused.field == field
    assert refused.message


@pytest.mark.parametrize("field", [name for name in refund_json() if name != "channel"])
def test_a_missing_field_is_named(field: str) -> None:
    refund = refund_json()
    del refund[field]
    refused = read_refund(refund, MAIN)
    assert isinstance(refused, Refused)
    assert (refused.field, refused.message) == (field, "is missing")


def test_a_refused_refund_is_answered_under_its_numbers() -> None:
    refused = read_refund(refund_json(amount_fen=-1), MAIN)
    assert isinstance(refused, Refused)
    assert (refused.order_no, refused.refund_id) == ("SO1001", "RF1")
    nameless = read_refund({"refund_id": "\ud800" + "x" * 100, "order_no": 7}, MAIN)
    assert isinstance(nameless, Refused)
    assert (nameless.order_no, nameless.refund_id) == ("", "?" + "x" * 63)


def test_refunds_of_a_mini_program_are_told_by_wechat_pay() -> None:
    for channel in ({"channel": "wechat"}, {"channel": None}):
        refused = read_refund(refund_json(shop="wx1", **channel), Caller(Channel.WECHAT, "wx1"))
        assert isinstance(refused, Refused)
        assert refused.field == "channel"


def test_one_bad_refund_does_not_hold_up_the_others() -> None:
    batch = {"refunds": [refund_json(), "no refund", refund_json(refund_id="RF2")]}
    first, odd, last = read_refunds(raw_body(batch), MAIN)
    assert isinstance(first, Refund)
    assert isinstance(odd, Refused)
    assert isinstance(last, Refund)
    assert (first.refund_id, odd.refund_id, last.refund_id) == ("RF1", "", "RF2")


@pytest.mark.parametrize(
    "body", [b"", b"no json", b"[]", b"1", b"null", b'{"refunds": {}}', b'{"refunds": [], "x": 1}', b"[" * 100_000]
)
def test_a_body_of_another_shape(door: RestDoor, body: bytes) -> None:
    with pytest.raises(DocumentUnreadable) as caught:
        door.read_refunds(signed_push(body, path="/api/v1/refunds"), MAIN)
    assert door.refused(caught.value).status == 400


def test_too_many_refunds_answer_413(door: RestDoor) -> None:
    assert len(door.read_refunds(signed_push({"refunds": [{}] * 500}), MAIN)) == 500
    with pytest.raises(TooManyRefunds) as caught:
        door.read_refunds(signed_push({"refunds": [{}] * 501}), MAIN)
    reply = door.refused(caught.value)
    assert (reply.status, reply.body) == (413, b'{"code":"TOO_MANY_REFUNDS"}')


async def test_a_refund_becomes_a_document_that_means_the_same_later(shop: RestChannel) -> None:
    refund = accepted(refund_json(version=3))
    document = refund_document(refund)
    assert (document.source, document.kind, document.document_id, document.version, document.order_id) == (
        "own",
        "refund",
        "main:refund:RF1",
        3,
        "own:main:SO1001",
    )
    assert await shop.interpret(document) == [RefundNews(refund)]


def test_the_same_refund_is_the_same_document_whatever_the_order_of_its_keys_and_the_offset_of_its_time() -> None:
    turned = dict(reversed(refund_json(asked_at="2026-03-01T03:00:00Z").items()))
    assert refund_document(accepted(turned)) == refund_document(accepted(refund_json()))


@pytest.mark.parametrize("kind", ["refund", "refused_refund"])
@pytest.mark.parametrize("body", ["", "{}", "[]", "null", '{"refund_id": "RF1"}', "[" * 100_000])
async def test_a_spoilt_document_is_unreadable(shop: RestChannel, kind: str, body: str) -> None:
    with pytest.raises(DocumentUnreadable):
        await shop.interpret(Document("own", kind, "main:refund:RF1", 1, body))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(sorted(refund_json())), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(sorted(refund_json())), ANYTHING))
def test_garbage_brings_nothing_down(changes: dict[str, Any]) -> None:
    result = read_refund(refund_json(**changes), MAIN)
    if isinstance(result, Refund):
        assert Refund.model_validate_json(refund_document(result).body) == result
    else:
        json.dumps([result.refund_id, result.order_no, result.field, result.message]).encode()
        result.refund_id.encode()
