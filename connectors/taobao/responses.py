"""TOP's envelope and its error codes (section 3 of the protocol file). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connectors.errors import Misconfigured, OutcomeUnknown, PartnerError, Rejected, Throttled, Unavailable
from connectors.fields import as_mapping, load_json
from connectors.taobao.wire import Text, Whole, Wire, read

PARTNER = "taobao"

_CALL_LIMIT = 7
_SESSION_CODES = frozenset({26, 27})
_CLOCK_CODES = frozenset({30, 31})
"""The timestamp was refused: TOP bears ten minutes."""
_SETTINGS_CODES = frozenset({11, 12, 13, 22, 24, 25, 28, 29, 30, 31, 33, 42})
_ARGUMENT_CODES = frozenset({40, 41, 43, 47})
_BAN = re.compile(r"last for (\d{1,6}) more second")
_DETAIL_LENGTH = 160


class _Error(Wire):
    code: Whole
    msg: Text = ""
    sub_code: Text = ""
    sub_msg: Text = ""
    request_id: Text = ""


def read_answer(method: str, shop: str, content: bytes, *, writes: bool) -> Mapping[str, Any]:
    """What stands under `…_response` in a successful answer.

    Raises the errors of `connectors.errors`, or ValueError when this is no answer of TOP's.
    """
    answer = as_mapping(load_json(content), "answer")
    if "error_response" in answer:
        raise _classified(method, shop, read(_Error, answer["error_response"]), writes)
    name = method.removeprefix("taobao.").replace(".", "_") + "_response"
    return as_mapping(answer.get(name), name)


def _classified(method: str, shop: str, error: _Error, writes: bool) -> PartnerError:
    code = str(error.code)
    detail = f"{error.sub_code} {error.sub_msg or error.msg} request_id={error.request_id}".strip()[:_DETAIL_LENGTH]
    if error.code in _CLOCK_CODES:
        detail = f"this machine's clock is off, 本机时钟不准: {detail}"[:_DETAIL_LENGTH]
    if error.code in _SESSION_CODES:
        return Misconfigured(PARTNER, method, f"shop {shop} must authorise the application again", code)
    if error.code == _CALL_LIMIT or error.sub_code.startswith("accesscontrol."):
        ban = _BAN.search(error.sub_msg)
        return Throttled(PARTNER, method, detail, code, retry_after=float(ban[1]) if ban else 1.0)
    kind = _settled(error)
    if kind is None:  # a platform that stumbled may have done the work before
        kind = OutcomeUnknown if writes else Unavailable
    return kind(PARTNER, method, detail, code)


def _settled(error: _Error) -> type[PartnerError] | None:
    """The class of an error after which it is sure that nothing was done; None when it is not."""
    if error.sub_code.startswith("isp."):
        return None
    if error.code in _SETTINGS_CODES:
        return Misconfigured
    if error.sub_code.startswith("isv.") or error.code in _ARGUMENT_CODES:
        return Rejected
    return None
