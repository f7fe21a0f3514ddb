from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.kdniao.codes import track_code, trouble
from connectors.kdniao.traces import read_object, read_report
from domain.clock import BEIJING
from domain.shipping import Carrier, TrackCode, TrackNode, TrackReport, Trouble
from domain.words import About, Word, take_heard
from tests.connectors.kdniao.conftest import ENTRY


def read(**changes: Any) -> TrackReport:
    return read_report({**ENTRY, **changes}, Carrier.YTO, "YT2826000000001")


def trace(action: str | None, station: str = "", time: str = "2026-02-02 08:00:00") -> dict[str, str]:
    return {"AcceptTime": time, "AcceptStation": station, **({} if action is None else {"Action": action})}


def test_the_whole_report() -> None:
    assert read() == TrackReport(
        Carrier.YTO,
        "YT2826000000001",
        (
            TrackNode(
                datetime(2026, 2, 1, 9, 10, tzinfo=BEIJING), TrackCode.COLLECTED, "【杭州市】已揽收", "杭州市", "1"
            ),
            TrackNode(datetime(2026, 2, 2, 8, tzinfo=BEIJING), TrackCode.OUT_FOR_DELIVERY, "派件中", "上海市", "202"),
        ),
        "13800000000",
    )


def test_times_are_beijing() -> None:
    assert read().nodes[1].at.astimezone(UTC) == datetime(2026, 2, 2, 0, 0, tzinfo=UTC)


def test_nodes_are_oldest_first_whatever_the_order() -> None:
    assert read(Traces=ENTRY["Traces"][::-1]).nodes == read().nodes


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("0", TrackCode.NONE),
        ("10", TrackCode.NONE),
        ("1", TrackCode.COLLECTED),
        *((code, TrackCode.IN_TRANSIT) for code in ("2", "201", "204", "205", "206", "5", "6", "601", "602", "603")),
        *((code, TrackCode.OUT_FOR_DELIVERY) for code in ("202", "211")),
        *((code, TrackCode.SIGNED) for code in ("3", "301", "302", "304", "311")),
        *((code, TrackCode.REFUSED) for code in ("404", "407")),
        ("406", TrackCode.RETURNED),
        *((code, TrackCode.PROBLEM) for code in ("4", "401", "402", "403", "405", "604")),
        *((str(code), TrackCode.PROBLEM) for code in range(412, 424)),
        *((code, TrackCode.NONE) for code in ("399", "7")),  # the vendor adds codes: it is where it was
        ("brand new", TrackCode.PROBLEM),  # no code that there can be
    ],
)
def test_every_code(code: str, expected: TrackCode) -> None:
    assert track_code(code) is expected


@pytest.mark.parametrize(
    ("code", "words", "expected"),
    [
        ("2", "", None),
        ("404", "", None),
        ("4", "", Trouble.OTHER),
        ("401", "", Trouble.NOT_COLLECTED),
        ("402", "", Trouble.NOT_SIGNED),
        ("403", "", Trouble.NO_UPDATE),
        ("403", "快件遗失，正在理赔", Trouble.LOST),
        ("405", "", Trouble.DELIVERY_FAILED),
        ("405", "联系不上收件人", Trouble.UNREACHABLE),
        ("412", "地址不详", Trouble.LEFT_IN_LOCKER),  # a code that says what it is needs no words
        ("413", "", Trouble.INTERCEPTED),
        ("414", "", Trouble.DAMAGED),
        ("415", "", Trouble.CALLED_OFF),
        ("416", "", Trouble.UNREACHABLE),
        ("417", "", Trouble.DELAYED),
        ("418", "", Trouble.TAKEN_FROM_LOCKER),
        ("419", "", Trouble.NEXT_TRY),
        ("420", "", Trouble.ADDRESS),
        ("421", "", Trouble.PHONE),
        ("422", "", Trouble.MISSORTED),
        ("423", "", Trouble.OUT_OF_AREA),
        ("604", "", Trouble.CUSTOMS),
        ("499", "包裹破损", None),  # nobody knows what it means, and a person is asked
        ("not a code", "包裹破损", Trouble.DAMAGED),
    ],
)
def test_what_is_the_matter(code: str, words: str, expected: Trouble | None) -> None:
    assert trouble(code, words) is expected
    assert read(Traces=[trace(code, words)], State="", StateEx="").nodes[-1].trouble is expected


def test_a_code_that_nobody_knows_is_named_by_its_node() -> None:
    take_heard()
    traces = [trace("2", time="2026-02-01 08:00:00"), trace("499", "新状态")]
    *before, node = read(Traces=traces, State="", StateEx="").nodes
    assert (node.code, node.trouble) == (TrackCode.NONE, None)
    assert node.unknown == Word("kdniao", About.PARCEL, "499")
    assert [one.unknown for one in before] == [None]
    assert set(take_heard()) == {node.unknown}, "somebody is asked"


def codes(report: TrackReport) -> list[tuple[TrackCode, str]]:
    return [(node.code, node.partner_code) for node in report.nodes]


@pytest.mark.parametrize(
    ("state", "state_ex", "expected"),
    [
        ("3", "304", [(TrackCode.IN_TRANSIT, ""), (TrackCode.SIGNED, "304")]),  # StateEx first
        ("3", "", [(TrackCode.IN_TRANSIT, ""), (TrackCode.SIGNED, "3")]),  # the basic plan has State only
        ("", "", [(TrackCode.IN_TRANSIT, ""), (TrackCode.IN_TRANSIT, "")]),
        ("0", None, [(TrackCode.IN_TRANSIT, ""), (TrackCode.IN_TRANSIT, "")]),
    ],
)
def test_without_actions_the_state_is_the_newest_trace(
    state: str, state_ex: str | None, expected: list[tuple[TrackCode, str]]
) -> None:
    traces = [trace(None, time="2026-02-01 08:00:00"), trace(None)]
    assert codes(read(State=state, StateEx=state_ex, Traces=traces)) == expected


@pytest.mark.parametrize(
    ("state", "state_ex", "action", "expected"),
    [
        ("4", "402", "202", [(TrackCode.OUT_FOR_DELIVERY, "202"), (TrackCode.PROBLEM, "402")]),  # 402 has no trace
        ("3", None, "202", [(TrackCode.OUT_FOR_DELIVERY, "202"), (TrackCode.SIGNED, "3")]),
        ("2", None, "202", [(TrackCode.OUT_FOR_DELIVERY, "202")]),  # 202 only refines 2
        ("3", "301", "3", [(TrackCode.SIGNED, "3")]),
        ("2", "202", "202", [(TrackCode.OUT_FOR_DELIVERY, "202")]),
        ("0", "0", "202", [(TrackCode.OUT_FOR_DELIVERY, "202")]),
    ],
)
def test_a_state_beyond_the_newest_trace_is_a_node_of_its_own(
    state: str, state_ex: str | None, action: str, expected: list[tuple[TrackCode, str]]
) -> None:
    report = read(State=state, StateEx=state_ex, Traces=[trace(action)])
    assert codes(report) == expected
    assert {node.at for node in report.nodes} == {datetime(2026, 2, 2, 8, tzinfo=BEIJING)}


@pytest.mark.parametrize(
    ("changes", "phone"),
    [
        ({"DeliveryManTel": "13800000001", "SenderInfo": {"PersonTel": "13800000002"}}, "13800000001"),
        ({"DeliveryManTel": "", "SenderInfo": {"PersonTel": "13800000002"}}, "13800000002"),
        ({"DeliveryManTel": None, "PickerInfo": {"PersonTel": "13800000003"}}, ""),  # collected it, does not deliver it
        (
            {
                "DeliveryManTel": None,
                "SenderInfo": {},
                "Traces": [
                    trace("202", "派件员：测试，电话：13800000004", "2026-02-01 08:00:00"),
                    trace("202", "派件中，派件员：测试，电话：13800000005", "2026-02-01 09:00:00"),
                    trace("3", "已签收，客服 13800000006"),
                ],
            },
            "13800000005",
        ),
        ({"DeliveryManTel": "13800000001/13800000002"}, "13800000001"),
        ({"DeliveryManTel": "138****0001", "Traces": [trace("202", "派件员：测试 13800000005")]}, "13800000005"),
        ({"DeliveryManTel": "138****0001", "Traces": []}, "138****0001"),
        ({"DeliveryManTel": "see the app", "SenderInfo": {"PersonTel": "021-55550000转8"}}, "021-55550000-8"),
        ({"DeliveryManTel": None, "Traces": [trace("202", "电话：021-55550000")]}, "021-55550000"),
        ({"DeliveryManTel": None, "Traces": [trace("202", "运单 138000000001234")]}, ""),
        ({"DeliveryManTel": None, "Traces": [trace("2", "联系 13800000004")]}, ""),
    ],
)
def test_courier_phone_in_the_documented_order(changes: dict[str, Any], phone: str) -> None:
    assert read(**changes).courier_phone == phone


@pytest.mark.parametrize(
    "changes",
    [
        {"Traces": "none"},
        {"Traces": ["none"]},
        {"Traces": [{"AcceptStation": "no time"}]},
        {"Traces": [trace("1", time="yesterday")]},
        {"Traces": [trace("1", station="\ud800")]},
        {"StateEx": ["202"]},
        {"State": True, "StateEx": None},
    ],
)
def test_odd_entries_are_value_errors(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read(**changes)


@pytest.mark.parametrize("text", ["[]", "<html/>", "", "[" * 100_000])
def test_only_json_objects_are_read(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_object(text)
