"""One mini-program's keys at WeChat Pay, in the hands of the `wechatpayv3` library. Pure: it makes no call.

The library is used in public-key mode only, so that it never downloads certificates. Two guards that it lacks stand
before it (inbound.py): the serial is compared first, for an unknown one would make it ask for certificates, and a
stranger could make it do so; and the age of what is signed is checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.utils import build_authorization, load_private_key, load_public_key, rsa_verify

from connectors.wechat.settings import WechatShop

TIMESTAMP, NONCE, SERIAL, SIGNATURE, SIGNATURE_TYPE = (
    "wechatpay-timestamp",
    "wechatpay-nonce",
    "wechatpay-serial",
    "wechatpay-signature",
    "wechatpay-signature-type",
)
RSA = "WECHATPAY2-SHA256-RSA2048"
"""The only signature type there is."""


class Merchant:
    """What one mini-program signs and opens with."""

    def __init__(self, appid: str, shop: WechatShop) -> None:
        self.appid = appid
        self.mchid = shop.mchid
        self._serial = shop.merchant_serial
        secret = shop.merchant_private_key
        self._private_key = load_private_key(secret.get_secret_value() if secret is not None else None)
        self._public_keys = {serial: load_public_key(pem) for serial, pem in shop.platform_keys.items()}
        self._library = {
            serial: WeChatPay(
                wechatpay_type=WeChatPayType.MINIPROG,
                mchid=shop.mchid,
                private_key=secret.get_secret_value() if secret is not None else None,
                cert_serial_no=shop.merchant_serial,
                appid=appid,
                apiv3_key=shop.apiv3_key.get_secret_value(),
                public_key=pem,
                public_key_id=serial,
            )
            for serial, pem in shop.platform_keys.items()
        }

    @property
    def asks_with(self) -> str:
        """The serial of the platform key that answers are to be signed with."""
        return next(iter(self._public_keys))

    def knows(self, serial: str) -> bool:
        """Whether this is the serial of one of our platform keys."""
        return serial in self._public_keys

    def open(self, headers: Mapping[str, str], body: str) -> Mapping[str, Any] | None:
        """A notification with its `resource` opened; None where signature or APIv3 key do not fit.

        Call it only with a serial that it `knows`. What is signed and sealed well and still no notification makes the
        library raise whatever comes of it.
        """
        pay = self._library[headers[SERIAL]]
        given = {name: headers.get(name, "") for name in (TIMESTAMP, NONCE, SERIAL, SIGNATURE)}
        opened: Mapping[str, Any] | None = pay.callback({**given, SIGNATURE_TYPE: RSA}, body)
        return opened

    def signed(self, headers: Mapping[str, str], body: str) -> bool:
        """Whether an answer is signed with the platform key that it names."""
        key = self._public_keys.get(headers.get(SERIAL, ""))
        if key is None:
            return False
        signed: bool = rsa_verify(
            headers.get(TIMESTAMP, ""), headers.get(NONCE, ""), body, headers.get(SIGNATURE, ""), key
        )
        return signed

    def authorization(self, path: str) -> str:
        """The Authorization header of a GET of `path`, query included."""
        authorization: str = build_authorization(path, "GET", self.mchid, self._serial, self._private_key)
        return authorization
