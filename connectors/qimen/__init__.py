"""奇门 Qimen: the warehouse's WMS, called through the cloud bus (`QimenWarehouse`) and calling us (`QimenPush`)."""

from connectors.qimen.client import QimenWarehouse
from connectors.qimen.inbound import QimenPush
from connectors.qimen.settings import QimenSender, QimenSettings

__all__ = ["QimenPush", "QimenSender", "QimenSettings", "QimenWarehouse"]
