"""Aliyun's message desk: what may be sent, what was sent, and what became of it."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.clock import BEIJING, format_beijing, utc_now
from sandbox.digest import phone_digest
from sandbox.world import Book

Json = dict[str, Any]

_MOBILE = re.compile(r"1[3-9]\d{9}")
_SIGN_NAME = re.compile(r"\w{2,12}")
_TEMPLATE = re.compile(r"SMS_\d{6,12}")
_URL = re.compile(r"https?:|www\.|\b[a-z0-9-]+\.(?:com|cn|net|org|io|top|xyz)\b", re.IGNORECASE | re.ASCII)
_LONGEST_VALUE = 35
_DAY = re.compile(r"\d{8}")


class SmsError(Exception):
    """A business "no": the Code and Message of an answer with HTTP status 200."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


@dataclass
class SentMessage:
    """One message to one phone."""

    phone: str
    sign_name: str
    template: str
    params: dict[str, str]
    out_id: str
    biz_id: str
    sent: datetime
    received: datetime | None = None

    def receipt(self) -> Json:
        """The line of a SmsReport about it, once it was received."""
        return {
            "phone_number": self.phone,
            "send_time": format_beijing(self.sent),
            "report_time": format_beijing(self.received or self.sent),
            "success": True,
            "err_code": "DELIVERED",
            "err_msg": "用户接收成功",
            "sms_size": "1",
            "biz_id": self.biz_id,
            "out_id": self.out_id,
        }

    def detail(self) -> Json:
        """Its entry in QuerySendDetails."""
        return {
            "PhoneNum": self.phone,
            "SendStatus": 3 if self.received else 1,
            "ErrCode": "DELIVERED" if self.received else "",
            "TemplateCode": self.template,
            "Content": f"【{self.sign_name}】" + "，".join(self.params.values()),
            "SendDate": format_beijing(self.sent),
            "ReceiveDate": format_beijing(self.received) if self.received else "",
            "OutId": self.out_id,
        }


class SmsDesk:
    """All messages. Sending is not idempotent: asked twice, it sends twice."""

    def __init__(self) -> None:
        self._sent: list[SentMessage] = []

    def send(self, fields: Mapping[str, str]) -> list[SentMessage]:
        """SendSms: one message per phone, all under one BizId. Raises SmsError."""
        phones = fields.get("PhoneNumbers", "").split(",")
        if len(phones) > 1000 or not all(_MOBILE.fullmatch(phone) for phone in phones):
            raise SmsError("isv.MOBILE_NUMBER_ILLEGAL", "手机号码格式错误")
        sign_name, template = fields.get("SignName", ""), fields.get("TemplateCode", "")
        if not _SIGN_NAME.fullmatch(sign_name):
            raise SmsError("isv.SMS_SIGNATURE_ILLEGAL", "短信签名不合法")
        if not _TEMPLATE.fullmatch(template):
            raise SmsError("isv.SMS_TEMPLATE_ILLEGAL", "短信模版不合法")
        out_id = fields.get("OutId", "")
        if len(out_id) > 256:
            raise SmsError("isv.INVALID_PARAMETERS", "OutId 过长")
        params = _params(fields.get("TemplateParam") or "{}")
        biz_id, now = f"{uuid.uuid4().int % 10**18:018d}^0", utc_now()
        messages = [SentMessage(phone, sign_name, template, params, out_id, biz_id, now) for phone in phones]
        self._sent.extend(messages)
        return messages

    def details(self, fields: Mapping[str, str]) -> Json:
        """QuerySendDetails: one phone's messages of one Beijing day, newest first, by page. Raises SmsError."""
        phone, day, biz_id = fields.get("PhoneNumber", ""), fields.get("SendDate", ""), fields.get("BizId", "")
        if not _MOBILE.fullmatch(phone):
            raise SmsError("isv.MOBILE_NUMBER_ILLEGAL", "手机号码格式错误")
        size, page = fields.get("PageSize", ""), fields.get("CurrentPage", "")
        if not _DAY.fullmatch(day) or not (size.isdecimal() and page.isdecimal()):
            raise SmsError("isv.INVALID_PARAMETERS", "参数异常")
        if not 1 <= int(size) <= 50 or int(page) < 1:
            raise SmsError("isv.INVALID_PARAMETERS", "分页参数异常")
        found = [
            message
            for message in reversed(self._sent)
            if message.phone == phone
            and f"{message.sent.astimezone(BEIJING):%Y%m%d}" == day
            and biz_id in ("", message.biz_id)
        ]
        start = (int(page) - 1) * int(size)
        entries = [message.detail() for message in found[start : start + int(size)]]
        return {"TotalCount": len(found), "SmsSendDetailDTOs": {"SmsSendDetailDTO": entries}}

    def book(self) -> Book:
        """Every message that was accepted."""
        return {
            "messages": [
                {
                    "out_id": message.out_id,
                    "phone_digest": phone_digest(message.phone),
                    "template": message.template,
                    "params": message.params,
                    "biz_id": message.biz_id,
                }
                for message in self._sent
            ]
        }


def _params(text: str) -> dict[str, str]:
    try:
        params = json.loads(text)
    except ValueError:
        params = None
    if not isinstance(params, dict):
        raise SmsError("isv.INVALID_JSON_PARAM", "模版变量不是有效的JSON对象")
    if not all(isinstance(value, str) for value in params.values()):
        raise SmsError("isv.TEMPLATE_PARAMS_ILLEGAL", "模版变量的值必须是字符串")
    if any(_URL.search(value) for value in params.values()):
        raise SmsError("isv.PARAM_NOT_SUPPORT_URL", "模版变量不支持URL")
    if any(len(value) > _LONGEST_VALUE for value in params.values()):
        raise SmsError("isv.PARAM_LENGTH_LIMIT", "模版变量超过长度限制")
    return params
