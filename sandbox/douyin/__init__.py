"""The Douyin open platform with one shop: orders with encrypted receivers, shipping, e-waybills, messages."""

from sandbox.douyin.platform import DouyinPlatform

__all__ = ["DouyinPlatform"]
