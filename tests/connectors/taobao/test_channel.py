from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from connectors.errors import (
    DocumentUnreadable,
    Misconfigured,
    OutcomeUnknown,
    PartnerError,
    PushRefused,
    Rejected,
    Throttled,
    Unavailable,
)
from connectors.ports import Document, PulledPage, PullSource, Push, SalesChannel, Window
from connectors.taobao import Shop, TaobaoChannel, TopApi
from connectors.taobao.inbound import Cursor, read_hint, read_page
from domain.clock import format_beijing, parse_beijing
from domain.ids import order_id
from domain.news import CancelNews, OrderNews
from domain.order import Channel, ChannelStatus
from domain.shipping import Carrier, Shipment

from .conftest import SECOND, SHOP, TID, error, form_of, ok, route, sent, settings, sub_order, trade, two_orders

LIST, TRADE, SHIP = "taobao.trades.sold.increment.get", "taobao.trade.fullinfo.get", "taobao.logistics.offline.send"
START, END = parse_beijing("2026-03-01 10:00:00"), parse_beijing("2026-03-01 10:30:00")
WINDOW = Window(START.astimezone(UTC), END.astimezone(UTC))
ALREADY = error(15, "isv.logistics-offline-service-error:B04", "已发货")
PUSH = Push("POST", "/hooks/taobao", "", {}, {}, b"{}", datetime(2026, 3, 1, tzinfo=UTC))


def row(tid: int, modified: str) -> dict[str, Any]:
    return {"tid": tid, "tid_str": str(tid), "modified": modified}


def page(rows: list[Any], has_next: Any = False) -> httpx.Response:
    return ok(LIST, has_next=has_next, trades={"trade": rows})


def fullinfo(**changes: Any) -> httpx.Response:
    return ok(TRADE, trade=trade(**changes))


def hint(shop: str = SHOP) -> Document:
    body = json.dumps({"tid": TID, "shop": shop, "modified": "2026-03-01 10:24:25"})
    return Document("taobao", "order_hint", f"{shop}:{TID}", 1, body)


def shipment(**changes: Any) -> Shipment:
    values = Shipment(f"taobao:{SHOP}:{TID}#1", TID, SHOP, Carrier.ZTO, "78000000000001", (TID,), whole_order=True)
    return replace(values, **changes)


def test_is_a_channel_that_is_pulled(channel: TaobaoChannel) -> None:
    sells: SalesChannel = channel
    pulled: PullSource = channel
    assert sells.source == pulled.feed == "taobao"
    assert pulled.channel is Channel.TAOBAO
    assert list(pulled.shops) == [SHOP]
    assert (pulled.longest_window, pulled.overlap) == (timedelta(minutes=30), timedelta(minutes=3))


def test_nothing_is_pushed(channel: TaobaoChannel) -> None:
    with pytest.raises(PushRefused):
        channel.unpack(PUSH)
    assert channel.refused(PUSH, "why").status == 403
    assert channel.accepted(PUSH).status == 200


@respx.mock
async def test_a_page_is_asked_for_and_read_oldest_first(channel: TaobaoChannel) -> None:
    asked = route(LIST).mock(return_value=page([row(2, "2026-03-01 10:24:25"), row(1, "2026-03-01 10:24:20")]))
    found = await channel.pull(SHOP, WINDOW, None)
    form = sent(asked.calls.last)
    assert {name: form[name] for name in form if name not in ("sign", "timestamp")} == {
        "method": LIST,
        "app_key": "12345678",
        "session": "session-1",
        "format": "json",
        "v": "2.0",
        "sign_method": "hmac-sha256",
        "fields": "tid,tid_str,modified",
        "start_modified": "2026-03-01 10:00:00",
        "end_modified": "2026-03-01 10:30:00",
        "page_no": "1",
        "page_size": "50",
        "use_has_next": "true",
    }
    assert found.next_page is None
    assert [document.document_id for document in found.documents] == [f"{SHOP}:1", f"{SHOP}:2"]
    assert found.documents[1] == Document(
        source="taobao",
        kind="order_hint",
        document_id=f"{SHOP}:2",
        version=1772331865000,
        body=f'{{"tid":"2","shop":"{SHOP}","modified":"2026-03-01 10:24:25"}}',
        order_id=f"taobao:{SHOP}:2",
    )


@respx.mock
@pytest.mark.parametrize("body", [{"has_next": False}, {"has_next": "false", "trades": {}}, {"trades": None}])
async def test_an_empty_window(channel: TaobaoChannel, body: dict[str, Any]) -> None:
    route(LIST).mock(return_value=ok(LIST, **body))
    assert await channel.pull(SHOP, WINDOW, None) == PulledPage((), None)


class Platform:
    """Trades as the platform lists them: by `modified`, newest first, in pages, while buyers go on changing them."""

    def __init__(self, modified: dict[int, datetime]) -> None:
        self.modified = modified
        self.calls = 0

    def answer(self, request: httpx.Request) -> httpx.Response:
        form = form_of(request)
        start, end = parse_beijing(form["start_modified"]), parse_beijing(form["end_modified"])
        size, page_no = int(form["page_size"]), int(form["page_no"])
        listed = sorted((t for t in self.modified if start <= self.modified[t] <= end), key=self._newest)
        part = listed[size * (page_no - 1) : size * page_no]
        rows = [row(tid, format_beijing(self.modified[tid])) for tid in part]
        self.calls += 1
        # A trade of the page just read changes, and everything behind it moves up one place.
        if part:
            self.modified[part[0]] = END + timedelta(minutes=self.calls)
        return page(rows, has_next=len(listed) > size * page_no)

    def _newest(self, tid: int) -> tuple[float, int]:
        return -self.modified[tid].timestamp(), tid


async def pull_all(channel: TaobaoChannel, page: str | None = None) -> list[str]:
    found: list[str] = []
    while True:
        pulled = await channel.pull(SHOP, WINDOW, page)
        found += [document.document_id.partition(":")[2] for document in pulled.documents]
        page = pulled.next_page
        if page is None:
            return found


@respx.mock
async def test_no_trade_is_skipped_while_others_change(channel: TaobaoChannel) -> None:
    platform = Platform({tid: START + timedelta(seconds=tid * 7) for tid in range(1, 230)})
    route(LIST).mock(side_effect=platform.answer)
    found = await pull_all(channel)
    assert set(found) == {str(tid) for tid in range(1, 230)}
    assert platform.calls < 8


@respx.mock
@pytest.mark.parametrize(
    "trouble",
    [
        error(27, "session-expired"),
        error(7, "accesscontrol.limited-by-app-access-count", "This ban will last for 37 more seconds"),
        httpx.Response(200, html="<h1>maintenance</h1>"),
        httpx.Response(502),
    ],
)
async def test_a_page_that_fails_is_read_later_from_where_it_was(
    channel: TaobaoChannel, trouble: httpx.Response
) -> None:
    platform = Platform({tid: START + timedelta(seconds=tid * 7) for tid in range(1, 120)})
    route(LIST).mock(side_effect=platform.answer)
    first = await channel.pull(SHOP, WINDOW, None)
    route(LIST).mock(return_value=trouble)
    with pytest.raises(PartnerError):
        await channel.pull(SHOP, WINDOW, first.next_page)
    route(LIST).mock(side_effect=platform.answer)
    shop = Shop(session=SecretStr("session-of-a-new-authorisation"))
    again = TaobaoChannel(TopApi(settings(shops={SHOP: shop})))
    rest = await pull_all(again, first.next_page)
    found = {each.document_id.partition(":")[2] for each in first.documents} | set(rest)
    assert found == {str(tid) for tid in range(1, 120)}


@respx.mock
async def test_a_trade_that_appears_vanishes_and_appears_again_is_one(channel: TaobaoChannel) -> None:
    listed = page([row(int(TID), "2026-03-01 10:24:25")])
    route(LIST).mock(side_effect=[listed, page([]), listed])
    (first,), (), (again,) = [(await channel.pull(SHOP, WINDOW, None)).documents for _ in range(3)]
    assert first == again, "the inbox knows it"
    route(TRADE).mock(side_effect=[fullinfo(), error(15, "isv.trade-not-exist"), fullinfo()])
    before = await channel.interpret(first)
    with pytest.raises(Rejected):  # no answer about the order: it is asked for again later
        await channel.interpret(first)
    assert await channel.interpret(first) == before


@respx.mock
async def test_a_page_within_one_second_is_followed_by_number(channel: TaobaoChannel) -> None:
    burst = [row(tid, "2026-03-01 10:20:00") for tid in range(50)]
    first = [row(99, "2026-03-01 10:25:00"), *burst[:49]]
    asked = route(LIST).mock(
        side_effect=[page(first, "true"), page(burst, "true"), page([row(7, "2026-03-01 10:19:59")], "true"), page([])]
    )
    await pull_all(channel)
    assert [(sent(call)["end_modified"][-8:], sent(call)["page_no"]) for call in asked.calls] == [
        ("10:30:00", "1"),
        ("10:20:00", "1"),
        ("10:20:00", "2"),
        ("10:19:59", "1"),
    ]


@respx.mock
@pytest.mark.parametrize(
    "rows", [[], [{"tid": 1}], [row(1, "2026-03-01 10:00:00"), row(2, "2026-03-01 10:00:01"), {"tid": 3}]]
)
async def test_a_page_that_does_not_lead_on_is_asked_again(channel: TaobaoChannel, rows: list[Any]) -> None:
    route(LIST).mock(return_value=page(rows, has_next=True))
    with pytest.raises(Unavailable):
        await channel.pull(SHOP, WINDOW, None)


@respx.mock
@pytest.mark.parametrize("spoilt", [7, None, {}, {"tid": "x", "modified": "2026-03-01 10:00:00"}, {"tid": 3}])
async def test_a_row_that_cannot_be_read_is_a_document_of_its_own(channel: TaobaoChannel, spoilt: Any) -> None:
    route(LIST).mock(return_value=page([spoilt, row(1, "2026-03-01 10:00:00")]))
    good, bad = (await channel.pull(SHOP, WINDOW, None)).documents
    assert good.order_id == f"taobao:{SHOP}:1"
    assert bad == (await channel.pull(SHOP, WINDOW, None)).documents[1]
    assert bad.order_id is None
    with pytest.raises(DocumentUnreadable):
        await channel.interpret(bad)


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error(7, "accesscontrol.limited-by-api-access-count"), Throttled),
        (error(27, "session-expired"), Misconfigured),
        (error(15, "isp.top-remote-service-unavailable"), Unavailable),
        (error(41, "isv.invalid-parameter:start_modified"), Rejected),
        (httpx.Response(200, html="<h1>maintenance</h1>"), Unavailable),
    ],
)
async def test_pull_errors(channel: TaobaoChannel, answer: httpx.Response, expected: type[Exception]) -> None:
    route(LIST).mock(return_value=answer)
    with pytest.raises(expected):
        await channel.pull(SHOP, WINDOW, None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["tid", "tid_str", "modified", "trade"]) | st.text(max_size=3), inner)
    ),
    max_leaves=10,
)


@given(st.fixed_dictionaries({"has_next": JSON, "trades": st.fixed_dictionaries({"trade": st.lists(JSON)}) | JSON}))
def test_no_page_raises_anything_unforeseen(body: dict[str, Any]) -> None:
    try:
        found = read_page(SHOP, Cursor(END), body)
    except ValueError:
        return
    for document in found.documents:
        try:
            read_hint(document)
        except DocumentUnreadable:
            assert document.order_id is None


@given(st.text() | JSON.map(lambda value: json.dumps(value, default=str)))
def test_no_stored_body_raises_anything_else(body: str) -> None:
    try:
        found = read_hint(Document("taobao", "order_hint", "x", 0, body))
    except DocumentUnreadable:
        return
    assert order_id("taobao", found.shop, found.tid)


@respx.mock
async def test_a_hint_makes_us_ask(channel: TaobaoChannel) -> None:
    asked = route(TRADE).mock(return_value=fullinfo())
    (news,) = await channel.interpret(hint())
    form = sent(asked.calls.last)
    assert (form["tid"], form["include_oaid"]) == (TID, "include_oaid")
    missing = set(trade()) - {"buyer_nick", "total_fee", "discount_fee"} - set(form["fields"].split(","))
    assert missing == set()
    assert isinstance(news, OrderNews)
    assert news.order.order_id == f"taobao:{SHOP}:{TID}"
    assert news.order.status is ChannelStatus.PAID


@respx.mock
async def test_a_cancelled_trade_is_order_news(channel: TaobaoChannel) -> None:
    route(TRADE).mock(return_value=fullinfo(status="TRADE_CLOSED"))
    (news,) = await channel.interpret(hint())
    assert isinstance(news, OrderNews)
    assert news.order.status is ChannelStatus.CANCELLED


@respx.mock
@pytest.mark.parametrize("spoilt", [{"payment": "1.00"}, {"orders": None}, {"created": None}])
async def test_a_cancellation_comes_through_when_the_trade_is_unreadable(
    channel: TaobaoChannel, spoilt: dict[str, Any]
) -> None:
    route(TRADE).mock(return_value=fullinfo(status="TRADE_CLOSED", **spoilt))
    assert await channel.interpret(hint()) == [CancelNews(Channel.TAOBAO, SHOP, TID, "TRADE_CLOSED")]


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (fullinfo(payment="1.00"), DocumentUnreadable),
        (fullinfo(status="NEW"), DocumentUnreadable),
        (fullinfo(type="cod"), DocumentUnreadable),
        (ok(TRADE), Unavailable),
        (error(15, "isv.trade-not-exist"), Rejected),
        (error(15, "isp.trade-service-error"), Unavailable),
    ],
)
async def test_what_a_hint_may_end_in(
    channel: TaobaoChannel, answer: httpx.Response, expected: type[Exception]
) -> None:
    route(TRADE).mock(return_value=answer)
    with pytest.raises(expected):
        await channel.interpret(hint())


async def test_a_hint_about_a_shop_without_settings_waits_for_a_person(channel: TaobaoChannel) -> None:
    with pytest.raises(Misconfigured):
        await channel.interpret(hint("gone"))


@respx.mock
async def test_a_whole_order_is_shipped(channel: TaobaoChannel) -> None:
    route(TRADE).mock(return_value=fullinfo())
    asked = route(SHIP).mock(return_value=ok(SHIP, shipping={"is_success": True}))
    await channel.write_back(shipment())
    form = sent(asked.calls.last)
    assert {name: form[name] for name in ("tid", "out_sid", "company_code", "is_split")} == {
        "tid": TID,
        "out_sid": "78000000000001",
        "company_code": "ZTO",
        "is_split": "0",
    }
    assert "sub_tid" not in form


@respx.mock
async def test_a_part_of_an_order_is_shipped_by_sub_orders(channel: TaobaoChannel) -> None:
    route(TRADE).mock(return_value=ok(TRADE, trade=two_orders()))
    asked = route(SHIP).mock(return_value=ok(SHIP, shipping={"is_success": "true"}))
    await channel.write_back(shipment(line_nos=(TID, SECOND), whole_order=False))
    form = sent(asked.calls.last)
    assert (form["is_split"], form["sub_tid"]) == ("1", f"{TID},{SECOND}")


@respx.mock
@pytest.mark.parametrize(
    ("carrier", "code"),
    [(c, c.value) for c in Carrier if c not in (Carrier.DEPPON, Carrier.OTHER)] + [(Carrier.DEPPON, "DBKD")],
)
async def test_carriers(channel: TaobaoChannel, carrier: Carrier, code: str) -> None:
    route(TRADE).mock(return_value=fullinfo())
    asked = route(SHIP).mock(return_value=ok(SHIP, shipping={"is_success": True}))
    await channel.write_back(shipment(carrier=carrier))
    assert sent(asked.calls.last)["company_code"] == code


async def test_a_carrier_that_the_platform_has_no_code_for(channel: TaobaoChannel) -> None:
    with pytest.raises(Rejected, match="OTHER"):
        await channel.write_back(shipment(carrier=Carrier.OTHER))


def invoiced(first: str, second: str, **changes: Any) -> httpx.Response:
    raw = two_orders()
    raw["orders"]["order"][0]["invoice_no"] = first
    raw["orders"]["order"][1] |= {"invoice_no": second} | changes
    return ok(TRADE, trade=raw)


OURS, THEIRS = "78000000000001", "78000000000009"


TOLD = [
    (True, ok(TRADE, trade=trade(orders={"order": [sub_order(invoice_no=OURS)]}))),
    (True, invoiced(OURS, OURS)),
    (True, invoiced(OURS, "", status="TRADE_CLOSED")),
    (False, invoiced(OURS, THEIRS)),
]


@respx.mock
@pytest.mark.parametrize(("whole", "answer"), TOLD)
async def test_an_order_that_has_this_number_is_content(
    channel: TaobaoChannel, whole: bool, answer: httpx.Response
) -> None:
    route(TRADE).mock(return_value=answer)
    asked = route(SHIP)
    await channel.write_back(shipment(whole_order=whole))
    assert not asked.called


@respx.mock
@pytest.mark.parametrize("refusal", [ALREADY, ok(SHIP, shipping={"is_success": False})])
@pytest.mark.parametrize(("whole", "answer"), TOLD)
async def test_shipped_meanwhile_with_this_number_is_content(
    channel: TaobaoChannel, refusal: httpx.Response, whole: bool, answer: httpx.Response
) -> None:
    asked = route(SHIP).mock(return_value=refusal)
    route(TRADE).mock(side_effect=[invoiced("", ""), answer])
    await channel.write_back(shipment(whole_order=whole))
    assert asked.called


def under_refund(first: str, second: str, **changes: Any) -> httpx.Response:
    raw = two_orders()
    raw["orders"]["order"][0]["refund_status"] = first
    raw["orders"]["order"][1] |= {"refund_status": second} | changes
    return ok(TRADE, trade=raw)


@respx.mock
@pytest.mark.parametrize(
    ("whole", "answer", "may_ship"),
    [
        (True, under_refund("NO_REFUND", "NO_REFUND"), True),
        (True, under_refund("CLOSED", "SELLER_REFUSE_BUYER"), True),
        (True, under_refund("NO_REFUND", "SUCCESS", status="TRADE_CLOSED"), True),
        (True, under_refund("NO_REFUND", "WAIT_SELLER_AGREE", status="TRADE_CLOSED"), True),
        (True, under_refund("NO_REFUND", "WAIT_SELLER_AGREE"), False),
        (True, under_refund("NO_REFUND", "SOMETHING_NEW"), False),
        (False, under_refund("NO_REFUND", "WAIT_SELLER_AGREE"), True),
        (False, under_refund("WAIT_BUYER_RETURN_GOODS", "NO_REFUND"), False),
        (False, under_refund("WAIT_SELLER_CONFIRM_GOODS", "NO_REFUND"), False),
    ],
)
async def test_what_is_under_refund_is_not_shipped(
    channel: TaobaoChannel, whole: bool, answer: httpx.Response, may_ship: bool
) -> None:
    route(TRADE).mock(return_value=answer)
    asked = route(SHIP).mock(return_value=ok(SHIP, shipping={"is_success": True}))
    if may_ship:
        await channel.write_back(shipment(whole_order=whole))
    else:
        with pytest.raises(Rejected, match="退款"):
            await channel.write_back(shipment(whole_order=whole))
    assert asked.called == may_ship


@respx.mock
@pytest.mark.parametrize(
    ("whole", "answer"),
    [
        (True, ok(TRADE, trade={})),
        (True, invoiced("", "")),
        (True, invoiced(OURS, THEIRS)),
        (False, invoiced(THEIRS, OURS)),
    ],
)
async def test_shipped_already_with_another_number_is_refused(
    channel: TaobaoChannel, whole: bool, answer: httpx.Response
) -> None:
    route(SHIP).mock(return_value=ALREADY)
    route(TRADE).mock(return_value=answer)
    with pytest.raises(Rejected, match="已发货"):
        await channel.write_back(shipment(whole_order=whole))


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error(15, "isp.logistics-service-error"), OutcomeUnknown),
        (error(27, "session-expired"), Misconfigured),
        (error(7, "accesscontrol.limited-by-api-access-count"), Throttled),
        (ok(SHIP), OutcomeUnknown),
        (httpx.Response(500), OutcomeUnknown),
        (httpx.Response(200, html="<h1>maintenance</h1>"), OutcomeUnknown),
    ],
)
async def test_write_back_errors(channel: TaobaoChannel, answer: httpx.Response, expected: type[Exception]) -> None:
    route(SHIP).mock(return_value=answer)
    looked = route(TRADE).mock(return_value=fullinfo())
    with pytest.raises(expected):
        await channel.write_back(shipment())
    assert looked.call_count == 1


@respx.mock
async def test_a_write_back_that_times_out_may_have_happened(channel: TaobaoChannel) -> None:
    route(TRADE).mock(return_value=fullinfo())
    route(SHIP).mock(side_effect=httpx.ReadTimeout)
    with pytest.raises(OutcomeUnknown):
        await channel.write_back(shipment())


@respx.mock
@pytest.mark.parametrize("raw", [{"orders": {"order": [7]}}, []])
async def test_a_look_that_cannot_be_read_is_taken_again(channel: TaobaoChannel, raw: Any) -> None:
    route(SHIP).mock(return_value=ALREADY)
    route(TRADE).mock(return_value=ok(TRADE, trade=raw))
    with pytest.raises(Unavailable):
        await channel.write_back(shipment())
