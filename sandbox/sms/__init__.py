"""Aliyun's short messages."""

from sandbox.sms.api import AliyunSms

__all__ = ["AliyunSms"]
