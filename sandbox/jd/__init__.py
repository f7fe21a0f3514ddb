"""JD's open platform with one POP shop: orders to poll, shipping, refunds, e-waybills, and order exports by FTP."""

from sandbox.jd.platform import JdPlatform

__all__ = ["JdPlatform"]
