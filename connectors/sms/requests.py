"""Requests to Aliyun SMS, as pure data.

Business parameters go in the form body, which the vendor takes as well as a query: URLs are logged and traced, and no
phone number belongs there.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

import httpx

from connectors.errors import Misconfigured, Rejected
from connectors.sms.settings import SmsSettings
from connectors.sms.signing import authorization, canonical_request, signature
from connectors.transport import compact_json
from domain.clock import BEIJING
from domain.shipping import Sms

API_VERSION = "2017-05-25"
PAGE_SIZE = 50
"""The most that one page of QuerySendDetails holds."""

_MAINLAND = re.compile(r"(?:\+?86|0086)?(1[0-9]{10})")


@dataclass(frozen=True)
class Call:
    """One signed POST to the root of the endpoint."""

    headers: dict[str, str]
    body: bytes


def send_call(settings: SmsSettings, message: Sms, now: datetime, nonce: str) -> Call:
    """`SendSms`. Raises Misconfigured for a purpose without a template, Rejected for a number that is no mobile."""
    template = settings.templates.get(message.template)
    if template is None:
        raise Misconfigured("sms", "send", f"no template is set for purpose {message.template}")
    form = {
        "PhoneNumbers": _eleven_digits(message.phone, "send"),
        "SignName": settings.sign_name,
        "TemplateCode": template,
        "TemplateParam": compact_json(message.params),
        "OutId": message.out_id,
    }
    return _signed(settings, "SendSms", form, now, nonce)


def details_call(settings: SmsSettings, phone: str, sent_on: datetime, page: int, now: datetime, nonce: str) -> Call:
    """`QuerySendDetails`: one page (from 1) of what was sent to a number on one Beijing day."""
    form = {
        "PhoneNumber": _eleven_digits(phone, "find"),
        "SendDate": sent_on.astimezone(BEIJING).strftime("%Y%m%d"),
        "PageSize": str(PAGE_SIZE),
        "CurrentPage": str(page),
    }
    return _signed(settings, "QuerySendDetails", form, now, nonce)


def _eleven_digits(phone: str, operation: str) -> str:
    """Aliyun takes mainland numbers without +86."""
    match = _MAINLAND.fullmatch(phone.strip())
    if match is None:
        raise Rejected("sms", operation, "not a mainland mobile number", "isv.MOBILE_NUMBER_ILLEGAL")
    return match.group(1)


def _signed(settings: SmsSettings, action: str, form: dict[str, str], now: datetime, nonce: str) -> Call:
    body = urlencode(form).encode()
    body_sha256 = hashlib.sha256(body).hexdigest()
    url = httpx.URL(settings.base_url)
    headers = {
        "host": url.netloc.decode(),
        "content-type": "application/x-www-form-urlencoded",
        "x-acs-action": action,
        "x-acs-version": API_VERSION,
        "x-acs-date": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
        "x-acs-content-sha256": body_sha256,
    }
    canonical = canonical_request("POST", url.path.rstrip("/") + "/", {}, headers, body_sha256)
    signed = signature(canonical, settings.access_key_secret.get_secret_value())
    headers["authorization"] = authorization(settings.access_key_id.get_secret_value(), headers, signed)
    return Call(headers, body)
