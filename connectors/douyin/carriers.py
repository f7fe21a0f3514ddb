"""Our carriers and Douyin's company codes (`order.logisticsCompanyList`), the same for shipping and for e-waybills."""

from __future__ import annotations

from connectors.errors import Rejected
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


def company_code(carrier: Carrier, operation: str) -> str:
    """Douyin's code of a carrier. Raises Rejected for one that Douyin has no code for (`Carrier.OTHER`)."""
    code = _COMPANY_CODES.get(carrier)
    if code is None:
        raise Rejected("douyin", operation, f"no company code for carrier {carrier}")
    return code
