"""Cainiao (菜鸟电子面单): waybills of several couriers through the LINK gateway, for receivers in clear text."""

from connectors.cainiao.client import CainiaoCourier
from connectors.cainiao.settings import Agreement, CainiaoSettings, Sender

__all__ = ["Agreement", "CainiaoCourier", "CainiaoSettings", "Sender"]
