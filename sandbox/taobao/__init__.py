"""Taobao and Tmall (TOP) with one shop: trades with masked receivers, shipping, e-waybills by oaid."""

from sandbox.taobao.platform import TaobaoPlatform

__all__ = ["TaobaoPlatform"]
