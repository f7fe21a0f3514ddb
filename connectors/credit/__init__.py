"""The CRM's credit bureau: may this customer buy on account? (protocol: our proposed REST contract)"""

from connectors.credit.client import CrmCredit
from connectors.credit.inbound import CreditCallback
from connectors.credit.settings import CreditSettings

__all__ = ["CreditCallback", "CreditSettings", "CrmCredit"]
