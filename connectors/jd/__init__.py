"""JD POP 京东: orders pulled by time of change and numbers written back (`JdChannel`), refunds before shipping
(`JdRefunds`), order exports out of files (`JdExports`), e-waybills for encrypted receivers (`JdWaybills`).

`JosApi` signs, keeps the shops' tokens fresh and sorts errors. The platform pushes nothing to ordinary sellers.
"""

from connectors.jd.api import JosApi
from connectors.jd.channel import JdChannel
from connectors.jd.exports import JdExports
from connectors.jd.refund_feed import JdRefunds
from connectors.jd.settings import JdSettings, JdShop
from connectors.jd.waybills import JdWaybills

__all__ = ["JdChannel", "JdExports", "JdRefunds", "JdSettings", "JdShop", "JdWaybills", "JosApi"]
