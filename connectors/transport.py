"""The only module that builds HTTP clients. A `Line` is one partner's guarded line.

On every call: concurrency limit, rate limit, circuit breaker, time limit, and quick retries (inside two seconds) of a
connection that never opened. All longer retries belong to Temporal. HTTP outcomes become `connectors.errors`.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import httpx
from aiolimiter import AsyncLimiter
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState
from pydantic import BaseModel, ConfigDict, Field
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from connectors.errors import BreakerOpen, Misconfigured, OutcomeUnknown, PartnerError, Rejected, Throttled, Unavailable

T = TypeVar("T")

_NEVER_OPENED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class Limits(BaseModel):
    """How hard a partner may be used, and how long it is waited for."""

    model_config = ConfigDict(extra="forbid")

    timeout_s: float = Field(5.0, gt=0, description="time limit of one call, in seconds")
    concurrency: int = Field(20, gt=0, description="calls under way at once, in each worker process")
    per_second: float = Field(50.0, gt=0, description="calls started per second, in each worker process")
    breaker_failures: int = Field(5, gt=0, description="failures in a row that open the breaker")
    breaker_open_s: float = Field(60.0, gt=0, description="how long an open breaker skips calls before one is tried")


class Line:
    """The guarded line to one partner. Create it inside the event loop that uses it; `close` ends its connections."""

    def __init__(self, partner: str, base_url: str, limits: Limits) -> None:
        self.partner = partner
        self._limits = limits
        self._client = httpx.AsyncClient(
            base_url=base_url,
            timeout=httpx.Timeout(limits.timeout_s, connect=min(2.0, limits.timeout_s)),
            limits=httpx.Limits(max_connections=limits.concurrency),
            follow_redirects=False,
        )
        self._slots = asyncio.Semaphore(limits.concurrency)
        self._rate = AsyncLimiter(max(limits.per_second, 1.0), max(1.0, 1.0 / limits.per_second))
        self._breakers = AsyncCircuitBreakerFactory(
            default_threshold=limits.breaker_failures,
            default_ttl=limits.breaker_open_s,
            # The partner answered, so the line is sound; a cancelled call says nothing about the partner.
            exclude=[Rejected, Misconfigured, Throttled, asyncio.CancelledError],
        )
        self._probing = False

    async def close(self) -> None:
        """End all connections."""
        await self._client.aclose()

    async def breaker_state(self) -> str:
        """closed, opened or half-opened."""
        breaker = await self._breakers.get_breaker(self.partner)
        return str(breaker.context.state)

    async def exchange(
        self,
        operation: str,
        method: str,
        url: str,
        parse: Callable[[httpx.Response], T],
        *,
        writes: bool,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        data: Mapping[str, str] | None = None,
    ) -> T:
        """Send one request and return what `parse` makes of the answer.

        `parse` raises the errors of `connectors.errors` for business answers. `writes` decides what a lost answer
        means: OutcomeUnknown for a write, Unavailable for a read. `data` is sent as a form, `content` as it is.
        """

        async def once() -> T:
            response = await self._send(operation, method, url, writes, params, headers, content, data)
            self._check_status(operation, response, writes)
            try:
                return parse(response)
            except PartnerError:
                raise
            except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
                # An answer that cannot be read (an HTML page of some proxy) says nothing about what happened.
                raise self._lost(operation, writes, f"unreadable answer ({type(error).__name__})") from error

        return await self._guarded(operation, once)

    async def _guarded(self, operation: str, once: Callable[[], Awaitable[T]]) -> T:
        breaker = await self._breakers.get_breaker(self.partner)
        # purgatory lets everybody through while half-open: let only one call find out.
        probe = breaker.context.state != "closed"
        if probe and self._probing:
            raise BreakerOpen(self.partner, operation, "breaker is open")
        self._probing = self._probing or probe
        try:
            async with breaker, self._slots, self._rate:
                return await once()
        except OpenedState:
            raise BreakerOpen(self.partner, operation, "breaker is open") from None
        finally:
            if probe:
                self._probing = False

    async def _send(
        self,
        operation: str,
        method: str,
        url: str,
        writes: bool,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        content: bytes | None,
        data: Mapping[str, str] | None,
    ) -> httpx.Response:
        started = time.monotonic()
        try:
            async for attempt in AsyncRetrying(
                retry=retry_if_exception_type(_NEVER_OPENED),
                stop=stop_after_delay(1.5),
                wait=wait_random_exponential(0.1, max=0.6),
                reraise=True,
            ):
                with attempt:
                    return await self._client.request(
                        method, url, params=params, headers=headers, content=content, data=data
                    )
            raise AssertionError("tenacity ended without a result")  # pragma: no cover
        except _NEVER_OPENED as error:
            raise Unavailable(self.partner, operation, f"no connection ({type(error).__name__})") from error
        except httpx.HTTPError as error:
            waited = f"{type(error).__name__} after {time.monotonic() - started:.1f} s"
            raise self._lost(operation, writes, waited) from error

    def _check_status(self, operation: str, response: httpx.Response, writes: bool) -> None:
        status = response.status_code
        if status == 429:
            raise Throttled(
                self.partner, operation, "too many calls", str(status), retry_after=_retry_after(response, 1.0)
            )
        if status == 503:
            raise Unavailable(self.partner, operation, "not serving", str(status))
        if status >= 500:
            raise self._lost(operation, writes, "server error", str(status))

    def _lost(self, operation: str, writes: bool, detail: str, code: str = "") -> PartnerError:
        kind = OutcomeUnknown if writes else Unavailable
        return kind(self.partner, operation, detail, code)


def _retry_after(response: httpx.Response, default: float) -> float:
    try:
        return float(response.headers.get("retry-after", default))
    except ValueError:
        return default


def compact_json(value: object) -> str:
    """JSON as it is signed and sent: no blanks, UTF-8 text not escaped, keys in the order given."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
