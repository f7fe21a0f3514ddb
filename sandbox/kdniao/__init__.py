"""Kuaidiniao: tracks parcels of all couriers, on request and by push."""

from sandbox.kdniao.tracker import Kdniao

__all__ = ["Kdniao"]
