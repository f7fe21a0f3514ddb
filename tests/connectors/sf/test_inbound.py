from __future__ import annotations

import contextlib
import json
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import quoteattr

import pytest
import respx
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from connectors.errors import DocumentUnreadable, PartnerError, PushRefused, Throttled
from connectors.ports import Document, PushSource
from connectors.sf import SfCourier, SfRoutePush, SfSettings
from domain.shipping import TrackCode
from tests.connectors.sf.conftest import NUMBER, SECRET, answer, push, route

FORM = "application/x-www-form-urlencoded; charset=UTF-8"
OTHER = "SF1022222222222"


def pushed(op_code: str, number: str = NUMBER, node_id: str = "158", **more: Any) -> dict[str, Any]:
    """A node as the push writes it: lower-case mailno and orderid."""
    return {"id": node_id, "mailno": number, "orderid": "K-1", "reasonCode": "", "reasonName": ""} | route(
        op_code, **more
    )


def as_json(*nodes: Any) -> bytes:
    return json.dumps({"Body": {"WaybillRoute": list(nodes)}}, ensure_ascii=False).encode()


def as_form(*nodes: dict[str, Any]) -> bytes:
    rows = "".join(
        f"<WaybillRoute {' '.join(f'{name}={quoteattr(value)}' for name, value in node.items())}/>" for node in nodes
    )
    xml = f'<Request service="RoutePushService" lang="zh-CN"><Body>{rows}</Body></Request>'
    return urlencode({"content": xml}).encode()


@pytest.fixture
def source(settings: SfSettings, courier: SfCourier) -> SfRoutePush:
    source = SfRoutePush(settings, courier)
    port: PushSource = source
    assert port.source == "sf"
    return source


@pytest.mark.parametrize("secret", ["", "wrong", SECRET[:-1], SECRET + "x", "密", "\udcff"])
def test_a_wrong_path_is_refused(source: SfRoutePush, secret: str) -> None:
    with pytest.raises(PushRefused):
        source.unpack(push(as_json(pushed("44")), secret=secret))


def test_one_document_per_number(source: SfRoutePush) -> None:
    documents = source.unpack(push(as_json(pushed("50"), pushed("44", OTHER), pushed("31"))))
    assert [document.document_id.split(":")[0] for document in documents] == [NUMBER, OTHER]
    assert {(document.source, document.kind, document.version) for document in documents} == {("sf", "routes", 0)}
    assert len(json.loads(documents[0].body)["routes"]) == 2


async def test_both_shapes_say_the_same(source: SfRoutePush) -> None:
    nodes = [pushed("50", remark='已收件 "<&>'), pushed("44", OTHER, remark="派送中(电话:13800000000)")]
    assert source.unpack(push(as_json(*nodes))) == source.unpack(push(as_form(*nodes), FORM))


def test_a_single_node_may_come_without_a_list(source: SfRoutePush) -> None:
    body = json.dumps({"Body": {"WaybillRoute": pushed("44")}}).encode()
    assert source.unpack(push(body)) == source.unpack(push(as_json(pushed("44"))))


def test_a_repeated_push_gives_the_same_documents(source: SfRoutePush) -> None:
    first, second = pushed("50", time="2026-02-02 08:00:00"), pushed("31", time="2026-02-02 09:00:00")
    [once] = source.unpack(push(as_json(first, second)))
    [again] = source.unpack(push(as_json(second | {"id": "777"}, first, first)))
    assert (once.document_id, once.version) == (again.document_id, again.version)


def test_news_gives_another_document(source: SfRoutePush) -> None:
    [first] = source.unpack(push(as_json(pushed("50"))))
    [second] = source.unpack(push(as_json(pushed("31"))))
    assert first.document_id != second.document_id


def test_an_empty_push_is_taken(source: SfRoutePush) -> None:
    assert list(source.unpack(push(as_json()))) == []


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/json"),
        (b"[]", "application/json"),
        (b'{"Body":{"WaybillRoute":["x"]}}', "application/json"),
        (b'{"Body":{}}', "application/json"),
        (b'{"Body":{"WaybillRoute":[{"mailno":"\\ud800"}]}}', "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"", FORM),
        (b"content=%3Cr%3E", FORM),
        (b"content=%ff", FORM),
        (b"&".join([b"a=1"] * 50), FORM),
        (urlencode({"content": '<!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>'}).encode(), FORM),
    ],
)
def test_unreadable_pushes(source: SfRoutePush, body: bytes, content_type: str) -> None:
    with pytest.raises(DocumentUnreadable):
        source.unpack(push(body, content_type))


def test_answers_in_the_shape_of_the_push(source: SfRoutePush) -> None:
    by_json, by_form = push(b"{}"), push(b"", FORM)
    assert json.loads(source.accepted(by_json).body) == {"return_code": "0000", "return_msg": "成功"}
    assert json.loads(source.refused(by_json, "why").body)["return_code"] == "1000"
    assert source.accepted(by_form).body == b'<Response service="RoutePushService"><Head>OK</Head></Response>'
    refused = source.refused(by_form, "why").body
    assert b"<Head>ERR</Head>" in refused
    assert b"why" not in refused + source.refused(by_json, "why").body


async def test_a_harmless_node_is_told_as_pushed(source: SfRoutePush, sf: respx.Route) -> None:
    [document] = source.unpack(push(as_json(pushed("44", remark="派送中(派件人:测试,电话:13800000000)"))))
    [news] = await source.interpret(document)
    assert news.report.number == NUMBER
    assert [node.code for node in news.report.nodes] == [TrackCode.OUT_FOR_DELIVERY]
    assert news.report.courier_phone == "13800000000"
    assert not sf.called


@pytest.mark.parametrize("op_code", ["80", "99", "648"])
async def test_a_node_that_changes_the_course_is_asked_back(source: SfRoutePush, sf: respx.Route, op_code: str) -> None:
    """A forged "signed" for a parcel that is still on its way changes nothing."""
    sf.respond(json=answer({"routeResps": [{"mailNo": NUMBER, "routes": [route("50"), route("31")]}]}))
    [document] = source.unpack(push(as_json(pushed("44"), pushed(op_code))))
    [news] = await source.interpret(document)
    assert [node.partner_code for node in news.report.nodes] == ["50", "31"]
    assert sf.call_count == 1


async def test_a_document_waits_while_sf_cannot_be_asked(source: SfRoutePush, sf: respx.Route) -> None:
    sf.respond(json=answer(gateway="A1005"))
    [document] = source.unpack(push(as_json(pushed("80"))))
    with pytest.raises(Throttled):
        await source.interpret(document)


async def test_bad_nodes_go_to_quarantine_alone(source: SfRoutePush, sf: respx.Route) -> None:
    nodes = [pushed("44"), pushed("44", OTHER, time="soon"), pushed("44", "13800000000 测试"), {"opCode": "80"}]
    good, bad_time, nameless = source.unpack(push(as_json(*nodes)))
    assert len(await source.interpret(good)) == 1
    for document in (bad_time, nameless):
        with pytest.raises(DocumentUnreadable):
            await source.interpret(document)
    assert nameless.document_id.startswith("unnumbered:")
    assert not sf.called


@pytest.mark.parametrize("body", ["", "{}", "[1]", '{"number":1,"routes":[{}]}', '{"number":"SF1","routes":null}'])
async def test_unreadable_documents(source: SfRoutePush, body: str) -> None:
    with pytest.raises(DocumentUnreadable):
        await source.interpret(Document("sf", "routes", "x", 0, body))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["80", NUMBER]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NODE = st.fixed_dictionaries(
    {"mailno": st.just(NUMBER) | JSON, "acceptTime": st.just("2026-02-02 08:00:00") | JSON},
    optional=dict.fromkeys(("acceptAddress", "remark", "opCode"), JSON),
)
BODIES = st.one_of(
    st.binary(max_size=100),
    JSON.map(lambda value: json.dumps(value).encode()),
    st.lists(NODE, max_size=4).map(lambda nodes: as_json(*nodes)),
    st.text(max_size=60).map(lambda text: urlencode({"content": text}).encode()),
    st.text(max_size=30).map(lambda text: urlencode({"content": f"<a><WaybillRoute mailno='{text}'/></a>"}).encode()),
)


@given(body=BODIES, content_type=st.sampled_from(["application/json", FORM]))
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
async def test_no_push_raises_anything_else(
    source: SfRoutePush, sf: respx.Route, body: bytes, content_type: str
) -> None:
    sf.respond(json=answer({"routeResps": []}))
    try:
        documents = source.unpack(push(body, content_type))
    except DocumentUnreadable:
        return
    for document in documents:
        document.body.encode()
        document.document_id.encode()
        with contextlib.suppress(DocumentUnreadable, PartnerError):
            await source.interpret(document)
