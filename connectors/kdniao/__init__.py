"""快递鸟 Kuaidiniao: follows parcels of all couriers, by asking (`KdniaoTracker`) and by pushes (`KdniaoPush`)."""

from connectors.kdniao.carriers import carrier_of, shipper_code
from connectors.kdniao.client import KdniaoTracker
from connectors.kdniao.inbound import KdniaoPush
from connectors.kdniao.settings import KdniaoSettings

__all__ = ["KdniaoPush", "KdniaoSettings", "KdniaoTracker", "carrier_of", "shipper_code"]
