"""Our own protocol, docs/rest-api.md: own shops, POS, B2B, a mini-program's backend, any system without a connector."""

from connectors.rest.channel import RestChannel
from connectors.rest.door import RestDoor
from connectors.rest.intake import Refused, TooManyOrders
from connectors.rest.keys import Caller, Keys
from connectors.rest.refunds import TooManyRefunds
from connectors.rest.settings import OwnSettings, RestSettings, ShopAccount

__all__ = [
    "Caller",
    "Keys",
    "OwnSettings",
    "Refused",
    "RestChannel",
    "RestDoor",
    "RestSettings",
    "ShopAccount",
    "TooManyOrders",
    "TooManyRefunds",
]
