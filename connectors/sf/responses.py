"""What SF answers: the double envelope, the error codes, orders and cancellations. Pure.

Partners' free texts are left out of errors, for they may quote names and phones: the code says which error it is, and
the detail is SF's own published meaning of that code.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from connectors.errors import Misconfigured, OutcomeUnknown, PartnerError, Rejected, Throttled, Unavailable
from domain.shipping import Carrier, Provider, VoidOutcome, Waybill

EXPIRED = "A1002"
"""The gateway found the timestamp too old and did nothing: sign anew and send once more."""

DUPLICATE = "8016"
UNKNOWN_ORDER = frozenset({"8018", "6150"})
CANCELLED = frozenset({"8037", "8253"})
UNDELIVERABLE = "filterResult 3"
_TOO_LATE = frozenset({"8019", "8252"})

_PENDING, _UNDELIVERABLE = 1, 3
_MASTER = 1
_RES_MISMATCH = 1

# Nothing was done, and nothing will be before a person mends keys, rights or contract.
_FATAL = {
    "A1001": "必传参数为空",
    "A1002": "请求时效已过期",
    "A1003": "IP无效",
    "A1004": "无服务权限",
    "A1006": "数字签名无效",
    "A1008": "解密失败",
    "A1010": "商户无权或签名方式不符",
    "A1011": "OAuth认证失败",
    "8027": "不存在的业务模板",
    "8114": "月结卡号问题",
    "8119": "月结卡号问题",
    "20052": "月结卡号问题",
    "6126": "月结卡号格式",
}
_THROTTLED = {"A1005": "流量受控"}
# Each of these can come after the order system had the request in its hands: A1009 may be the gateway's word for an
# answer that it waited for in vain, A1007 means that the same request was there before, the rest are crashes.
_LOST = {
    "A1007": "重复请求",
    "A1009": "目标服务不可达",
    "A1099": "系统异常",
    "4001": "系统发生数据错误或运行时异常",
    "9999": "系统异常",
}
_REFUSED = {
    "8016": "重复下单",
    "8017": "订单号与运单号不匹配",
    "8018": "未获取到订单信息",
    "6150": "未获取到订单信息",
    "8019": "订单已确认",
    "8252": "订单已确认",
    "8037": "已消单",
    "8253": "已消单",
    "8177": "服务不支持",
    "8196": "信息异常",
    "4002": "报文解析错误",
    "1023": "托寄物为空",
    **dict.fromkeys(map(str, range(1010, 1017)), "寄件或收件的地址、姓名、电话缺失"),
}


class Wire(BaseModel):
    """Base of the parts of SF's messages: camelCase names, unknown fields left out, values never quoted in errors."""

    model_config = ConfigDict(alias_generator=to_camel, coerce_numbers_to_str=True, hide_input_in_errors=True)


class _Envelope(Wire):
    api_result_code: str
    api_result_data: str | dict[str, Any] | None = None


class _Business(Wire):
    success: bool = False
    error_code: str | None = None
    msg_data: dict[str, Any] | None = None


class _Refusal(Wire):
    error_msg: str | None = None


class _WaybillNo(Wire):
    waybill_type: int
    waybill_no: str


class _Order(Wire):
    order_id: str
    filter_result: int | None = None
    waybill_no_info_list: list[_WaybillNo] | None = None


class _Update(Wire):
    res_status: Literal[1, 2, "1", "2"]


def read_answer(body: bytes, operation: str, *, writes: bool) -> dict[str, Any]:
    """The business data (msgData) of a good answer. Raises the classified error of a bad one, and ValueError for
    what is no answer of SF's at all."""
    envelope = _Envelope.model_validate_json(body)
    if envelope.api_result_code != "A1000":
        raise _classified(operation, envelope.api_result_code, writes, refused=False)
    data = envelope.api_result_data
    business = _Business.model_validate_json(data) if isinstance(data, str) else _Business.model_validate(data)
    if not business.success or business.error_code != "S0000":
        # Only a plain no with a code says that nothing was done.
        refused = not business.success and bool(business.error_code)
        raise _classified(operation, business.error_code or "", writes, refused=refused)
    return business.msg_data or {}


def _classified(operation: str, code: str, writes: bool, *, refused: bool) -> PartnerError:
    if code in _FATAL:
        return Misconfigured("sf", operation, _FATAL[code], code)
    if code in _THROTTLED:
        return Throttled("sf", operation, _THROTTLED[code], code)
    if refused and code not in _LOST:
        return Rejected("sf", operation, _REFUSED.get(code, ""), code)
    kind = OutcomeUnknown if writes else Unavailable
    return kind("sf", operation, _LOST.get(code, "an answer that the protocol does not name"), code)


_WHY_NOT = {
    "已有截单": ("已有截单", "重复截单", "已截单", "已发起"),
    "已签收": ("已签收", "已妥投"),
    "正在退回": ("已退回", "退回中"),
    "尚未收件": ("未收件", "未揽收", "未收寄"),
    "派送中，来不及": ("派送中", "派件中"),
    "该产品不支持": ("不支持",),
    "新地址不在服务范围": ("超范围", "不可收派", "超服务范围"),
}
"""SF's reasons against an interception, by words in its message: the codes are not published, and the message itself
may quote people."""


def refused_interception(body: bytes) -> str:
    """SF's reason in an answer that refuses to intercept; "" where it gives none that is known here."""
    try:
        data = _Envelope.model_validate_json(body).api_result_data
        business = _Refusal.model_validate_json(data) if isinstance(data, str) else _Refusal.model_validate(data)
    except ValueError:
        return ""
    said = business.error_msg or ""
    return next((why for why, words in _WHY_NOT.items() if any(word in said for word in words)), "")


def waybill_of(data: dict[str, Any], operation: str, key: str) -> Waybill:
    """The live waybill in the answer to an order or to a search for one.

    Raises Rejected (code UNDELIVERABLE) when SF does not serve the addresses, OutcomeUnknown while a person at SF has
    still to decide or no number is given yet: the order exists and may yet become a waybill.
    Raises ValueError for an answer about another order.
    """
    order = _Order.model_validate(data)
    if order.order_id != key:
        raise ValueError("answer about another order")
    if order.filter_result == _UNDELIVERABLE:
        raise Rejected("sf", operation, "不可收派", UNDELIVERABLE)
    if order.filter_result == _PENDING:
        raise OutcomeUnknown(
            "sf", operation, "人工确认: a person at SF has still to confirm the order", "filterResult 1"
        )
    numbers = order.waybill_no_info_list or []
    number = next((each.waybill_no for each in numbers if each.waybill_type == _MASTER), "")
    if not number:
        raise OutcomeUnknown("sf", operation, "the order exists but has no waybill number yet")
    return Waybill(key, Provider.SF, Carrier.SF, number)


def voided(data: dict[str, Any]) -> VoidOutcome:
    """The answer to a cancellation that SF took. Raises Rejected where SF took it for another order's."""
    if int(_Update.model_validate(data).res_status) == _RES_MISMATCH:
        raise Rejected("sf", "void", "resStatus 1: 客户订单号与顺丰运单不匹配", "resStatus 1")
    return VoidOutcome.VOIDED


def void_refusal(error: Rejected) -> VoidOutcome:
    """What a refused cancellation says about the waybill. Raises the error again where it says nothing."""
    if error.code in CANCELLED:
        return VoidOutcome.VOIDED
    if error.code in UNKNOWN_ORDER:
        return VoidOutcome.NOT_FOUND
    if error.code in _TOO_LATE:
        return VoidOutcome.TOO_LATE
    raise error
