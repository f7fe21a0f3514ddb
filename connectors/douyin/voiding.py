"""What logistics.cancelOrder answers. The codes are those of the vendor's own error table, the words its texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.douyin.responses import BUSINESS_FAILED, PARAMETER_INVALID
from connectors.errors import Rejected
from connectors.fields import as_mapping, text_of
from domain.shipping import VoidOutcome

_OUTCOMES: dict[str, VoidOutcome] = {
    "isv.business-failed:10901": VoidOutcome.VOIDED,  # 已经取消过了
    "isv.business-failed:10801": VoidOutcome.VOIDED,
    "isv.business-failed:10903": VoidOutcome.VOIDED,  # 单号已回收
    "isv.business-failed:8037": VoidOutcome.VOIDED,
    "isv.business-failed:1102": VoidOutcome.VOIDED,  # 重复取消
    "isv.business-failed:10803": VoidOutcome.NOT_FOUND,
    "isv.parameter-invalid:10014": VoidOutcome.NOT_FOUND,
    "isv.parameter-invalid:10003": VoidOutcome.NOT_FOUND,
    "isv.business-failed:10902": VoidOutcome.TOO_LATE,  # 轨迹存在
    "isv.business-failed:10804": VoidOutcome.TOO_LATE,
    "isv.business-failed:10802": VoidOutcome.TOO_LATE,  # 已取件
    "isv.business-failed:10000": VoidOutcome.TOO_LATE,
    "isv.business-failed:20802": VoidOutcome.TOO_LATE,
    "isv.business-failed:1105": VoidOutcome.TOO_LATE,
    "isv.business-failed:8060": VoidOutcome.TOO_LATE,
    "isv.business-failed:4007": VoidOutcome.TOO_LATE,  # 订单已发货
}
_WORDS: tuple[tuple[VoidOutcome, tuple[str, ...]], ...] = (
    (VoidOutcome.VOIDED, ("已取消", "取消过", "重复取消", "已消单", "已回收")),
    (VoidOutcome.NOT_FOUND, ("不存在", "无此", "未找到")),
    (VoidOutcome.TOO_LATE, ("揽收", "取件", "收件", "已发货", "物流信息", "轨迹")),
)


def outcome_of_answer(data: Mapping[str, Any]) -> VoidOutcome:
    """The outcome out of `cancel_result`. Raises ValueError when the answer has none.

    A "no" in unknown words is TOO_LATE: the number is not void, and only a person can find out why.
    """
    result = as_mapping(data.get("cancel_result"), "cancel_result")
    if result.get("success") is True:
        return VoidOutcome.VOIDED
    return _by_words(text_of(result, "error_message")) or VoidOutcome.TOO_LATE


def outcome_of_refusal(refusal: Rejected) -> VoidOutcome | None:
    """The outcome that a business error amounts to; None for one that says nothing of the waybill."""
    if refusal.code not in (BUSINESS_FAILED, PARAMETER_INVALID):
        return None
    sub_code = refusal.detail.partition(" ")[0]
    return _OUTCOMES.get(sub_code) or _by_words(refusal.detail)


def _by_words(text: str) -> VoidOutcome | None:
    return next((outcome for outcome, words in _WORDS if any(word in text for word in words)), None)
