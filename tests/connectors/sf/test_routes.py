from __future__ import annotations

from datetime import datetime

import pytest

from connectors.sf.routes import Route, report
from domain.clock import BEIJING
from domain.shipping import Carrier, TrackCode, TrackNode, Trouble
from domain.words import About, Word, take_heard
from tests.connectors.sf.conftest import NUMBER
from tests.connectors.sf.conftest import route as wire


def routes(*nodes: dict[str, object]) -> list[Route]:
    return [Route.model_validate(node) for node in nodes]


@pytest.mark.parametrize(
    ("op_code", "code"),
    [
        *[(each, TrackCode.COLLECTED) for each in ("50", "51", "54")],
        *[(each, TrackCode.IN_TRANSIT) for each in ("30", "31", "36", "302", "304", "3036")],
        *[(each, TrackCode.OUT_FOR_DELIVERY) for each in ("44", "204", "607", "125", "130", "657")],
        *[(each, TrackCode.PROBLEM) for each in ("33", "70")],
        *[(each, TrackCode.SIGNED) for each in ("80", "8000")],
        *[(each, TrackCode.RETURNED) for each in ("99", "648", "631")],
        ("12345", TrackCode.NONE),
        ("", TrackCode.NONE),
    ],
)
def test_what_op_codes_mean(op_code: str, code: TrackCode) -> None:
    [node] = report(NUMBER, routes(wire(op_code))).nodes
    assert (node.code, node.partner_code) == (code, op_code)


@pytest.mark.parametrize(
    ("remark", "code"),
    [
        ("快件退回中", TrackCode.RETURNED),
        ("已退回/转寄，新单号SF2", TrackCode.RETURNED),
        ("快件转寄中", TrackCode.PROBLEM),
    ],
)
def test_a_parcel_sent_on_is_not_a_parcel_sent_back(remark: str, code: TrackCode) -> None:
    assert [node.code for node in report(NUMBER, routes(wire("99", remark=remark))).nodes] == [code]


def test_nodes_come_oldest_first_in_beijing_time() -> None:
    late = wire("31", "2026-02-02 09:00:00", "到达", "杭州市")
    early = wire("50", "2026-02-01 08:30:00", "已收件", "上海市")
    got = report(NUMBER, routes(late, early))
    assert (got.carrier, got.number, got.courier_phone) == (Carrier.SF, NUMBER, "")
    assert got.nodes == (
        TrackNode(datetime(2026, 2, 1, 8, 30, tzinfo=BEIJING), TrackCode.COLLECTED, "已收件", "上海市", "50"),
        TrackNode(datetime(2026, 2, 2, 9, 0, tzinfo=BEIJING), TrackCode.IN_TRANSIT, "到达", "杭州市", "31"),
    )


def test_nodes_of_one_moment_keep_their_order() -> None:
    got = report(NUMBER, routes(wire("30"), wire("31"), wire("36")))
    assert [node.partner_code for node in got.nodes] == ["30", "31", "36"]


def test_a_signature_after_a_return_is_the_senders() -> None:
    got = report(NUMBER, routes(wire("80", "2026-02-05 10:00:00"), wire("99", "2026-02-03 10:00:00")))
    assert [node.code for node in got.nodes] == [TrackCode.RETURNED, TrackCode.RETURNED]


@pytest.mark.parametrize(
    ("remark", "phone"),
    [
        ("正在派送途中,请您准备签收(派件人:测试,电话:13800000000)", "13800000000"),
        ("派送中（派件人：测试，电话：13800000001）", "13800000001"),
        ("派送中(电话:021-60000000)", "021-60000000"),
        ("派送中", ""),
        ("派送中(电话:无)", ""),
    ],
)
def test_the_couriers_phone(remark: str, phone: str) -> None:
    assert report(NUMBER, routes(wire("44", remark=remark))).courier_phone == phone


def test_the_last_couriers_phone_counts_and_only_of_delivery() -> None:
    got = report(
        NUMBER,
        routes(
            wire("44", "2026-02-02 08:00:00", "电话:13800000001"),
            wire("44", "2026-02-03 08:00:00", "电话:13800000002"),
            wire("80", "2026-02-03 09:00:00", "电话:13800000003"),
        ),
    )
    assert got.courier_phone == "13800000002"


def test_missing_texts_and_numeric_codes() -> None:
    [node] = report(
        NUMBER, routes({"acceptTime": "2026-02-02 08:00:00", "acceptAddress": None, "remark": None, "opCode": 80})
    ).nodes
    assert (node.code, node.text, node.place) == (TrackCode.SIGNED, "", "")


def test_a_code_that_nobody_knows_says_nothing_of_where_it_is() -> None:
    take_heard()
    known, node = report(NUMBER, routes(wire("50"), wire("31415", "2026-02-09 08:00:00"))).nodes
    assert (node.code, node.unknown, known.unknown) == (TrackCode.NONE, Word("sf", About.PARCEL, "31415"), None)
    assert set(take_heard()) == {node.unknown}, "somebody is asked"


@pytest.mark.parametrize(
    ("op_code", "remark", "trouble"),
    [
        ("50", "已收件", None),
        ("33", "", Trouble.DELIVERY_FAILED),
        ("70", "收件人电话无人接听", Trouble.UNREACHABLE),
        ("70", "地址不详，无法派送", Trouble.ADDRESS),
        ("99", "快件转寄中", Trouble.FORWARDED),
        ("99", "快件退回中", None),
    ],
)
def test_what_is_the_matter(op_code: str, remark: str, trouble: Trouble | None) -> None:
    assert report(NUMBER, routes(wire(op_code, remark=remark))).nodes[0].trouble is trouble
