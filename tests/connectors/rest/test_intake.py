from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import reduce
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import DocumentUnreadable
from connectors.rest import Caller, Refused, TooManyOrders, intake
from domain.extensions import use_fields
from domain.order import Channel, ChannelStatus, ClearReceiver, Order, PaymentTerms, Requirement

from .conftest import MAIN, order_json

WECHAT = Caller(Channel.WECHAT, "wx1")


def read(*orders: Any, caller: Caller = MAIN) -> list[Order | Refused]:
    return intake.read_orders(json.dumps({"orders": list(orders)}).encode(), caller)


def accepted(item: Any, caller: Caller = MAIN) -> Order:
    (result,) = read(item, caller=caller)
    assert isinstance(result, Order), result
    return result


def refusal(item: Any, caller: Caller = MAIN) -> tuple[str, str]:
    (result,) = read(item, caller=caller)
    assert isinstance(result, Refused)
    return result.field, result.message


def line(line_no: str, quantity: int, price: int, **more: Any) -> dict[str, Any]:
    return {
        "line_no": line_no,
        "sku": f"SKU-{line_no}",
        "title": "杯",
        "quantity": quantity,
        "unit_price_fen": price,
    } | more


def with_lines(lines: list[dict[str, Any]], freight: int = 0, discount: int = 0) -> dict[str, Any]:
    goods = sum(item["quantity"] * item["unit_price_fen"] for item in lines)
    amounts = {"goods_fen": goods, "freight_fen": freight, "discount_fen": discount}
    return order_json(lines=lines, amounts=amounts | {"paid_fen": goods + freight - discount})


def test_the_documented_order() -> None:
    order = accepted(order_json())
    assert order.order_id == "own:main:SO1001"
    assert order.version == 1
    assert order.status is ChannelStatus.PAID
    assert order.paid
    assert order.placed_at == datetime(2026, 3, 1, 2, 20, tzinfo=UTC)
    assert order.paid_at == datetime(2026, 3, 1, 2, 20, 30, tzinfo=UTC)
    assert order.lines[0].model_dump() == {
        "line_no": "1",
        "sku": "MUG-01",
        "title": "马克杯",
        "quantity": 2,
        "unit_price_fen": 4950,
        "amount_fen": 9000,
        "gift_of": None,
        "warranty_months": 12,
    }
    assert order.amounts.model_dump() == {
        "goods_fen": 9900,
        "freight_fen": 1000,
        "discount_fen": 900,
        "paid_fen": 10000,
    }
    assert isinstance(order.receiver, ClearReceiver)
    assert order.receiver.region.text() == "浙江省杭州市余杭区"
    assert order.customer.external_id == "C1"
    assert order.notes.requirements == (Requirement.COLD_CHAIN,)


def test_what_may_be_left_out() -> None:
    item = order_json()
    for name in ("buyer_note", "seller_note", "requirements"):
        del item[name]
    del item["receiver"]["town"]
    item["customer"] = {"id": "C1", "terms": "NET30"}
    order = accepted(item)
    assert order.customer.terms is PaymentTerms.NET30
    assert order.notes.requirements == ()


def test_a_till_knows_its_customers_by_their_member_code() -> None:
    till = Caller(Channel.POS, "till")
    order = accepted(order_json(channel="pos", shop="till", customer={"member_code": "M00042"}), till)
    assert (order.channel, order.order_id) == (Channel.POS, "pos:till:SO1001")
    assert (order.customer.external_id, order.customer.member_code) == ("M00042", "M00042")
    known = accepted(order_json(customer={"id": "C1", "member_code": "M00042"}))
    assert (known.customer.external_id, known.customer.member_code) == ("C1", "M00042")


def test_a_company_buys_on_account() -> None:
    company = {"id": "B1", "name": "测试商贸有限公司", "tax_no": "000000000000000001", "terms": "NET60"}
    order = accepted(order_json(shop="direct", status="unpaid", customer=company), Caller(Channel.B2B, "direct"))
    assert (order.channel, order.status, order.customer.terms) == (
        Channel.B2B,
        ChannelStatus.PAID,
        PaymentTerms.NET60,
    )


@pytest.mark.parametrize("status", ["unpaid", "paid", "shipped", "finished", "cancelled"])
def test_a_mini_programs_order_is_never_paid_by_its_own_word(status: str) -> None:
    paid_at = None if status == "unpaid" else "2026-03-01T10:20:30+08:00"
    order = accepted(order_json(shop="wx1", status=status, paid_at=paid_at), WECHAT)
    assert order.status is (ChannelStatus.CANCELLED if status == "cancelled" else ChannelStatus.UNPAID)
    assert order.paid_at is None
    assert not order.paid


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"order_no": "单1"}, "order_no"),
        ({"order_no": "A" * 33}, "order_no"),
        ({"customer": {"id": "C1", "terms": "NET30"}}, "customer.terms"),
    ],
)
def test_what_wechat_pay_could_never_pay_is_refused(change: dict[str, Any], field: str) -> None:
    assert refusal(order_json(shop="wx1", **change), WECHAT)[0] == field
    assert isinstance(read(order_json(shop="wx1"), caller=WECHAT)[0], Order)


@pytest.mark.parametrize(
    ("status", "paid_at", "terms", "expected"),
    [
        ("unpaid", None, "PREPAID", ChannelStatus.UNPAID),
        ("unpaid", "2026-03-01T10:20:30+08:00", "NET30", ChannelStatus.PAID),
        ("paid", "2026-03-01T10:20:30+08:00", "NET60", ChannelStatus.PAID),
        ("shipped", "2026-03-01T02:20:30Z", "PREPAID", ChannelStatus.SHIPPED),
        ("finished", "2026-03-01T02:20:30Z", "PREPAID", ChannelStatus.FINISHED),
        ("cancelled", None, "PREPAID", ChannelStatus.CANCELLED),
    ],
)
def test_statuses(status: str, paid_at: str | None, terms: str, expected: ChannelStatus) -> None:
    order = accepted(order_json(status=status, paid_at=paid_at, customer={"id": "C1", "terms": terms}))
    assert order.status is expected
    assert order.paid == (paid_at is not None)


def test_lines_without_amounts_get_the_discount_by_largest_remainder() -> None:
    lines = [line("1", 1, 1000), line("2", 1, 1000), line("3", 1, 1000), line("4", 1, 500, gift_of="1")]
    order = accepted(with_lines(lines, freight=300, discount=500 + 100))
    # 100 fen over three equal lines; the gift's 500 is all discount
    assert [item.amount_fen for item in order.lines] == [966, 967, 967, 0]
    assert sum(item.amount_fen for item in order.lines) + 300 == order.amounts.paid_fen


def test_lines_with_and_without_amounts_may_be_mixed() -> None:
    order = accepted(with_lines([line("1", 2, 500, amount_fen=700), line("2", 1, 1000)], discount=500))
    assert [item.amount_fen for item in order.lines] == [700, 800]


@given(
    prices=st.lists(st.tuples(st.integers(1, 9), st.integers(0, 100_000)), min_size=1, max_size=8),
    freight=st.integers(0, 5000),
    part=st.integers(0, 100),
)
def test_split_amounts_always_add_up_and_are_never_negative(
    prices: list[tuple[int, int]], freight: int, part: int
) -> None:
    goods = sum(quantity * price for quantity, price in prices)
    lines = [line(str(i), quantity, price) for i, (quantity, price) in enumerate(prices)]
    order = accepted(with_lines(lines, freight, goods * part // 100))
    amounts = [item.amount_fen for item in order.lines]
    assert sum(amounts) + freight == order.amounts.paid_fen
    assert all(0 <= amount <= q * price for amount, (q, price) in zip(amounts, prices, strict=True))


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"lines": [line("1", 0, 4950)]}, "lines[0].quantity", "greater than or equal to 1"),
        ({"lines": [line("1", 1, 4950) | {"quantity": "2"}]}, "lines[0].quantity", "valid integer"),
        ({"lines": [line("1", 2, 4950, colour="red")]}, "lines[0].colour", "not a field"),
        ({"lines": []}, "lines", "at least 1"),
        ({"lines": [line("1", 1, 4950), line("1", 1, 4950)]}, "lines[1].line_no", "earlier line"),
        ({"lines": [line("1", 2, 4950), line("2", 1, 0, gift_of="9")]}, "lines[1].gift_of", "ordinary line"),
        ({"lines": [line("1", 2, 4950), line("2", 1, 0, gift_of="2")]}, "lines[1].gift_of", "ordinary line"),
        (
            {"lines": [line("1", 2, 4950), line("2", 1, 0, gift_of="1", amount_fen=1)]},
            "lines[1].amount_fen",
            "gift",
        ),
        ({"lines": [line("1", 2, 4950, amount_fen=8999)]}, "lines", "do not add up to paid - freight = 9000"),
        ({"lines": [line("1", 2, 4950, amount_fen=9001)]}, "lines", "do not add up"),
        ({"lines": [line("1", 1, 4950, amount_fen=9001), line("2", 1, 4950)]}, "lines", "do not add up"),
        ({"lines": [line("1", 1, 4950, amount_fen=0), line("2", 1, 4950)]}, "lines", "do not add up"),
        ({"lines": [line("1", 2, 4951)]}, "amounts.goods_fen", "the lines add up to 9902"),
        (
            {"amounts": {"goods_fen": 9900, "freight_fen": 1000, "discount_fen": 900, "paid_fen": 9999}},
            "amounts.paid_fen",
            "goods + freight - discount is 10000",
        ),
        ({"amounts": {"goods_fen": 9900, "paid_fen": 99.0}}, "amounts.paid_fen", "valid integer"),
        ({"amounts": {"goods_fen": 9900}}, "amounts.paid_fen", "is missing"),
        ({"amounts": {"goods_fen": -1, "paid_fen": -1}}, "amounts.goods_fen", "greater than or equal to 0"),
        ({"paid_at": None}, "paid_at", "missing in an order that is paid"),
        ({"status": "unpaid"}, "paid_at", "unpaid"),
        ({"status": "sold"}, "status", "'unpaid', 'paid'"),
        ({"placed_at": "2026-03-01T10:20:00"}, "placed_at", "timezone"),
        ({"placed_at": "1772331860"}, "placed_at", "RFC 3339"),
        ({"placed_at": 1772331860}, "placed_at", "RFC 3339"),
        ({"placed_at": "0001-01-01T00:00:00+08:00"}, "placed_at", "plausible"),
        ({"order_no": "SO 1"}, "order_no", "without blanks"),
        ({"order_no": "a:b"}, "order_no", "without blanks"),
        ({"order_no": ""}, "order_no", "1 to 64"),
        ({"version": -1}, "version", "greater than or equal to 0"),
        ({"shop": "outlet"}, "shop", "not the shop whose key was used"),
        ({"channel": "pos"}, "channel", "not the channel of the key that was used, own"),
        ({"channel": "jd"}, "channel", "'own', 'pos', 'b2b' or 'wechat'"),
        ({"customer": {"id": ""}}, "customer.id", "at least 1 character"),
        ({"customer": {"name": "测试"}}, "customer", "an id or a member_code"),
        ({"customer": {"member_code": "M" * 65}}, "customer.member_code", "at most 64"),
        ({"customer": {"id": "C1", "terms": "NET90"}}, "customer.terms", "NET30"),
        ({"requirements": ["HOT"]}, "requirements[0]", "COLD_CHAIN"),
        ({"buyer_note": "a\x00b"}, "buyer_note", "NUL"),
        ({"receiver": None}, "receiver", "object"),
    ],
)
def test_a_wrong_field_is_named_in_words(change: dict[str, Any], field: str, words: str) -> None:
    named, message = refusal(order_json(**change))
    assert named == field
    assert words in message


def leaves(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every plain value of an order."""
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else None
    if inside is None:
        yield path
        return
    for name, part in inside:
        yield from leaves(part, (*path, name))


@pytest.mark.parametrize("path", list(leaves(order_json(channel="own"))), ids=lambda path: ".".join(map(str, path)))
def test_nothing_passes_for_what_it_is_not(path: tuple[Any, ...]) -> None:
    """Neither a number as text, nor a truth as a number, nor half a character, which no database takes."""
    for impostor in ("7\ud800", 7.0, True, ["7"], {"7": "7"}):
        order = order_json(channel="own")
        *way, last = path
        reduce(lambda node, name: node[name], way, order)[last] = impostor
        (result,) = read(order)
        assert isinstance(result, Refused), impostor


def test_no_value_of_the_order_is_repeated() -> None:
    receiver = order_json()["receiver"] | {"phone": 13800000000}
    assert "13800000000" not in str(refusal(order_json(receiver=receiver)))


def test_one_bad_order_does_not_hold_up_the_others() -> None:
    bad = order_json(order_no="SO2", version="x")
    first, second, third, fourth = read(order_json(), bad, 7, order_json(order_no="SO3"))
    assert isinstance(first, Order)
    assert isinstance(second, Refused)
    assert (second.order_no, second.field) == ("SO2", "version")
    assert isinstance(third, Refused)
    assert isinstance(fourth, Order)


def test_a_single_order_needs_no_batch() -> None:
    (order,) = intake.read_orders(json.dumps(order_json()).encode(), MAIN)
    assert isinstance(order, Order)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"[]", b"7", b'{"orders": 1}', b'{"orders": [], "x": 1}', b"[" * 100_000]
)
def test_a_body_of_another_shape(body: bytes) -> None:
    with pytest.raises(DocumentUnreadable):
        intake.read_orders(body, MAIN)


def test_the_same_moment_is_the_same_content() -> None:
    utc = order_json(placed_at="2026-03-01T02:20:00Z", paid_at="2026-03-01t02:20:30.000z")
    assert accepted(utc).model_dump_json() == accepted(order_json()).model_dump_json()


def test_at_most_500_orders() -> None:
    assert len(read(*[{}] * 500)) == 500
    with pytest.raises(TooManyOrders):
        read(*[{}] * 501)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = sorted(order_json())


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_body_raises_anything_else(body: bytes) -> None:
    for read_body in (intake.read_orders, intake.read_cancel):
        try:
            read_body(body, MAIN)
        except DocumentUnreadable:
            continue


@given(st.dictionaries(st.sampled_from(FIELDS), JSON, min_size=1, max_size=3))
def test_no_field_value_raises_anything_else(change: dict[str, Any]) -> None:
    (result,) = read(order_json(**change))
    assert isinstance(result, Order | Refused)


def test_fields_of_the_merchants_own() -> None:
    item = order_json(ext={"certificate": "K1"})
    item["customer"] = {**item["customer"], "ext": {"centre": "C1"}}
    item["lines"] = [{**item["lines"][0], "ext": {"serial_no": "SN1"}}, *item["lines"][1:]]
    found = accepted(item)
    assert dict(found.ext) == {"certificate": "K1"}
    assert dict(found.customer.ext) == {"centre": "C1"}
    assert dict(found.lines[0].ext) == {"serial_no": "SN1"}
    assert refusal(order_json(ext={"Certificate": "K1"}))[0].startswith("ext.Certificate")
    assert refusal(order_json(ext={"certificate": ""}))[0] == "ext.certificate"
    assert refusal(order_json(ext={"certificate": 7}))[0] == "ext.certificate"
    assert refusal(order_json(ext={f"k{n}": "1" for n in range(51)}))[0] == "ext"


def test_a_field_that_there_is_not_is_refused_by_name() -> None:
    item = order_json()
    item["lines"] = [{**item["lines"][0], "ext": {"no_such_field": "1"}}, *item["lines"][1:]]
    use_fields(lambda: ())
    try:
        field, message = refusal(item)
    finally:
        use_fields(None)
    assert field == "lines[0].ext.no_such_field"
    assert "ext.no_such_field" in message
