"""Pinduoduo's open platform with one shop: orders with encrypted receivers to poll, shipping, e-waybills."""

from sandbox.pdd.platform import PddPlatform

__all__ = ["PddPlatform"]
