"""The merchant's own shop (docs/rest-api.md): it pushes its orders and takes back their shipments."""

from sandbox.own.shop import OwnShop

__all__ = ["OwnShop"]
