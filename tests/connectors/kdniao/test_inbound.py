from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from connectors.errors import DocumentUnreadable, PushRefused
from connectors.kdniao import KdniaoPush, KdniaoSettings
from connectors.kdniao.signing import data_sign
from domain.news import TrackNews
from domain.shipping import Carrier, TrackCode
from tests.connectors.kdniao.conftest import ENTRY, KEY, batch, push, signed


def other(number: str, **changes: Any) -> dict[str, Any]:
    return {**ENTRY, "LogisticCode": number, **changes}


@pytest.mark.parametrize("request_type", ["101", "102"])
@pytest.mark.parametrize("count", [2, "2"])
async def test_one_document_for_each_waybill(source: KdniaoPush, request_type: str, count: int | str) -> None:
    first, second = source.unpack(
        signed(batch(other("YT01"), other("SF02", ShipperCode="SF"), count=count), request_type)
    )
    assert (first.source, first.version, first.document_id.partition(":")[0]) == ("kdniao", 0, "YT01")
    (news,) = await source.interpret(second)
    assert isinstance(news, TrackNews)
    assert (news.report.carrier, news.report.number) == (Carrier.SF, "SF02")
    assert news.report.nodes[-1].code is TrackCode.OUT_FOR_DELIVERY
    assert news.report.courier_phone == "13800000000"


def test_redelivery_has_the_same_id_and_news_has_another(source: KdniaoPush) -> None:
    (before,) = source.unpack(signed(batch(ENTRY)))
    later = {**ENTRY, "EstimatedDeliveryTime": "2026-02-03 12:00:00", "Callback": "echo"}
    (again,) = source.unpack(signed(batch(later, push_time="2026-02-02 09:00:00")))
    assert again == before
    (state,) = source.unpack(signed(batch({**ENTRY, "StateEx": "402"})))
    grown = [*ENTRY["Traces"], {"AcceptTime": "2026-02-02 12:00:00", "AcceptStation": "已签收", "Action": "301"}]
    (traces,) = source.unpack(signed(batch({**ENTRY, "Traces": grown})))
    assert len({before.document_id, state.document_id, traces.document_id}) == 3


def test_a_waybill_twice_in_one_push_is_one_document(source: KdniaoPush) -> None:
    assert len(source.unpack(signed(batch(ENTRY, ENTRY)))) == 1


@pytest.mark.parametrize("request_type", ["103", "107", "999", ""])
def test_other_types_are_acknowledged_without_documents(source: KdniaoPush, request_type: str) -> None:
    assert source.unpack(signed('{"anything":1}', request_type)) == ()


@pytest.mark.parametrize("encode", [quote, lambda text: quote(text).replace("%20", "+")])
def test_signature_holds_after_one_more_decoding(source: KdniaoPush, encode: Any) -> None:
    text = batch(other("YT01", Location="小件 A/B"))
    form = {"RequestData": encode(text), "RequestType": "102", "DataSign": quote(data_sign(text, KEY))}
    (document,) = source.unpack(push(urlencode(form).encode("ascii")))
    assert document.document_id.startswith("YT01:")


@pytest.mark.parametrize(
    "forged",
    [
        signed(batch(ENTRY), key="another key"),
        push(urlencode({"RequestData": batch(ENTRY), "RequestType": "102"}).encode("ascii")),
        push(b""),
        push(b"\xff\xfe"),
        push(b"DataSign=%FF"),
        push("DataSign=签名&RequestData={}".encode()),
    ],
)
def test_forgeries(source: KdniaoPush, forged: Any) -> None:
    with pytest.raises(PushRefused):
        source.unpack(forged)
    answer = json.loads(source.refused(forged, "DataSign is wrong").body)
    assert (answer["Success"], answer["Reason"]) == (False, "illegal request")


@pytest.mark.parametrize("text", ["", "no json", "[]", "{}", '{"Data":{}}', '{"Data":null}'])
def test_genuine_but_unreadable(source: KdniaoPush, text: str) -> None:
    with pytest.raises(DocumentUnreadable):
        source.unpack(signed(text))


@pytest.mark.parametrize(
    "odd", [7, None, [], {}, other(""), other("YT02", Traces=[{"AcceptTime": "soon"}]), other("YT02", Traces=[None])]
)
async def test_an_odd_waybill_goes_alone(source: KdniaoPush, odd: Any) -> None:
    good, bad = source.unpack(signed(batch(other("YT01"), odd)))
    assert len(await source.interpret(good)) == 1
    with pytest.raises(DocumentUnreadable):
        await source.interpret(bad)


async def test_no_trace_yet_is_no_news(source: KdniaoPush) -> None:
    empty = other("YT01", Success=False, Reason="暂无轨迹信息", State="0", StateEx="0", Traces=[])
    (document,) = source.unpack(signed(batch(empty)))
    assert await source.interpret(document) == ()


def test_replies(source: KdniaoPush) -> None:
    genuine = signed(batch(ENTRY))
    accepted, refused = source.accepted(genuine), source.refused(genuine, "inbox is away")
    assert (accepted.status, refused.status) == (200, 200)
    assert accepted.body == b'{"EBusinessID":"1237100","UpdateTime":"2026-02-02 08:00:30","Success":true,"Reason":""}'
    assert json.loads(refused.body)["Success"] is False
    assert json.loads(refused.body)["Reason"] == "inbox is away"
    assert genuine.received_at == datetime(2026, 2, 2, 0, 0, 30, tzinfo=UTC)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
FIELDS = ("ShipperCode", "LogisticCode", "State", "StateEx", "DeliveryManTel", "SenderInfo", "Traces")
TRACES = st.lists(st.dictionaries(st.sampled_from(("AcceptTime", "AcceptStation", "Action")), JSON), max_size=3)


async def _read_all(text: str) -> None:
    source = KdniaoPush(KdniaoSettings(business_id="1", app_key=SecretStr(KEY)))
    try:
        documents = source.unpack(signed(text))
    except DocumentUnreadable:
        return
    for document in documents:
        try:
            await source.interpret(document)
        except DocumentUnreadable:
            continue


@settings(suppress_health_check=[HealthCheck.too_slow])  # of the machine, not of the strategy
@given(entry=st.dictionaries(st.sampled_from(FIELDS), JSON | TRACES))
async def test_any_entry_is_read_or_unreadable(entry: dict[str, Any]) -> None:
    await _read_all(json.dumps({"Data": [{**ENTRY, **entry}, entry]}))


@given(text=st.text() | JSON.map(json.dumps))
async def test_any_signed_text_is_read_or_unreadable(text: str) -> None:
    await _read_all(text)


@given(body=st.binary())
def test_any_bytes_are_refused(body: bytes) -> None:
    with pytest.raises(PushRefused):
        KdniaoPush(KdniaoSettings(business_id="1", app_key=SecretStr(KEY))).unpack(push(body))
