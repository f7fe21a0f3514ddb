"""SF's open platform, 丰桥: orders, routes, and route pushes."""

from sandbox.sf.gateway import SfGateway

__all__ = ["SfGateway"]
