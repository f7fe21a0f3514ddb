"""Pinduoduo 拼多多: orders and write-back of numbers (`PddChannel`), e-waybills (`PddWaybills`).

Both speak through one `PddApi`, which signs, keeps the shops' tokens fresh and sorts errors.
"""

from connectors.ewaybills import Sender
from connectors.pdd.api import PddApi
from connectors.pdd.channel import PddChannel
from connectors.pdd.settings import CourierTerms, PddSettings
from connectors.pdd.waybills import PddWaybills

__all__ = ["CourierTerms", "PddApi", "PddChannel", "PddSettings", "PddWaybills", "Sender"]
