"""WeChat mini-programs 微信小程序: payments and refunds in, shipping information out (`WechatChannel`).

A payment names neither goods nor address: its order comes by REST, and is found through `ShopOrders`.
"""

from connectors.wechat.channel import WechatChannel
from connectors.wechat.lookup import ShopOrders
from connectors.wechat.settings import WechatSettings, WechatShop

__all__ = ["ShopOrders", "WechatChannel", "WechatSettings", "WechatShop"]
