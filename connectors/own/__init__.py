"""The merchant's own shop, and any system without a connector of its own: docs/own-shop-api.md, both directions."""

from connectors.own.client import OwnShop
from connectors.own.intake import Refused, TooManyOrders
from connectors.own.settings import OwnSettings, ShopAccount

__all__ = ["OwnSettings", "OwnShop", "Refused", "ShopAccount", "TooManyOrders"]
