"""The logistics companies by the platform's codes (`company_code` of shipping, `cp_code` of e-waybills)."""

from __future__ import annotations

from dataclasses import dataclass

from domain.shipping import Carrier


@dataclass(frozen=True)
class Company:
    """One company: our code, its name, and what its e-waybill numbers look like; "" when it gives none."""

    carrier: Carrier
    title: str
    number_form: str = ""


COMPANIES = {
    "SF": Company(Carrier.SF, "顺丰速运", "SF8{:012d}"),
    "ZTO": Company(Carrier.ZTO, "中通快递", "788{:012d}"),
    "YTO": Company(Carrier.YTO, "圆通速递", "YT8{:012d}"),
    "STO": Company(Carrier.STO, "申通快递", "778{:012d}"),
    "YUNDA": Company(Carrier.YUNDA, "韵达快递", "438{:012d}"),
    "EMS": Company(Carrier.EMS, "EMS", "18{:011d}"),
    "JD": Company(Carrier.JD, "京东快递"),
    "DBKD": Company(Carrier.DEPPON, "德邦快递", "DPK8{:011d}"),
    "JTSD": Company(Carrier.JTSD, "极兔速递", "JT8{:012d}"),
    "POSTB": Company(Carrier.OTHER, "邮政快递包裹", "988{:010d}"),
    "HTKY": Company(Carrier.OTHER, "百世快递", "558{:011d}"),
    "OTHER": Company(Carrier.OTHER, "其他"),
}
"""By code. The 8 keeps the numbers apart from those that other desks give out."""
