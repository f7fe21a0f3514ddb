"""Short messages through Aliyun SMS (dysmsapi 2017-05-25)."""

from connectors.sms.client import AliyunSms
from connectors.sms.inbound import SmsReceipts
from connectors.sms.settings import SmsSettings

__all__ = ["AliyunSms", "SmsReceipts", "SmsSettings"]
