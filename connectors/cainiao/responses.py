"""What Cainiao's LINK gateway answers: JSON or XML, error codes, numbers and cancellations. Pure.

Free texts of the partner are searched for known words but never kept: they may quote names and phones.
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree
from pydantic import BaseModel, ConfigDict, TypeAdapter
from pydantic.alias_generators import to_camel

from connectors.errors import (
    DocumentUnreadable,
    Misconfigured,
    OutcomeUnknown,
    PartnerError,
    Rejected,
    Throttled,
    Unavailable,
)
from connectors.xml import parse_untrusted_xml
from domain.shipping import Provider, VoidOutcome, Waybill, WaybillRequest

Answer = dict[str, Any]

# Protocol section 4. The gateway's codes; every one but these few means that an answer was lost on the way.
_GATEWAY_CODE = re.compile(r"S\d{2}")
_FATAL = {"S01": "非法的XML/JSON", "S02": "非法的数字签名", "S03": "非法的物流公司", "S04": "非法的通知类型"}
_REFUSED = {"S05": "非法的通知内容"}
_THROTTLED = {"S12": "流量限制"}
_LOST = {"S06": "网络超时", "S07": "系统异常", "S08": "HTTP状态异常"}

# Business errors are words, in the code or in the message beside it.
_CONTRACT_WORDS = ("余额不足", "未订购", "发货地址不匹配")
_ORDER_WORDS = ("地址不可达",)
_VOID = re.compile(r"CANCELL?ED|DISCARDED|ALREADY_?(CANCEL|DISCARD)|已取消|已作废|已废弃", re.IGNORECASE)
_COLLECTED = re.compile(r"PICKED|COLLECTED|已揽收|已揽件|已签收", re.IGNORECASE)
_ABSENT = re.compile(r"NOT_?(FOUND|EXIST)|NO_(SUCH|RECORD|WAYBILL)|不存在|未找到|没有找到|查无", re.IGNORECASE)

_SHORT_CODE = re.compile(r"[\w.:-]{1,40}")
_XML_LISTS = frozenset({"waybillCloudPrintResponseList", "modules"})
_OBJECT = TypeAdapter(Answer, config=ConfigDict(hide_input_in_errors=True))


class _Wire(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, coerce_numbers_to_str=True, hide_input_in_errors=True)


class _Verdict(_Wire):
    """What an answer, and each module in it, begins with. `success` is a truth value or its name as text."""

    success: bool
    error_code: str | None = None
    error_msg: str | None = None
    error_message: str | None = None

    @property
    def code(self) -> str:
        return self.error_code or ""

    @property
    def words(self) -> str:
        return f"{self.code} {self.error_msg or ''} {self.error_message or ''}"

    def says(self, pattern: re.Pattern[str]) -> bool:
        """Whether a business error has these words."""
        return not _GATEWAY_CODE.fullmatch(self.code) and bool(pattern.search(self.words))


class _Printed(_Wire):
    object_id: str | None = None
    waybill_code: str


class _Got(_Wire):
    waybill_cloud_print_response_list: list[_Printed]


class _Module(_Verdict):
    object_id: str
    waybill_cloud_print_response: _Printed | None = None


class _Queried(_Wire):
    modules: list[_Module] | None = None


class _Discarded(_Wire):
    discard_result: bool = True


def read_answer(body: bytes) -> Answer:
    """An answer as a mapping, whether it came as JSON or as XML (gateway errors often do). Raises ValueError."""
    if not body.lstrip().startswith(b"<"):
        return _OBJECT.validate_json(body)
    try:
        value = _value(parse_untrusted_xml(body, "cainiao"))
    except DocumentUnreadable as error:
        raise ValueError(error.reason) from error
    return _OBJECT.validate_python(value)


def created(answer: Answer, request: WaybillRequest) -> Waybill:
    """The waybill in the answer to TMS_WAYBILL_GET. Raises the classified error of a refusal."""
    verdict = _Verdict.model_validate(answer)
    if not verdict.success:
        raise _classified("create", verdict, writes=True)
    for printed in _Got.model_validate(answer).waybill_cloud_print_response_list:
        if printed.object_id == request.key and printed.waybill_code:
            return _waybill(request, printed.waybill_code)
    raise ValueError("answer without a number for this object")


def found(answer: Answer, request: WaybillRequest) -> Waybill | None:
    """The waybill in the answer to TMS_WAYBILL_QUERY_BY_TRADE_CODE; None where Cainiao has none, or a void one.

    A refusal that does not say so in known words is no proof of absence and raises Unavailable.
    """
    verdict = _Verdict.model_validate(answer)
    if verdict.success:
        modules = _Queried.model_validate(answer).modules or []
        module = next((each for each in modules if each.object_id == request.key), None)
        if module is None:
            return None
        if module.success:
            if module.waybill_cloud_print_response is None or not module.waybill_cloud_print_response.waybill_code:
                raise ValueError("a found object without a number")
            return _waybill(request, module.waybill_cloud_print_response.waybill_code)
        verdict = module
    if verdict.says(_ABSENT) or verdict.says(_VOID):
        return None
    raise _classified("find", verdict, writes=False)


def voided(answer: Answer) -> VoidOutcome:
    """The answer to TMS_WAYBILL_DISCARD. A discard that Cainiao took but did not do came after the pickup."""
    verdict = _Verdict.model_validate(answer)
    if verdict.success:
        return VoidOutcome.VOIDED if _Discarded.model_validate(answer).discard_result else VoidOutcome.TOO_LATE
    if verdict.says(_VOID):
        return VoidOutcome.VOIDED
    if verdict.says(_COLLECTED):
        return VoidOutcome.TOO_LATE
    if verdict.says(_ABSENT):
        return VoidOutcome.NOT_FOUND
    raise _classified("void", verdict, writes=True)


def _classified(operation: str, verdict: _Verdict, *, writes: bool) -> PartnerError:
    code = verdict.code if _SHORT_CODE.fullmatch(verdict.code) else ""
    if code in _FATAL:
        return Misconfigured("cainiao", operation, _FATAL[code], code)
    if code in _THROTTLED:
        return Throttled("cainiao", operation, _THROTTLED[code], code)
    if code in _REFUSED:
        return Rejected("cainiao", operation, _REFUSED[code], code)
    if not _GATEWAY_CODE.fullmatch(code):
        if word := _first(_CONTRACT_WORDS, verdict.words):
            return Misconfigured("cainiao", operation, word, code)
        if word := _first(_ORDER_WORDS, verdict.words):
            return Rejected("cainiao", operation, word, code)
        if writes and verdict.words.strip():
            return Rejected("cainiao", operation, "", code)
    kind = OutcomeUnknown if writes else Unavailable
    return kind("cainiao", operation, _LOST.get(code, "an answer that the protocol does not name"), code)


def _first(words: tuple[str, ...], text: str) -> str:
    return next((word for word in words if word in text), "")


def _waybill(request: WaybillRequest, number: str) -> Waybill:
    return Waybill(request.key, Provider.CAINIAO, request.carrier, number)


def _value(element: etree._Element) -> Any:
    children = [child for child in element if isinstance(child.tag, str)]
    if element.tag in _XML_LISTS:
        return [_value(child) for child in children]
    if children:
        return {child.tag: _value(child) for child in children}
    return element.text or ""
