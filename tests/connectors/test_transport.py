"""A partner's line: what each call came to is told, and the breaker learns from the partner only."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import respx

from connectors.contract.stage import listening
from connectors.errors import (
    BreakerOpen,
    Misconfigured,
    OutcomeUnknown,
    PartnerError,
    Rejected,
    Throttled,
    TokenRefused,
    Unavailable,
)
from connectors.recording import recording
from connectors.transport import Limits, Line
from domain.partner_health import Breaker, Outcome

OK = httpx.Response(200, text="fine")


@dataclass
class Notes:
    """A recorder that writes everything down."""

    calls: list[tuple[str, str, Outcome]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    breakers: list[tuple[str, Breaker]] = field(default_factory=list)
    lines: set[int] = field(default_factory=set)

    def called(self, partner: str, operation: str, outcome: Outcome, seconds: float) -> None:
        self.calls.append((partner, operation, outcome))
        self.seconds.append(seconds)

    def breaker(self, partner: str, line: int, host: str, state: Breaker) -> None:
        self.lines.add(line)
        self.breakers.append((host, state))

    def closed(self, partner: str, line: int) -> None:
        self.lines.discard(line)

    @property
    def outcomes(self) -> list[Outcome]:
        return [outcome for _, _, outcome in self.calls]


@pytest.fixture
def notes() -> Iterator[Notes]:
    notes = Notes()
    with recording(notes):
        yield notes


@pytest.fixture
def wire() -> Iterator[respx.Route]:
    with respx.mock(base_url="https://partner.example", assert_all_called=False) as mock:
        yield mock.post("/api")


LIMITS = Limits(timeout_s=1, concurrency=2, per_second=1000, breaker_failures=2, breaker_open_s=60)


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    line = Line("sf", "https://partner.example/base", LIMITS)
    yield line
    await line.close()


def _read(response: httpx.Response) -> str:
    return response.text


def _raise(error: Exception) -> Callable[[httpx.Response], str]:
    def parse(_: httpx.Response) -> str:
        raise error

    return parse


async def _call(line: Line, parse: Callable[[httpx.Response], str] = _read, *, writes: bool = True) -> str:
    return await line.exchange("create", "POST", "https://partner.example/api", parse, writes=writes)


async def _fails(line: Line, kind: type[BaseException], **options: Any) -> None:
    with pytest.raises(kind) as caught:
        await _call(line, **options)
    assert type(caught.value) is kind


async def test_a_good_call_is_told_with_its_time(line: Line, wire: respx.Route, notes: Notes) -> None:
    wire.mock(return_value=OK)
    assert await _call(line) == "fine"
    assert notes.calls == [("sf", "create", Outcome.OK)]
    assert notes.seconds[0] > 0
    assert notes.breakers == [("partner.example", Breaker.CLOSED)]


@pytest.mark.parametrize(
    ("answer", "writes", "error", "outcome"),
    [
        (httpx.Response(429), True, Throttled, Outcome.THROTTLED),
        (httpx.Response(503), True, Unavailable, Outcome.UNAVAILABLE),
        (httpx.Response(500), True, OutcomeUnknown, Outcome.UNKNOWN),
        (httpx.Response(500), False, Unavailable, Outcome.UNAVAILABLE),
        (httpx.ReadTimeout("slow"), True, OutcomeUnknown, Outcome.UNKNOWN),
        (httpx.ReadTimeout("slow"), False, Unavailable, Outcome.UNAVAILABLE),
        (httpx.RemoteProtocolError("cut off"), True, OutcomeUnknown, Outcome.UNKNOWN),
    ],
)
async def test_what_the_wire_does(
    answer: httpx.Response | Exception,
    writes: bool,
    error: type[PartnerError],
    outcome: Outcome,
    line: Line,
    wire: respx.Route,
    notes: Notes,
) -> None:
    wire.mock(side_effect=[answer])
    await _fails(line, error, writes=writes)
    assert notes.outcomes == [outcome]


@pytest.mark.parametrize(
    ("raised", "error", "outcome"),
    [
        (Rejected("sf", "create"), Rejected, Outcome.REJECTED),
        (Throttled("sf", "create"), Throttled, Outcome.THROTTLED),
        (Unavailable("sf", "create"), Unavailable, Outcome.UNAVAILABLE),
        (OutcomeUnknown("sf", "create"), OutcomeUnknown, Outcome.UNKNOWN),
        (Misconfigured("sf", "create"), Misconfigured, Outcome.MISCONFIGURED),
        (TokenRefused("sf", "create"), TokenRefused, Outcome.REJECTED),
        (ValueError("an HTML page"), OutcomeUnknown, Outcome.UNKNOWN),
        (RuntimeError("a bug of ours"), RuntimeError, Outcome.UNKNOWN),
    ],
)
async def test_what_the_answer_says(
    raised: Exception, error: type[Exception], outcome: Outcome, line: Line, wire: respx.Route, notes: Notes
) -> None:
    wire.mock(return_value=OK)
    await _fails(line, error, parse=_raise(raised))
    assert notes.outcomes == [outcome]


async def test_a_connection_that_opens_at_the_second_try_is_one_good_call(
    line: Line, wire: respx.Route, notes: Notes
) -> None:
    wire.mock(side_effect=[httpx.ConnectError("refused"), OK])
    assert await _call(line) == "fine"
    assert notes.outcomes == [Outcome.OK]


async def test_a_connection_that_never_opens_is_one_failed_call(line: Line, wire: respx.Route, notes: Notes) -> None:
    wire.mock(side_effect=httpx.ConnectTimeout("no answer"))
    await _fails(line, Unavailable)
    assert wire.call_count > 1
    assert notes.outcomes == [Outcome.UNAVAILABLE]


async def test_an_open_breaker_is_told_and_so_is_every_call_that_it_stops(
    line: Line, wire: respx.Route, notes: Notes
) -> None:
    wire.mock(side_effect=httpx.ReadTimeout("slow"))
    for _ in range(2):
        await _fails(line, OutcomeUnknown)
    for _ in range(3):
        await _fails(line, BreakerOpen)
    assert notes.outcomes == [Outcome.UNKNOWN] * 2 + [Outcome.BREAKER_OPEN] * 3
    assert notes.seconds[2:] == [0.0] * 3
    assert notes.breakers == [("partner.example", Breaker.CLOSED), ("partner.example", Breaker.OPENED)]
    assert wire.call_count == 2


async def test_a_probe_that_works_closes_the_breaker_again(wire: respx.Route, notes: Notes) -> None:
    line = Line("sf", "https://partner.example", LIMITS.model_copy(update={"breaker_open_s": 0.0}))
    wire.mock(side_effect=[httpx.Response(503), httpx.Response(503), httpx.Response(503), OK])
    for _ in range(3):
        await _fails(line, Unavailable)
    assert await _call(line) == "fine"
    assert [state for _, state in notes.breakers] == [Breaker.CLOSED, Breaker.OPENED, Breaker.CLOSED]


async def test_whoever_queued_behind_the_calls_that_opened_the_breaker_is_not_sent_after_them(
    line: Line, wire: respx.Route, notes: Notes
) -> None:
    wire.mock(side_effect=httpx.ReadTimeout("slow"))
    ended = await asyncio.gather(*(_call(line) for _ in range(6)), return_exceptions=True)
    assert {type(error) for error in ended} == {OutcomeUnknown, BreakerOpen}
    assert wire.call_count == notes.outcomes.count(Outcome.UNKNOWN) == 2
    assert notes.outcomes.count(Outcome.BREAKER_OPEN) == 4


class Hanging:
    """A partner that does not answer; `asked` tells when it was asked."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.times = 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.times += 1
        self.asked.set()
        await asyncio.Event().wait()
        raise AssertionError  # pragma: no cover


async def _cancelled(line: Line, wire: respx.Route) -> None:
    hanging = Hanging()
    wire.mock(side_effect=hanging)
    task = asyncio.create_task(_call(line))
    await hanging.asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(("writes", "error"), [(True, OutcomeUnknown), (False, Unavailable)])
async def test_a_partner_that_trickles_is_waited_for_no_longer_than_one_that_is_silent(
    writes: bool, error: type[PartnerError], notes: Notes
) -> None:
    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            while not writer.is_closing():
                writer.write(b"1\r\nx\r\n")
                await writer.drain()
                await asyncio.sleep(0.01)

    async with listening(trickle) as port:
        line = Line("sf", f"http://127.0.0.1:{port}", LIMITS.model_copy(update={"timeout_s": 0.1}))
        with pytest.raises(error, match="TimeoutError after"):
            await line.exchange("create", "POST", "/api", _read, writes=writes)
        await line.close()
    assert notes.outcomes == [error.outcome]


async def test_a_cancelled_call_is_told_as_what_it_is(line: Line, wire: respx.Route, notes: Notes) -> None:
    await _cancelled(line, wire)
    assert notes.outcomes == [Outcome.CANCELLED]


async def test_a_call_that_is_cancelled_while_it_waits_for_a_slot_was_never_made(
    line: Line, wire: respx.Route, notes: Notes
) -> None:
    hanging = Hanging()
    wire.mock(side_effect=hanging)
    tasks = [asyncio.create_task(_call(line)) for _ in range(3)]  # two slots
    await hanging.asked.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert len(notes.calls) == hanging.times == 2


async def test_a_cancelled_call_neither_fails_nor_mends_the_line(line: Line, wire: respx.Route, notes: Notes) -> None:
    wire.mock(side_effect=httpx.ReadTimeout("slow"))
    await _fails(line, OutcomeUnknown)
    await _cancelled(line, wire)
    wire.mock(side_effect=httpx.ReadTimeout("slow"))
    await _fails(line, OutcomeUnknown)
    await _fails(line, BreakerOpen)


async def test_a_cancelled_probe_leaves_the_question_open(wire: respx.Route, notes: Notes) -> None:
    line = Line("sf", "https://partner.example", LIMITS.model_copy(update={"breaker_open_s": 0.0}))
    wire.mock(return_value=httpx.Response(503))
    for _ in range(2):
        await _fails(line, Unavailable)
    await _cancelled(line, wire)
    states = [state for _, state in notes.breakers]
    assert states == [Breaker.CLOSED, Breaker.OPENED, Breaker.HALF_OPENED]
    wire.mock(side_effect=[httpx.Response(503)])
    await _fails(line, Unavailable)
    assert notes.breakers[3:] == [("partner.example", Breaker.OPENED)], "one failure more was enough"


async def test_a_line_that_is_closed_is_gone(line: Line, wire: respx.Route, notes: Notes) -> None:
    wire.mock(return_value=OK)
    await _call(line)
    assert len(notes.lines) == 1
    await line.close()
    assert notes.lines == set()


async def test_two_lines_of_one_partner_are_told_apart(wire: respx.Route, notes: Notes) -> None:
    wire.mock(return_value=OK)
    lines = [Line("own", "https://partner.example", LIMITS) for _ in range(2)]
    for each in lines:
        await _call(each)
    assert len(notes.lines) == 2


async def test_nobody_is_told_after_the_end(line: Line, wire: respx.Route) -> None:
    wire.mock(return_value=OK)
    notes = Notes()
    with recording(notes):
        await _call(line)
    await _call(line)
    assert len(notes.calls) == 1


async def test_a_broken_recorder_is_no_trouble_of_the_call(
    line: Line, wire: respx.Route, notes: Notes, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Notes):
        def called(self, partner: str, operation: str, outcome: Outcome, seconds: float) -> None:
            raise OSError("disk full")

    wire.mock(return_value=OK)
    with recording(Broken()):
        assert await _call(line) == "fine"
    assert notes.outcomes == [Outcome.OK]
    assert "a recorder of partner calls failed" in caplog.text
