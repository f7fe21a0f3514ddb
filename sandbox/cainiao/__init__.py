"""Cainiao's electronic waybills behind the LINK gateway."""

from sandbox.cainiao.gateway import CainiaoGateway

__all__ = ["CainiaoGateway"]
