"""The express companies by the platform's codes, for shipping and e-waybills alike.

The protocol file names `zto`, `shunfeng` and `selfdelivery`; the other codes are those that shops' programs use in
public.
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.shipping import Carrier


@dataclass(frozen=True)
class Company:
    """One company: our code, its name, what its e-waybill numbers look like ("": it gives none), how it contracts.

    A direct one (直营) knows its customers by a monthly account, the others by the branch that serves them.
    """

    carrier: Carrier
    title: str
    number_form: str = ""
    direct: bool = False


COMPANIES = {
    "shunfeng": Company(Carrier.SF, "顺丰速运", "SF9{:012d}", direct=True),
    "zto": Company(Carrier.ZTO, "中通快递", "789{:012d}"),
    "yuantong": Company(Carrier.YTO, "圆通速递", "YT9{:012d}"),
    "shentong": Company(Carrier.STO, "申通快递", "779{:012d}"),
    "yunda": Company(Carrier.YUNDA, "韵达快递", "439{:012d}"),
    "ems": Company(Carrier.EMS, "EMS", "19{:011d}", direct=True),
    "jd": Company(Carrier.JD, "京东快递", "JDV9{:011d}", direct=True),
    "debangwuliu": Company(Carrier.DEPPON, "德邦快递", "DPK9{:011d}", direct=True),
    "jtexpress": Company(Carrier.JTSD, "极兔速递", "JT9{:012d}"),
    "youzhengguonei": Company(Carrier.OTHER, "邮政快递包裹"),
    "selfdelivery": Company(Carrier.OTHER, "无物流发货"),
}
"""By code. The 9 keeps the numbers apart from those that other desks give out."""
