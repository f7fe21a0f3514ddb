"""WeChat mini-program 微信小程序: payment notifications in, shipping information out (`WechatChannel`).

A payment names neither goods nor address: the order that it pays is found through an `OrderLookup`.
"""

from connectors.wechat.channel import WechatChannel
from connectors.wechat.lookup import OrderLookup
from connectors.wechat.payments import Payment
from connectors.wechat.settings import WechatSettings

__all__ = ["OrderLookup", "Payment", "WechatChannel", "WechatSettings"]
