"""The only module that builds HTTP clients. A `Line` is one partner's guarded line.

On every call: concurrency limit, rate limit, circuit breaker, time limit, and quick retries (inside two seconds) of a
connection that never opened. All longer retries belong to Temporal. HTTP outcomes become `connectors.errors`, and every
outcome is told to `connectors.recording`.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import cache
from itertools import count
from typing import TypeVar
from urllib.parse import urlsplit

import httpx
from aiolimiter import AsyncLimiter
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState
from purgatory.service._async.circuitbreaker import AsyncCircuitBreaker
from pydantic import BaseModel, ConfigDict, Field
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from connectors.errors import BreakerOpen, Misconfigured, OutcomeUnknown, PartnerError, Rejected, Throttled, Unavailable
from connectors.recording import tell
from domain.partner_health import Breaker, Outcome

T = TypeVar("T")

_numbers = count(1)

_NEVER_OPENED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class Limits(BaseModel):
    """How hard a partner may be used, and how long it is waited for."""

    model_config = ConfigDict(extra="forbid")

    timeout_s: float = Field(5.0, gt=0, description="time limit of one call, in seconds")
    concurrency: int = Field(20, gt=0, description="calls under way at once, in each worker process")
    per_second: float = Field(50.0, gt=0, description="calls started per second, in each worker process")
    breaker_failures: int = Field(5, gt=0, description="failures in a row that open the breaker")
    breaker_open_s: float = Field(60.0, gt=0, description="how long an open breaker skips calls before one is tried")


@cache
def _trusted() -> ssl.SSLContext:
    """The authorities that are believed: read once a process, for it takes longer than all else that a line needs."""
    return httpx.create_ssl_context()


class Line:
    """The guarded line to one partner. Create it inside the event loop that uses it; `close` ends its connections."""

    def __init__(self, partner: str, base_url: str, limits: Limits) -> None:
        self.partner = partner
        self._limits = limits
        self._client = httpx.AsyncClient(
            base_url=base_url,
            verify=_trusted(),
            # Connecting ends before the whole call does: a call that never got through is told from a lost answer.
            timeout=httpx.Timeout(limits.timeout_s, connect=min(2.0, limits.timeout_s / 2)),
            limits=httpx.Limits(max_connections=limits.concurrency),
            follow_redirects=False,
        )
        self._slots = asyncio.Semaphore(limits.concurrency)
        self._rate = AsyncLimiter(max(limits.per_second, 1.0), max(1.0, 1.0 / limits.per_second))
        self._breakers = AsyncCircuitBreakerFactory(
            default_threshold=limits.breaker_failures,
            default_ttl=limits.breaker_open_s,
            exclude=[Rejected, Misconfigured, Throttled],  # the partner answered, so the line is sound
        )
        self._probing = False
        self._number = next(_numbers)
        self._host = urlsplit(base_url).hostname or ""
        self._told: Breaker | None = None

    async def close(self) -> None:
        """End all connections."""
        await self._client.aclose()
        tell(lambda recorder: recorder.closed(self.partner, self._number))

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
        probe = _state(breaker) is not Breaker.CLOSED
        if probe and self._probing:
            raise self._not_tried(operation)
        self._probing = self._probing or probe
        try:
            async with _watched(breaker), self._slots, self._rate:
                # While this one waited for its turn, those before it may have failed too often.
                if _state(breaker) is Breaker.OPENED:
                    raise OpenedState(self.partner)
                return await self._timed(operation, once)
        except OpenedState:
            raise self._not_tried(operation) from None
        finally:
            if probe:
                self._probing = False
            self._tell_breaker(_state(breaker))

    async def _timed(self, operation: str, once: Callable[[], Awaitable[T]]) -> T:
        started = time.monotonic()
        outcome = Outcome.OK
        try:
            return await once()
        except PartnerError as error:
            outcome = error.outcome
            raise
        except asyncio.CancelledError:
            outcome = Outcome.CANCELLED
            raise
        except BaseException:
            outcome = Outcome.UNKNOWN
            raise
        finally:
            self._tell_call(operation, outcome, time.monotonic() - started)

    def _not_tried(self, operation: str) -> BreakerOpen:
        self._tell_call(operation, Outcome.BREAKER_OPEN, 0.0)
        return BreakerOpen(self.partner, operation, "breaker is open")

    def _tell_call(self, operation: str, outcome: Outcome, seconds: float) -> None:
        tell(lambda recorder: recorder.called(self.partner, operation, outcome, seconds))

    def _tell_breaker(self, state: Breaker) -> None:
        if state is not self._told:
            self._told = state
            tell(lambda recorder: recorder.breaker(self.partner, self._number, self._host, state))

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
                # httpx waits so long for each piece; a partner that trickles would keep us for ever.
                with attempt:
                    async with asyncio.timeout(self._limits.timeout_s):
                        return await self._client.request(
                            method, url, params=params, headers=headers, content=content, data=data
                        )
            raise AssertionError("tenacity ended without a result")  # pragma: no cover
        except _NEVER_OPENED as error:
            raise Unavailable(self.partner, operation, f"no connection ({type(error).__name__})") from error
        except (httpx.HTTPError, TimeoutError) as error:
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


def _state(breaker: AsyncCircuitBreaker) -> Breaker:
    return Breaker(breaker.context.state)


@asynccontextmanager
async def _watched(breaker: AsyncCircuitBreaker) -> AsyncIterator[None]:
    """Let the breaker see how a call ends, unless it is cancelled: that is no failure, and proves nothing sound either.

    (An exception that purgatory excludes counts as a success with it: it would close a half-open breaker.)
    """
    await breaker.__aenter__()
    try:
        yield
    except asyncio.CancelledError:
        raise
    except BaseException as error:
        await breaker.__aexit__(type(error), error, error.__traceback__)
        raise
    else:
        await breaker.__aexit__(None, None, None)


def _retry_after(response: httpx.Response, default: float) -> float:
    try:
        return float(response.headers.get("retry-after", default))
    except ValueError:
        return default


def compact_json(value: object) -> str:
    """JSON as it is signed and sent: no blanks, UTF-8 text not escaped, keys in the order given."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
