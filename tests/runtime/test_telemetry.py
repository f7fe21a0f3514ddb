"""Logs: JSON on stderr, and nothing personal or secret in them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

import telemetry
from settings import TelemetrySettings

PHONE, TOKEN = "13812345678", "abc.DEF-123"


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.contextvars.clear_contextvars()


def _log(capsys: pytest.CaptureFixture[str], **settings: Any) -> logging.Logger:
    telemetry.set_up(TelemetrySettings(**settings), "test")
    capsys.readouterr()
    return logging.getLogger("orderhub.test")


def _line(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    out, err = capsys.readouterr()
    assert out == "", "stdout belongs to the command"
    (line,) = err.splitlines()
    read: dict[str, Any] = json.loads(line)
    return read


def _masked(value: object) -> Any:
    return telemetry.mask(None, "info", {"field": value})["field"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (PHONE, "138****5678"),
        (f"电话：{PHONE}。", "电话：138****5678。"),
        (f"+86{PHONE}", "+86138****5678"),
        (f"86{PHONE}", "86138****5678"),
        (f"{PHONE}-1234", "138****5678-1234"),
        (f"{PHONE},{PHONE}", "138****5678,138****5678"),
        (f"https://x/y?access_token={TOKEN}&a=1", "https://x/y?access_token=***&a=1"),
        (f"sign={TOKEN} app_secret={TOKEN}", "sign=*** app_secret=***"),
        (f"TOKEN={TOKEN}", "TOKEN=***"),
        ("order own:main:20260301138123456789", "order own:main:20260301138123456789"),
        ("SF1000000000001 took 12 ms", "SF1000000000001 took 12 ms"),
        ("", ""),
    ],
)
def test_phones_and_secrets_in_texts_become_stars(text: str, shown: str) -> None:
    assert _masked(text) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ([PHONE, "a"], ["138****5678", "a"]),
        ((PHONE,), ["138****5678"]),
        ({"phone": PHONE, "n": 1}, {"phone": "138****5678", "n": 1}),
        ({"deep": [{"url": f"?sign={TOKEN}"}]}, {"deep": [{"url": "?sign=***"}]}),
        (ValueError(f"no {PHONE}"), "ValueError: no 138****5678"),
        (7, 7),
        (None, None),
        (True, True),
    ],
)
def test_what_is_inside_something_else_is_masked_too(value: object, shown: object) -> None:
    assert _masked(value) == shown


def test_a_line_is_json_with_its_extras_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    log = _log(capsys)
    log.info("taken %s", "SO1", extra={"order_id": "own:main:SO1", "seq": 7, "phone": PHONE})
    line = _line(capsys)
    assert (line["event"], line["level"], line["logger"]) == ("taken SO1", "info", "orderhub.test")
    assert (line["order_id"], line["seq"], line["phone"]) == ("own:main:SO1", 7, "138****5678")
    assert line["timestamp"].endswith("Z")


def test_an_exception_is_masked_with_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    log = _log(capsys)
    try:
        raise RuntimeError(f"bad answer for {PHONE}: ?access_token={TOKEN}")
    except RuntimeError:
        log.exception("failed")
    out = capsys.readouterr()
    assert PHONE not in out.err
    assert TOKEN not in out.err
    line = json.loads(out.err)
    assert "RuntimeError: bad answer for 138****5678: ?access_token=***" in line["exception"]


def test_what_is_bound_to_the_context_is_on_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    log = _log(capsys)
    structlog.contextvars.bind_contextvars(order_id="own:main:SO1", caller=PHONE)
    log.info("x")
    line = _line(capsys)
    assert (line["order_id"], line["caller"]) == ("own:main:SO1", "138****5678")


def test_chinese_stays_readable(capsys: pytest.CaptureFixture[str]) -> None:
    _log(capsys).warning("缺货")
    assert "缺货" in capsys.readouterr().err


def test_the_level_is_as_set_and_whole_urls_are_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    log = _log(capsys, log_level="WARNING")
    log.info("not this")
    assert capsys.readouterr().err == ""
    log = _log(capsys, log_level="DEBUG")
    for noisy in ("httpx", "httpcore", "uvicorn.access", "aiosqlite"):
        logging.getLogger(noisy).info("GET https://x/?sign=1")
    assert capsys.readouterr().err == ""
    log.debug("but this")
    assert _line(capsys)["event"] == "but this"


def test_people_may_have_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    _log(capsys, log_json=False).info("taken", extra={"phone": PHONE})
    err = capsys.readouterr().err
    assert "taken" in err
    assert "138****5678" in err
    with pytest.raises(ValueError, match="Extra data"):
        json.loads(err)
