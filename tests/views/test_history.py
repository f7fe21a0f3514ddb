"""Every kind of event that steps write is put into words, in which no code for engineers is left."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

import pytest

from domain.approvals import Stage
from domain.holds import HoldReason, Release
from domain.order import ChannelStatus
from domain.shipping import Carrier, VoidOutcome
from domain.texts import event_words, text, use_language
from tests.domain.events_in_code import kinds
from tests.domain.texts_in_code import ROOT
from views.history import _ASKS, WORDS, Written, who_words, why_words

ORDER, OTHER, PARCEL = "own:main:SO1", "own:main:SO2", "own:main:SO1#1"
RULE, NUMBER = "sample_table@3/row_7", "SF1234567890"
NAMES = (PARCEL, "own:main:SO1-G1", ORDER, OTHER, NUMBER, RULE, "SKU-A", "HZ-01", "LS-1")
"""Names that people go by: they stay as they are, and are no codes."""


def _mended(outcome: str) -> list[str]:
    after = "?" if outcome == "failed" else text("zone.city")
    amounts = f"amounts: {text('state.PAID')} → {text('state.SIGNED')}"
    return [f"address: {text('address.city_missing')} → {after}", amounts, "gift: SKU-A × 1 → own:main:SO1-G1"]


def _examples() -> dict[str, list[str]]:
    """Made examples, in the language that is set, of what each kind of event has been given as its reason."""
    return {
        "order.accepted": [
            "",
            "address.detail_too_short; address.city_missing; stock.not_enough; risk.many; healing.person",
            "format.no_lines; channel.locked; price.differs; compliance.blocked; credit.limit; unheard.of",
        ],
        "review.passed": [""],
        "document.newer": [f"version 1764000000000, {status}" for status in ChannelStatus],
        "refunds.applied": ["2 refunds, PAID, pending: True", "1 refunds, CANCELLED, pending: False"],
        "fields.supplied": ["serial_no, overseas_certificate"],
        "declaration.supplied": [text("declare.complete")],
        "healing.healed": _mended("healed"),
        "healing.failed": _mended("failed"),
        "healing.person": _mended("person"),
        "hold.opened": [f"{reason}: {text('address.detail_too_short')}" for reason in HoldReason],
        "hold.closed": [
            *(f"{reason}: OPERATOR, {text('desk.agrees')}" for reason in HoldReason),
            *(f"ADDRESS_INCOMPLETE: {way}" for way in Release),
            "ADDRESS_CHANGE: LAPSE",
            f"ADDRESS_CHANGE: {text('address.lapsed')}",
        ],
        "hold.escalated": [str(reason) for reason in HoldReason],
        "task.raised": [f"pack_overdue: {text('task.pack_overdue')}"],
        "approval.approve": ["sales_director"],
        "approval.refuse": [f"technical_director: {text('desk.differs')}"],
        "approval.withdraw": ["sales_director"],
        "approval.late": [f"sales_director: {stage.name}" for stage in Stage],
        "stock.locked": [text("routing.alone", warehouse="HZ-01", strategy="HZ-01")],
        "stock.locked_again": ["1: HZ-01"],
        "stock.arrived": ["2: HZ-01"],
        "stock.fitted": ["", "more is needed than is locked"],
        "stock.released": ["0 SKUs", "3 SKUs"],
        "consignments.fitted": ["", "not all of it could be changed"],
        "couriers.planned": [f"{text('promise.stock')} ({RULE})"],
        "merge.joined": [f"7: {OTHER} ({RULE})"],
        "merge.left": [f"{text('warehouse.hold')}: {ORDER}", text("merge.packed_before")],
        "merge.undone": [f"{text('warehouse.changed')}: {ORDER}, {OTHER}"],
        "warehouse.packed": [""],
        "warehouse.mismatch": [text("scan.mismatch", what="SKU-A")],
        "warehouse.partial": [""],
        "warehouse.exception": [text("warehouse.exception"), text("scan.wrong", items="SKU-A")],
        "warehouse.cancelled": [text("warehouse.cancelled_itself"), text("stock.share_used")],
        "warehouse.nothing": [""],
        "waybill.live": [f"sf:SF {NUMBER}", f"douyin:ZTO {NUMBER}", f"other:YUNDA {NUMBER}"],
        "waybill.manual": [f"{carrier} {NUMBER}" for carrier in Carrier],
        "waybill.of_box": [f"cainiao:YTO {NUMBER}: {PARCEL}"],
        "waybill.void": [f"{outcome} {NUMBER}" for outcome in VoidOutcome],
        "label.printed": ["LS-1"],
        "label.withdrawn": ["LS-1"],
        "channel.told": [f"JTSD {NUMBER}"],
        "channel.not_told": [text("gift.not_told")],
        "channel.shows_other": [text("channel.shows_other", number=f"DEPPON {NUMBER}", other=f"YUNDA {NUMBER}")],
        "shipping.finished": [""],
        "parcel.rerouted": [PARCEL],
        "parcel.returning": [PARCEL],
        "parcel.void": [PARCEL],
        "parcel.refused": [f"{PARCEL} {text('intercept.no_sign')}"],
        "address.confirmed": ["", text("address.promise", day="11-11")],
        "address.refused": [text("address.detail_too_short")],
        "address.dropped": [text("address.lapsed")],
        "address.rerouted": [""],
        "address.rerouted_in_part": [text("intercept.no_sign")],
        "refund.parcels_asked": [f"{PARCEL} returning, {ORDER}#2 refused, {ORDER}#3 void"],
        "gift.sent_after": [f"SKU-A × 2: own:main:SO1-G1; {text('scan.gift', items='SKU-A')}"],
        "order.signed": [""],
        "order.cancelled": [text("cancel.by_channel")],
        "order.undelivered": [text("parcel.refused")],
        "warranty.activated": ["0 lines", "2 lines"],
        "shadow.decided": [
            "ship",
            "hold: address.detail_too_short, declaration.missing",
            f"wait: {text('stock.share_used')}",
            "fail: BadRule: courier_plan: row 3 is broken",
        ],
    }


KINDS = sorted(_examples())
HOLDS = {"risk.many": "RISK", "stock.not_enough": ""}
TITLES = {"serial_no": "序列号", "overseas_certificate": "海外证书"}


@pytest.fixture(autouse=True)
def _chinese_again() -> Iterator[None]:
    yield
    use_language("zh")


def _words(kind: str, why: str, **more: Any) -> str:
    return why_words(Written(kind, why, holds=HOLDS, titles=TITLES, **more))


def test_every_kind_that_steps_write_has_words_and_examples() -> None:
    assert set(WORDS) == kinds()
    assert set(KINDS) == kinds()


@pytest.mark.parametrize("kind", KINDS)
def test_chinese_people_read_chinese(kind: str) -> None:
    for why in _examples()[kind]:
        said = f"{event_words(kind)} {_words(kind, why)}"
        assert re.search(r"[：；、，]([：；、，]|\s*$)", said) is None, f"{why} is shown as {said}"
        for name in (*NAMES, "EMS"):  # that courier is called so in Chinese, too
            said = said.replace(name, "")
        assert re.findall(r"[A-Za-z_]{2,}", said) == [], f"{why} is shown as {said}"


@pytest.mark.parametrize("kind", KINDS)
def test_the_english_setting_has_no_chinese_and_no_codes(kind: str) -> None:
    use_language("en")
    for why in _examples()[kind]:
        if kind == "fields.supplied":
            continue  # the merchant's own names
        said = f"{event_words(kind)} {_words(kind, why)}"
        for name in NAMES:
            said = said.replace(name, "")
        assert re.findall(r"[\u2e80-\u9fff\uff00-\uffef]", said) == [], said
        assert re.findall(r"[a-z_]+\.[a-z_]+|[A-Z_]{4,}|[a-z]+_[a-z]+", said) == [], said


def test_findings_are_called_by_their_badges_with_how_many_there_are() -> None:
    codes = "address.detail_too_short; address.city_missing; stock.not_enough; risk.many; gone.rule"
    assert _words("order.accepted", codes) == "发现：地址不完整 ×2、风险待核、提示 2 条"
    assert _words("order.accepted", "") == "没有发现问题"
    now = {"flags": [{"code": "gone.rule", "hold": "PRICE_CONFLICT", "detail": "x"}]}
    assert _words("order.accepted", "gone.rule", result=now) == "发现：价格不符"


def test_what_is_written_down_as_codes_is_read_as_words() -> None:
    assert _words("document.newer", "version 3, PAID") == "渠道状态：已付款"
    assert _words("stock.released", "0 SKUs") == "没有锁定的库存"
    assert _words("hold.closed", "ADDRESS_INCOMPLETE: OPERATOR, 已电话核实") == "地址不完整：运营放行，已电话核实"
    assert _words("hold.closed", "ADDRESS_CHANGE: LAPSE") == "改地址待确认：超过时限，自动解除"
    assert _words("waybill.live", "douyin:ZTO 773001") == "中通快递 773001"
    assert _words("waybill.void", "TOO_LATE 773001") == "773001：已不能作废，请联系快递"
    assert _words("refund.parcels_asked", f"{PARCEL} returning") == "包裹 1：快递已受理退回"
    assert _words("fields.supplied", "serial_no, other") == "序列号、other"
    assert _words("approval.refuse", "sales_director: 单价不对") == "销售总监：单价不对"


def test_what_a_person_typed_or_a_partner_said_stays_as_it_is() -> None:
    assert _words("order.cancelled", "buyer called: wrong size") == "buyer called: wrong size"
    assert _words("hold.closed", "RISK: OPERATOR, ok by phone") == "风险待核：运营放行，ok by phone"
    assert _words("warehouse.exception", "shelf B7 is empty") == "仓库说明：“shelf B7 is empty”"
    assert _words("merge.left", "I said so: now") == "I said so: now"


def test_what_this_version_does_not_know_stays_as_it_was_written() -> None:
    assert _words("document.newer", "version three, ODD, new") == "version three, ODD, new"
    assert _words("waybill.live", "drone:UFO 1") == "drone:UFO 1"
    assert _words("hold.opened", "A_NEW_ONE: 原因") == "A_NEW_ONE: 原因"
    assert _words("of.tomorrow", "x") == "x"


def test_who_did_it() -> None:
    assert who_words("channel") == "渠道"
    assert who_words("channel:douyin") == "渠道：抖店"
    assert who_words("clerk:13800000000") == "仓库人员（短信链接）"
    assert who_words("credit") == "CRM 信用"
    assert who_words("sf:SF") == "顺丰速运（顺丰）"
    assert who_words("manual:ZTO") == "人工补录"
    assert who_words("lan") == "lan"


def test_of_every_finding_it_is_known_which_hold_it_asks_for() -> None:
    """A finding of an order that an old system works on is not kept: its badge comes from its code."""
    found = set()
    for path in (*(ROOT / "domain" / "review").glob("*.py"), *(ROOT / "activities").glob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in {"Flag", "FlagFact"} and call.args:
                found |= set(re.findall(r"'([a-z]+)\.", ast.unparse(call.args[0])))
    assert {"format", "address", "risk", "stock", "price", "credit", "approval"} <= found
    assert found <= {code.partition(".")[0] for code in _ASKS}
