"""What Cainiao's e-waybill calls answer through TOP (Cainiao's protocol file, section 3). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from connectors.errors import Misconfigured, Rejected, Unavailable
from connectors.taobao.carriers import company_code
from connectors.taobao.requests import QUERY_WAYBILL
from connectors.taobao.responses import PARTNER
from connectors.taobao.wire import Flag, Listed, Text, Wire, read
from domain.shipping import VoidOutcome, WaybillRequest

_CONTRACT_WORDS = ("余额不足", "未订购", "发货地址不匹配")
_ABSENT_WORDS = ("不存在", "未找到", "没有找到", "查无", "not exist", "not found")
_VOID_WORDS = ("已取消", "已作废", "已废弃", "cancelled", "discarded")
_COLLECTED_WORDS = ("揽收", "揽件", "已签收", "已发货")


class _Printed(Wire):
    object_id: Text = ""
    waybill_code: Text = ""
    cp_code: Text = ""


class _Module(Wire):
    success: Flag = False
    object_id: Text = ""
    error_code: Text = ""
    error_message: Text = ""
    waybill_cloud_print_response: _Printed | None = None


class _Created(Wire):
    modules: Annotated[list[_Printed], Listed] = Field(default_factory=list)


class _Queried(Wire):
    modules: Annotated[list[_Module], Listed] = Field(default_factory=list)


class _Cancelled(Wire):
    cancel_result: Flag


def created_number(body: Mapping[str, Any], key: str) -> str:
    """The number under `key` out of an answer of cainiao.waybill.ii.get. Raises ValueError when there is none."""
    for printed in read(_Created, body).modules:
        if printed.object_id == key and printed.waybill_code:
            return printed.waybill_code
    raise ValueError("no number for this object")


def found_number(body: Mapping[str, Any], request: WaybillRequest) -> str | None:
    """The live number under `request.key` out of an answer of …query.by.tradecode; None where there is none.

    A refusal that does not say so in known words is no proof of absence: Unavailable. So are several numbers, since
    one of them belongs to another parcel of the trade: ValueError.
    """
    code = company_code(request.carrier, QUERY_WAYBILL)
    numbers = set()
    for module in read(_Queried, body).modules:
        if module.object_id != request.key:
            continue
        if not module.success:
            if absent(f"{module.error_code} {module.error_message}"):
                continue
            raise Unavailable(PARTNER, QUERY_WAYBILL, "neither found nor absent", module.error_code[:60])
        printed = module.waybill_cloud_print_response
        if printed is None or not printed.waybill_code:
            raise ValueError("a found object without a number")
        if printed.object_id in ("", request.key) and printed.cp_code in ("", code):
            numbers.add(printed.waybill_code)
    if len(numbers) > 1:
        raise ValueError("several numbers for one object")
    return numbers.pop() if numbers else None


def absent(words: str) -> bool:
    """Whether an error says that there is no waybill, or a void one."""
    return _says(words, _ABSENT_WORDS + _VOID_WORDS)


def create_refusal(refusal: Rejected) -> Rejected | Misconfigured:
    """A refusal to create as it is, or as Misconfigured where the contract with the courier wants mending."""
    if _says(refusal.detail, _CONTRACT_WORDS):
        return Misconfigured(PARTNER, refusal.operation, refusal.detail, refusal.code)
    return refusal


def outcome_of_answer(body: Mapping[str, Any]) -> VoidOutcome:
    """What cainiao.waybill.ii.cancel did: a cancellation that was taken but not done came after the pickup."""
    return VoidOutcome.VOIDED if read(_Cancelled, body).cancel_result else VoidOutcome.TOO_LATE


def outcome_of_refusal(refusal: Rejected) -> VoidOutcome | None:
    """The outcome that a refusal to cancel amounts to; None for one that says nothing of the waybill."""
    if _says(refusal.detail, _VOID_WORDS):
        return VoidOutcome.VOIDED
    if _says(refusal.detail, _COLLECTED_WORDS):
        return VoidOutcome.TOO_LATE
    return VoidOutcome.NOT_FOUND if _says(refusal.detail, _ABSENT_WORDS) else None


def _says(text: str, words: tuple[str, ...]) -> bool:
    return any(word in text.lower() for word in words)
