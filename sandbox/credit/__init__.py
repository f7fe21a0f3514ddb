"""The CRM's credit check."""

from sandbox.credit.bureau import CreditBureau

__all__ = ["CreditBureau"]
