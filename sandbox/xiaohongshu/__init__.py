"""Xiaohongshu's ARK with one shop: pushes as hints, encrypted receivers, shipping, after-sales, e-waybills."""

from sandbox.xiaohongshu.platform import XiaohongshuPlatform

__all__ = ["XiaohongshuPlatform"]
