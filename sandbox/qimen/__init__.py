"""A warehouse behind the Qimen gateway: it packs what it is told, and confirms what it scanned."""

from sandbox.qimen.warehouse import QimenWarehouse

__all__ = ["QimenWarehouse"]
