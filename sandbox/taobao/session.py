"""The seller's session (protocol file, section 4): it ends, and only the seller can begin another."""

from __future__ import annotations

import hmac
import time

from sandbox.settings import TaobaoSettings


class Session:
    """The one session that is good now, if it is. Refreshing does not exist: whoever has lost it asks the seller."""

    def __init__(self, settings: TaobaoSettings) -> None:
        self._seconds = settings.session_seconds
        self.renew(settings.session.get_secret_value())

    def renew(self, session: str) -> None:
        """The seller authorises the app again: from now on, only this session is good."""
        self._session = session
        self._expires = time.time() + self._seconds if self._seconds else None

    def good(self, session: str) -> bool:
        """Whether a call with it is answered."""
        if self._expires is not None and self._expires <= time.time():
            return False
        return hmac.compare_digest(self._session.encode(), session.encode())
