"""Questions to WeChat Pay (section 2 of the protocol file): signed by the merchant, answered with a signature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from connectors.errors import Misconfigured, Rejected
from connectors.fields import as_mapping, load_json, text_of
from connectors.transport import Line
from connectors.wechat.inbound import is_recent
from connectors.wechat.merchant import SERIAL, TIMESTAMP, Merchant
from connectors.wechat.payments import PAYMENTS, Paid
from connectors.wechat.responses import PARTNER
from connectors.wechat.settings import WechatSettings
from domain.clock import utc_now

QUERY = "query_payment"

_UNKNOWN_ORDER = frozenset({"ORDER_NOT_EXIST", "ORDERNOTEXIST"})
_DETAIL_LENGTH = 160


class PayApi:
    """One merchant's line to WeChat Pay."""

    def __init__(self, settings: WechatSettings, merchant: Merchant) -> None:
        self._merchant = merchant
        self._prefix = urlsplit(settings.pay_url).path.rstrip("/")
        self._line = Line(PARTNER, settings.pay_url, settings.limits)

    async def close(self) -> None:
        """End all connections."""
        await self._line.close()

    async def payment(self, out_trade_no: str) -> Mapping[str, Any] | None:
        """The transaction of an order that was paid, as a notification would tell it; None while it is not paid.

        Raises PartnerError.
        """
        mchid = self._merchant.mchid
        path = f"/v3/pay/transactions/out-trade-no/{quote(out_trade_no, safe='')}?mchid={mchid}"
        headers = {
            "Accept": "application/json",
            "Authorization": self._merchant.authorization(self._prefix + path),
            "Wechatpay-Serial": self._merchant.asks_with,
        }
        return await self._line.exchange(QUERY, "GET", path, self._read, writes=False, headers=headers)

    def _read(self, response: httpx.Response) -> Mapping[str, Any] | None:
        if response.status_code >= 400:
            _check_refusal(response)
            return None
        self._verify(response)
        transaction = as_mapping(load_json(response.content), "transaction")
        return None if PAYMENTS.mean(text_of(transaction, "trade_state")) is Paid.UNPAID else transaction

    def _verify(self, response: httpx.Response) -> None:
        """Raise Misconfigured for a platform key that we do not have, ValueError for an answer that is not genuine."""
        serial = response.headers.get(SERIAL, "")
        if not serial:
            raise ValueError("the answer is not signed")
        if not self._merchant.knows(serial):
            raise Misconfigured(PARTNER, QUERY, f"the answer is signed with key {serial[:64]}, not in the settings")
        if not is_recent(response.headers.get(TIMESTAMP, ""), utc_now().timestamp()):
            raise ValueError("the answer's timestamp is missing, or more than 300 s away")
        if not self._merchant.signed(response.headers, response.content.decode()):
            raise ValueError("the answer's signature does not match")


def _check_refusal(response: httpx.Response) -> None:
    """Raise what a refusal means, unless it is that of an order which never came to a payment."""
    answer = as_mapping(load_json(response.content), "answer")
    code = text_of(answer, "code")
    if code in _UNKNOWN_ORDER:
        return
    detail = text_of(answer, "message")[:_DETAIL_LENGTH]
    if response.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise Misconfigured(PARTNER, QUERY, detail, code)
    raise Rejected(PARTNER, QUERY, detail, code)
