"""SF Express (顺丰 丰桥): waybills ordered directly, cancelled and found again, and route pushes."""

from connectors.sf.client import SfCourier
from connectors.sf.inbound import SfRoutePush
from connectors.sf.settings import Sender, SfSettings

__all__ = ["Sender", "SfCourier", "SfRoutePush", "SfSettings"]
