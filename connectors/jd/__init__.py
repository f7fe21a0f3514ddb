"""JD POP 京东: orders pulled by time of change and numbers written back (`JdChannel`), refunds before shipping
(`JdRefunds`), order exports (`read_export`).

`JosApi` signs, keeps the shops' tokens fresh and sorts errors. The platform pushes nothing to ordinary sellers.
"""

from connectors.jd.api import JosApi
from connectors.jd.channel import JdChannel
from connectors.jd.csv_orders import Reject, read_export
from connectors.jd.refund_feed import JdRefunds
from connectors.jd.settings import JdSettings

__all__ = ["JdChannel", "JdRefunds", "JdSettings", "JosApi", "Reject", "read_export"]
