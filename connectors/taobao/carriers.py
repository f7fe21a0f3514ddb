"""Our carriers and Taobao's company codes, the same for shipping (`company_code`) and for e-waybills (`cp_code`)."""

from __future__ import annotations

from connectors.errors import Rejected
from connectors.taobao.responses import PARTNER
from domain.shipping import Carrier

_CODES: dict[Carrier, str] = {
    Carrier.SF: "SF",
    Carrier.ZTO: "ZTO",
    Carrier.YTO: "YTO",
    Carrier.STO: "STO",
    Carrier.YUNDA: "YUNDA",
    Carrier.EMS: "EMS",
    Carrier.JD: "JD",
    Carrier.DEPPON: "DBKD",
    Carrier.JTSD: "JTSD",
}


def company_code(carrier: Carrier, operation: str) -> str:
    """Taobao's code of a carrier. Raises Rejected for one that Taobao has no code for (`Carrier.OTHER`)."""
    code = _CODES.get(carrier)
    if code is None:
        raise Rejected(PARTNER, operation, f"no company code for carrier {carrier}")
    return code
