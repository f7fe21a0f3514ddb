"""Partners who are content with everything, put together from the good answers of each partner's own tests."""

from __future__ import annotations

import inspect
import json
import ssl
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from tenacity import stop_after_attempt

from connectors import transport
from connectors.contract import Peer
from domain.listing import StockFigure
from domain.order import Channel


def figure(channel: Channel, shop: str, item_id: str = "3500", sku_id: str = "1700") -> StockFigure:
    """Forty-two pieces of a listing."""
    return StockFigure(channel, shop, item_id, sku_id, "MUG-01", 42, f"{channel}:{shop}:{item_id}/{sku_id}/7", 7)


Answer = httpx.Response | Callable[[httpx.Request], httpx.Response]

PHONE, NAME = "13800000000", "测试"
"""Made-up personal data, which stand in every receiver of these tests and must never stand in an error."""


def form(request: httpx.Request) -> dict[str, str]:
    """The form that a request brings."""
    return dict(parse_qsl(request.content.decode(), keep_blank_values=True))


def body(request: httpx.Request) -> Any:
    """The JSON that a request brings."""
    return json.loads(request.content)


def by(method_of: Callable[[httpx.Request], str], answers: Mapping[str, Answer]) -> Peer:
    """A peer that answers by the name of the method that is called."""

    def peer(request: httpx.Request) -> httpx.Response:
        answer = answers[method_of(request)]
        return answer if isinstance(answer, httpx.Response) else answer(request)

    return peer


def to(method_of: Callable[[httpx.Request], str], method: str) -> Callable[[httpx.Request], bool]:
    """Whether a request calls that method."""
    return lambda request: method_of(request) == method


def plain(fixture: Any) -> Any:
    """What a fixture without arguments gives, for cases that are made before pytest makes any."""
    return inspect.unwrap(fixture)()


def hasten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Build lines quickly, and let them not try for 1.5 seconds to get a connection that never comes."""
    monkeypatch.setattr(transport, "stop_after_delay", lambda seconds: stop_after_attempt(2))
    monkeypatch.setattr(transport, "wait_random_exponential", lambda *args, **more: lambda state: 0.0)
    monkeypatch.setattr("httpx._transports.default.create_ssl_context", lambda *args, **more: _certificates())


@cache
def _certificates() -> ssl.SSLContext:
    """Reading them is most of what building a client takes."""
    return httpx.create_ssl_context()
