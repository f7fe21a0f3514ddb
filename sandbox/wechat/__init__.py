"""WeChat with one mini-program: WeChat Pay APIv3, the mini-program's server API, and the shop's own backend."""

from sandbox.wechat.platform import WechatPlatform

__all__ = ["WechatPlatform"]
