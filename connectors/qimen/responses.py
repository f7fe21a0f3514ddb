"""Reads the envelope of Qimen's answers, and what its refusals mean.

`flag` is the only sure thing in it. Every WMS has codes of its own, so refusals are told apart by the words that WMSes
use, and where words do not decide, the client asks for the order's state.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

from connectors.errors import (
    DocumentUnreadable,
    Misconfigured,
    OutcomeUnknown,
    PartnerError,
    Rejected,
    Unavailable,
)
from connectors.qimen.elements import text
from connectors.xml import parse_untrusted_xml

_NOT_SERVED = re.compile(r"busy|service-unavailable", re.IGNORECASE)
_LOST = re.compile(r"^isp\.|timeout", re.IGNORECASE)
_GATEWAY = re.compile(r"^(isv\.|qimen\.|sign-check-failure)", re.IGNORECASE)
_PHONE = re.compile(r"(?<!\d)(1[3-9]\d{9}|0\d{2,3}-?\d{7,8})(?!\d)")

_EXISTS = re.compile(r"已存在|重复|already.?exist|duplicate", re.IGNORECASE)
# Only an order that is not there: "仓库不存在" is something else.
_UNKNOWN_ORDER = re.compile(
    r"(单|order)[^，,；;。]{0,60}(不存在|未找到|找不到|not.?exist|not.?found)"
    r"|(查无|无此|未找到|找不到|不存在)[^，,；;。]{0,10}单|(no.?such|unknown).{0,10}order",
    re.IGNORECASE,
)
_CANCELLED = re.compile(r"已(被|经)?取消|重复取消|already.?cancel", re.IGNORECASE)
_HELD = re.compile(r"已(被|经)?(挂起|暂停|冻结)|already.?(pending|held|on.?hold)", re.IGNORECASE)
_NOT_HELD = re.compile(
    r"(未|没有|不是|非)(被)?(挂起|暂停|冻结)|已(被|经)?恢复|not.?(pending|held|on.?hold)", re.IGNORECASE
)
_TOO_LATE = re.compile(
    r"已(被|经)?(拣货|复核|打包|称重|出库|发货|揽收|完成)|(不能|无法|不允许|不可)(再)?(取消|拦截|挂起|暂停)"
    r"|already.?(packed|shipped|delivered)|too.?late",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Answer:
    """A yes, or the warehouse's own no. The properties say what its words mean; asked of a no only."""

    root: etree._Element
    success: bool
    code: str
    message: str

    @property
    def exists(self) -> bool:
        """单据已存在."""
        return self._says(_EXISTS)

    @property
    def unknown_order(self) -> bool:
        """单据不存在."""
        return self._says(_UNKNOWN_ORDER)

    @property
    def cancelled(self) -> bool:
        """已取消."""
        return self._says(_CANCELLED)

    @property
    def held(self) -> bool:
        """已挂起."""
        return self._says(_HELD)

    @property
    def not_held(self) -> bool:
        """未挂起."""
        return self._says(_NOT_HELD)

    @property
    def too_late(self) -> bool:
        """已打包, 已发货, 不能取消."""
        return self._says(_TOO_LATE)

    def refusal(self, operation: str) -> Rejected:
        """The no as an error."""
        return Rejected("qimen", operation, _safe(self.message), self.code)

    def _says(self, words: re.Pattern[str]) -> bool:
        return words.search(f"{self.code} {self.message}") is not None


def read_answer(operation: str, body: bytes, *, writes: bool) -> Answer:
    """The answer of the warehouse. Raises ValueError for whatever is no Qimen envelope, and the errors of
    `connectors.errors` for what the gateway says: not served, lost on the way, or a call that is not allowed.
    """
    try:
        root = parse_untrusted_xml(body, "qimen")
    except DocumentUnreadable as error:
        raise ValueError(error.reason) from error
    flag, code, message = text(root, "flag").lower(), text(root, "code"), text(root, "message")
    if root.tag != "response" or flag not in ("success", "failure"):
        raise ValueError("not a Qimen envelope")
    if flag == "failure":
        _raise_gateway_error(operation, code, message, writes)
    return Answer(root, flag == "success", code, message)


def _raise_gateway_error(operation: str, code: str, message: str, writes: bool) -> None:
    kind: type[PartnerError]
    if _NOT_SERVED.search(code):
        kind = Unavailable
    elif _LOST.search(code):
        kind = OutcomeUnknown if writes else Unavailable
    elif _GATEWAY.search(code):
        kind = Misconfigured
    else:
        return
    raise kind("qimen", operation, _safe(message), code)


def _safe(message: str) -> str:
    """A message fit for logs: a WMS may quote the receiver's phone."""
    return _PHONE.sub("***", message)[:200]
