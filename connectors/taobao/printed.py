"""What Cainiao's e-waybill calls answer through TOP (Cainiao's protocol file, section 3). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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

    @property
    def absent(self) -> bool:
        """Whether it says in known words that there is no such object."""
        return not self.success and absent(f"{self.error_code} {self.error_message}")


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


@dataclass(frozen=True)
class Finding:
    """What a query by trade code says of one parcel. Not `sure`: there are waybills, and nothing tells whose."""

    number: str | None
    sure: bool = True


def probe_of(key: str) -> str:
    """An object that there never is, asked for beside `key`: whoever finds it answers by trade and only echoes ids."""
    return f"{key}-0"


def finding(body: Mapping[str, Any], request: WaybillRequest) -> Finding:
    """The live waybill under `request.key` out of an answer of …query.by.tradecode.

    A number that is printed with the key itself is the parcel's; so is the only one that is found under the key, where
    the probe is not found. A refusal that does not say "absent" in known words is no proof of absence: Unavailable.
    """
    modules = read(_Queried, body).modules
    prints = [found for module in modules if (found := _print_under(request, module)) is not None]
    named = {each.waybill_code for each in prints if each.object_id == request.key}
    unnamed = {each.waybill_code for each in prints if not each.object_id}
    if len(named) > 1:
        raise ValueError("several numbers for one object")
    if named:
        return Finding(named.pop())
    if not unnamed:
        return Finding(None)
    probe = probe_of(request.key)
    told_apart = any(module.object_id == probe and module.absent for module in modules)
    return Finding(unnamed.pop()) if told_apart and len(unnamed) == 1 else Finding(None, sure=False)


def _print_under(request: WaybillRequest, module: _Module) -> _Printed | None:
    """What was found under the request's key, of its courier; None for anything else, and where there is none."""
    if module.object_id != request.key or module.absent:
        return None
    if not module.success:
        raise Unavailable(PARTNER, QUERY_WAYBILL, "neither found nor absent", module.error_code[:60])
    printed = module.waybill_cloud_print_response
    if printed is None or not printed.waybill_code:
        raise ValueError("a found object without a number")
    return printed if printed.cp_code in ("", company_code(request.carrier, QUERY_WAYBILL)) else None


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
    plain = text.lower().replace("_", " ")  # error codes are words, too
    return any(word in plain for word in words)
