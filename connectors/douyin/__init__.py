"""Douyin E-commerce 抖店: orders and write-back of numbers (`DouyinChannel`), e-waybills (`DouyinWaybills`).

Both speak through one `DouyinApi`, which signs, keeps the shops' tokens fresh and sorts errors.
"""

from connectors.douyin.api import DouyinApi
from connectors.douyin.channel import DouyinChannel
from connectors.douyin.settings import DouyinSettings
from connectors.douyin.waybills import DouyinWaybills
from connectors.ewaybills import Sender

__all__ = ["DouyinApi", "DouyinChannel", "DouyinSettings", "DouyinWaybills", "Sender"]
