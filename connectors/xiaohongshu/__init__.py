"""Xiaohongshu 小红书 (ARK): orders and write-back of numbers (`XiaohongshuChannel`), after-sales
(`XiaohongshuRefunds`), e-waybills (`XiaohongshuWaybills`).

All speak through one `XiaohongshuApi`, which signs, keeps the shops' tokens fresh and sorts errors.
"""

from connectors.ewaybills import Sender
from connectors.xiaohongshu.api import XiaohongshuApi
from connectors.xiaohongshu.channel import XiaohongshuChannel
from connectors.xiaohongshu.refund_feed import XiaohongshuRefunds
from connectors.xiaohongshu.settings import CourierTerms, XiaohongshuSettings
from connectors.xiaohongshu.waybills import XiaohongshuWaybills

__all__ = [
    "CourierTerms",
    "Sender",
    "XiaohongshuApi",
    "XiaohongshuChannel",
    "XiaohongshuRefunds",
    "XiaohongshuSettings",
    "XiaohongshuWaybills",
]
