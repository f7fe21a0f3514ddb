"""Taobao/Tmall 淘宝天猫 over TOP: orders and write-back of numbers (`TaobaoChannel`), refunds (`TaobaoRefunds`),
e-waybills (`TaobaoWaybills`).

All speak through one `TopApi`, which signs for the shop that is meant and sorts errors.
"""

from connectors.taobao.api import TopApi
from connectors.taobao.channel import TaobaoChannel
from connectors.taobao.refund_feed import TaobaoRefunds
from connectors.taobao.settings import Agreement, Sender, Shop, TaobaoSettings
from connectors.taobao.waybills import TaobaoWaybills

__all__ = [
    "Agreement",
    "Sender",
    "Shop",
    "TaobaoChannel",
    "TaobaoRefunds",
    "TaobaoSettings",
    "TaobaoWaybills",
    "TopApi",
]
