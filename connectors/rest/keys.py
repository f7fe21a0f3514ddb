"""Who may speak for which shop: by a signature, or by an API key. Pure."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from connectors.errors import PushRefused
from connectors.ports import Push
from connectors.rest.settings import RestSettings
from connectors.rest.signing import KEY, PROTOCOL, check
from domain.order import Channel


@dataclass(frozen=True)
class Caller:
    """The shop that a request comes from. It may speak for itself only."""

    channel: Channel
    shop: str


class Keys:
    """The keys of all shops of all channels. Raises ValueError for a key that two shops share."""

    def __init__(self, channels: Mapping[Channel, RestSettings]) -> None:
        self._signers: dict[str, tuple[Caller, str]] = {}
        self._api_keys: dict[str, Caller] = {}
        for channel, settings in channels.items():
            for name, account in settings.shops.items():
                caller = Caller(channel, name)
                if account.key_id and account.secret is not None:
                    signer = (caller, account.secret.get_secret_value())
                    if self._signers.setdefault(account.key_id, signer)[0] != caller:
                        raise ValueError(_shared("key_id", caller, self._signers[account.key_id][0]))
                if account.api_key is not None:
                    first = self._api_keys.setdefault(account.api_key.get_secret_value(), caller)
                    if first != caller:
                        raise ValueError(_shared("api_key", caller, first))

    def caller(self, push: Push) -> Caller:
        """Who sent a request. With both kinds of proof in it, the signature counts.

        Raises PushRefused for a wrong signature, one more than 300 s old, an unknown key, or no proof at all.
        """
        key_id = push.headers.get(KEY.lower())
        if key_id is None:
            return self._holder(push.headers.get("authorization", ""))
        if key_id not in self._signers:
            raise PushRefused(PROTOCOL, "unknown key")
        caller, secret = self._signers[key_id]
        check(secret, push)
        return caller

    def _holder(self, authorization: str) -> Caller:
        scheme, _, given = authorization.partition(" ")
        wanted = given.strip().encode("utf-8", "surrogatepass")
        # All are compared, so that the time tells nothing about which one was near.
        found = [caller for key, caller in self._api_keys.items() if hmac.compare_digest(key.encode(), wanted)]
        if scheme.lower() != "bearer" or not found:
            raise PushRefused(PROTOCOL, "neither signed nor with a known API key")
        return found[0]


def _shared(what: str, one: Caller, other: Caller) -> str:
    names = " and ".join(sorted(f"{caller.channel}/{caller.shop}" for caller in (one, other)))
    return f"the shops {names} share a {what}: a request would not tell which one sent it"
