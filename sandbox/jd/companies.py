"""The couriers that JD knows (protocol file, section 5, and JD's e-waybills): under two numbers, which are the same."""

from __future__ import annotations

from typing import NamedTuple

from domain.shipping import Carrier


class Company(NamedTuple):
    """A courier: its code for e-waybills, its name, our own code, and how its numbers look.

    `direct` couriers (直营) know a shop by its settlement code, the others by the branch that it has a contract with.
    `contract` is that code. A courier without a number form gives no e-waybills.
    """

    code: str
    name: str
    carrier: Carrier
    direct: bool = False
    contract: str = ""
    number_form: str = ""


COMPANIES = {
    "467": Company("SF", "顺丰速运", Carrier.SF, True, "7550000001", "SF5{:012d}"),
    "465": Company("EMS", "邮政EMS", Carrier.EMS, True, "EMS0000001", "15{:011d}"),
    "2087": Company("JD", "京东快递", Carrier.JD, True, "010K000001", "JDX5{:011d}"),
    "3046": Company("DBKD", "德邦快递", Carrier.DEPPON, True, "DBKD000001", "DPK5{:011d}"),
    "1499": Company("ZTO", "中通快递", Carrier.ZTO, False, "ZTO00001", "785{:012d}"),
    "463": Company("YTO", "圆通快递", Carrier.YTO, False, "YTO00001", "YT5{:012d}"),
    "470": Company("STO", "申通快递", Carrier.STO, False, "STO00001", "775{:012d}"),
    "1327": Company("YUNDA", "韵达快递", Carrier.YUNDA, False, "YUNDA0001", "435{:012d}"),
    "1274": Company("SELF", "厂家自送", Carrier.OTHER),
}
"""By `logiCoprId`, which is the `providerId` of e-waybills too. The 5 in a number tells it from those of others."""

SELF_DELIVERY = "1274"

PROVIDERS = {company.code: number for number, company in COMPANIES.items() if company.number_form}
"""`providerCode` → `providerId`, of those that give e-waybills."""
