"""Our carriers and Douyin's company codes (`order.logisticsCompanyList`), the same for shipping and for e-waybills."""

from __future__ import annotations

from connectors.errors import Rejected
from connectors.shown import by_code
from domain.shipping import Carrier

_COMPANY_CODES: dict[Carrier, str] = {
    Carrier.SF: "shunfeng",
    Carrier.ZTO: "zhongtong",
    Carrier.YTO: "yuantong",
    Carrier.STO: "shentong",
    Carrier.YUNDA: "yunda",
    Carrier.EMS: "ems",
    Carrier.JD: "jd",
    Carrier.DEPPON: "debangkuaidi",
    Carrier.JTSD: "jtexpress",
}


def carrier_of(code: str) -> Carrier | None:
    """The carrier behind a code; None for one that we have no name for."""
    return by_code(_COMPANY_CODES, code)


def company_code(carrier: Carrier, operation: str) -> str:
    """Douyin's code of a carrier. Raises Rejected for one that Douyin has no code for (`Carrier.OTHER`)."""
    code = _COMPANY_CODES.get(carrier)
    if code is None:
        raise Rejected("douyin", operation, f"no company code for carrier {carrier}")
    return code
