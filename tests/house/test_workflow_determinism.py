from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.determinism import check_folder, check_source

ROOT = Path(__file__).parents[2]

BAD = {
    "plain raise": ("raise ValueError('no')", "raise of ValueError"),
    "raise of a class": ("raise RuntimeError", "raise of RuntimeError"),
    "raise of a variable": ("error = make()\nraise error", "raise of error"),
    "a namesake of ApplicationError": ("class ApplicationError(Exception): ...\nraise ApplicationError()", "raise of"),
    "bare raise outside of except": ("def f():\n    raise", "bare raise"),
    "bare raise in a function inside of except": (
        "try:\n    f()\nexcept Exception:\n    def g():\n        raise",
        "bare raise",
    ),
    "assert": ("assert x", "assert"),
    "datetime.now": ("from datetime import datetime\ndatetime.now()", "wall clock"),
    "datetime.now by another name": ("from datetime import datetime as dt\nf(default=dt.now)", "wall clock"),
    "datetime.utcnow": ("import datetime\ndatetime.datetime.utcnow()", "wall clock"),
    "datetime.today": ("import datetime as d\nd.datetime.today()", "wall clock"),
    "date.today": ("from datetime import date\ndate.today()", "wall clock"),
    "our own clock": ("from domain.clock import utc_now", "wall clock"),
    "our own clock by module": ("from domain import clock\nclock.utc_now()", "wall clock"),
    "time": ("import time\ntime.time()", "import of time"),
    "random": ("from random import random", "import of random"),
    "uuid": ("import uuid\nuuid.uuid4()", "import of uuid"),
    "os": ("import os\nos.urandom(4)", "import of os"),
    "secrets": ("import secrets", "import of secrets"),
    "threading": ("import threading", "import of threading"),
    "subprocess": ("import subprocess", "import of subprocess"),
    "httpx": ("import httpx", "import of httpx"),
    "socket inside a function": ("def f():\n    import socket", "import of socket"),
    "store": ("from store import orders", "import of store"),
    "activities": ("from activities import shipping", "import of activities.shipping"),
    "all of activities": ("import activities", "import of activities"),
    "a namesake of an allowed module": ("import domainx", "import of domainx"),
    "the client": ("from temporalio.client import Client", "import of temporalio.client"),
    "a relative import from outside": ("from .. import settings", "outside the package"),
    "open": ("open('x')", "opens a file"),
    "eval": ("eval('1')", "runs text"),
    "hash": ("hash('a')", "differs between processes"),
    "float literal": ("x = 0.5", "float literal"),
    "float()": ("x = float('1')", "float"),
    "float as a function": ("total = sum(map(float, parts))", "float"),
    "float as a default": ("def f(seconds: int = 0.5) -> None: ...", "float literal"),
    "float in a dataclass": ("class A:\n    seconds: float = 0.5", "float literal"),
    "true division": ("x = total / 3", "true division"),
    "true division in place": ("x /= 3", "true division"),
    "asyncio.wait": ("import asyncio\nasyncio.wait(tasks)", "workflow.wait"),
    "asyncio.to_thread": ("import asyncio\nasyncio.to_thread(f)", "thread"),
    "leaving the sandbox": (
        "from temporalio import workflow\nwith workflow.unsafe.sandbox_unrestricted(): ...",
        "leaves the workflow sandbox",
    ),
}

GOOD = """
from __future__ import annotations
import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any
from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError
from activities import contracts
from activities.contracts import shipping
from domain.order import Order
from workflows.parcel import Parcel
with workflow.unsafe.imports_passed_through():
    import domain.money

@dataclass
class Waits:
    retry_s: float = 600

async def run(total: int, due: datetime, wait_s: float) -> int:
    task = asyncio.create_task(asyncio.sleep(60))
    workflow.random()
    workflow.uuid4()
    if workflow.now() > due - timedelta(hours=1) // 2:
        raise ApplicationError("too late", type="too_late")
    try:
        await task
    except ActivityError as error:
        if total:
            raise
        raise ApplicationError("no", non_retryable=True) from error
    return total // 3
"""


@pytest.mark.parametrize("name", BAD)
def test_each_bad_thing_is_found_and_nothing_else(name: str) -> None:
    source, message = BAD[name]
    (finding,) = check_source(source)
    assert message in finding.message


def test_what_workflows_need_is_allowed() -> None:
    assert check_source(GOOD) == []


def test_findings_name_file_and_line() -> None:
    (finding,) = check_source("x = 1\ny = 0.5\n", "workflows/order.py")
    assert str(finding) == "workflows/order.py:2: float literal 0.5"


def test_our_workflows_are_clean() -> None:
    assert check_folder(ROOT / "workflows") == []


@pytest.mark.parametrize(("source", "code"), [("x = 1\n", 0), ("x = 0.5\n", 1)])
def test_as_a_command(source: str, code: int, tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(source)
    command = [sys.executable, "-m", "tests.house.determinism", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert done.stdout.count("\n") == code


def test_a_folder_without_modules_is_no_success(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        check_folder(tmp_path)
