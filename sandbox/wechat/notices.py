"""WeChat Pay's notifications to the merchant (protocol file, section 1): encrypted, signed, repeated, and probes."""

from __future__ import annotations

import base64
import json
import secrets
from collections import Counter
from enum import StrEnum
from functools import cache
from typing import Any

import httpx

from domain.clock import utc_now
from sandbox.settings import WechatSettings
from sandbox.wechat.purchases import PayRefund, Purchase, payment, refund_notice, rfc3339
from sandbox.wechat.signing import PlatformKey, seal
from sandbox.world import PushRequest, World

_PATH = "/hooks/wechat"
_NONCE_BYTES = 6
_RETRIES_S = (15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600, 21600)
"""The waits before the second and each later try; after the last WeChat Pay gives up."""
_TAKEN = frozenset({200, 204})
_TOO_OLD_S = 600


class Flaw(StrEnum):
    """What is wrong with a notification that no merchant may take."""

    PROBE = "probe"
    """Signed WECHATPAY/SIGNTEST/…: WeChat Pay itself tries now and then whether signatures are looked at."""
    STALE = "stale"
    """Signed well, but long ago: somebody plays an old one again."""
    WRONG_AAD = "wrong_aad"
    """Signed well, but its content does not decrypt."""
    UNKNOWN_SERIAL = "unknown_serial"
    """Signed by a key that the merchant does not know."""


@cache
def _stranger() -> PlatformKey:
    return PlatformKey("PUB_KEY_ID_9999999999999999999999999999999")


class Notices:
    """Writes notifications and pushes them. `flawed_taken` counts those that the hub took and should not have."""

    def __init__(self, world: World, settings: WechatSettings, key: PlatformKey) -> None:
        self._world = world
        self._settings = settings
        self._key = key
        self.duplicates_sent = 0
        self.flawed_sent: Counter[Flaw] = Counter()
        self.flawed_taken: Counter[Flaw] = Counter()

    def paid(self, purchase: Purchase) -> None:
        """Tell that a payment succeeded; sometimes twice within a moment, sometimes with a probe beside it."""
        self._tell_paid(purchase)
        if self._world.rng.random() < self._settings.duplicate_share:
            self.paid_again(purchase)
        if self._world.rng.random() < self._settings.probe_share:
            self.flawed(purchase, Flaw.PROBE)

    def paid_again(self, purchase: Purchase) -> None:
        """Tell of a payment once more, under a new notification id."""
        self.duplicates_sent += 1
        self._tell_paid(purchase)

    def refunded(self, purchase: Purchase, refund: PayRefund) -> None:
        """Tell what became of a refund; sometimes twice."""
        content = refund_notice(purchase, refund, self._settings.mchid)
        copies = 2 if self._world.rng.random() < self._settings.duplicate_share else 1
        self.duplicates_sent += copies - 1
        for _ in range(copies):
            body = self._written(f"REFUND.{refund.status}", "refund", refund.summary, content)
            self._push("refund", purchase, body)

    def flawed(self, purchase: Purchase, flaw: Flaw) -> None:
        """Send a payment's notification once with something wrong, and note whether the hub takes it."""
        self.flawed_sent[flaw] += 1
        body = self._payment(purchase, aad="wrong" if flaw is Flaw.WRONG_AAD else "transaction")

        def taken(response: httpx.Response) -> bool:
            if response.status_code in _TAKEN:
                self.flawed_taken[flaw] += 1
            return True

        self._world.push("wechat", flaw.value, lambda: self._request(body, flaw), taken, waits=())

    def _tell_paid(self, purchase: Purchase) -> None:
        self._push("payment", purchase, self._payment(purchase))

    def _payment(self, purchase: Purchase, aad: str = "transaction") -> bytes:
        content = payment(purchase, self._settings.appid, self._settings.mchid)
        return self._written("TRANSACTION.SUCCESS", "transaction", "支付成功", content, aad)

    def _written(self, event: str, kind: str, summary: str, content: dict[str, Any], aad: str | None = None) -> bytes:
        """A notification's body; its content is encrypted with `kind` beside it, whatever `aad` then says."""
        nonce, key = secrets.token_hex(_NONCE_BYTES), self._settings.apiv3_key.get_secret_value()
        resource = {
            "original_type": kind,
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": seal(key, _json(content), nonce, kind),
            "associated_data": aad or kind,
            "nonce": nonce,
        }
        now = utc_now()
        return _json(
            {
                "id": f"EV-{now:%Y%m%d%H%M%S}{secrets.randbelow(10**10):010d}",
                "create_time": rfc3339(now),
                "resource_type": "encrypt-resource",
                "event_type": event,
                "summary": summary,
                "resource": resource,
            }
        )

    def _push(self, operation: str, purchase: Purchase, body: bytes) -> None:
        scale = self._world.pace.push_retry_s / _RETRIES_S[0]

        def build() -> PushRequest:
            purchase.sent += 1
            return self._request(body, None)

        self._world.push(
            "wechat",
            operation,
            build,
            lambda response: response.status_code in _TAKEN,  # whatever the body says
            waits=[wait * scale for wait in _RETRIES_S],
        )

    def _request(self, body: bytes, flaw: Flaw | None) -> PushRequest:
        match flaw:
            case Flaw.PROBE:
                sign = f"WECHATPAY/SIGNTEST/{base64.b64encode(secrets.token_bytes(240)).decode()}"
                headers = self._key.headers(body) | {"Wechatpay-Signature": sign}
            case Flaw.STALE:
                headers = self._key.headers(body, seconds_ago=_TOO_OLD_S)
            case Flaw.UNKNOWN_SERIAL:
                headers = _stranger().headers(body)
            case _:
                headers = self._key.headers(body)
        return PushRequest(_PATH, body, headers)


def _json(content: dict[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
