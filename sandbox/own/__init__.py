"""Shops that speak orderhub's REST protocol (docs/rest-api.md): they push their orders, list them, take shipments."""

from sandbox.own.shop import RestShop

__all__ = ["RestShop"]
