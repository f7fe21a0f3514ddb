"""How a process ends: only a process of its own can show that."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap

import pytest

PRELUDE = """
import asyncio, os, signal, sys
from runtime.shutdown import run, stopped
async def for_ever():
    try:
        await asyncio.Event().wait()
    finally:
        print("cleaned up", flush=True)
# A shell that runs tests in the background lets its children ignore the key press.
signal.signal(signal.SIGINT, signal.default_int_handler)
async def main():
    task = asyncio.create_task(for_ever())
    await asyncio.sleep(0)
{body}
run(main())
print("never printed")
"""


def _run(body: str) -> subprocess.CompletedProcess[str]:
    script = PRELUDE.format(body=textwrap.indent(body, "    "))
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize("code", [0, 3])
def test_a_task_that_is_left_over_is_ended_and_the_code_is_the_commands(code: int) -> None:
    ended = _run(f"print('answer', end='')\nreturn {code}")
    assert (ended.returncode, ended.stdout, ended.stderr) == (code, "answercleaned up\n", "")


def test_a_failed_command_ends_with_one_and_says_why() -> None:
    ended = _run("raise ValueError('no such thing')")
    assert (ended.returncode, ended.stdout) == (1, "cleaned up\n")
    assert "ValueError: no such thing" in ended.stderr


@pytest.mark.parametrize(("raised", "code"), [("SystemExit(2)", 2), ("SystemExit('words')", 1)])
def test_a_command_may_end_the_process_itself(raised: str, code: int) -> None:
    ended = _run(f"raise {raised}")
    assert (ended.returncode, ended.stdout) == (code, "cleaned up\n")


def test_a_key_press_that_nobody_waits_for_ends_with_130() -> None:
    ended = _run("os.kill(os.getpid(), signal.SIGINT)\nawait asyncio.sleep(10)\nreturn 0")
    assert (ended.returncode, ended.stdout) == (130, "cleaned up\n")


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_a_server_that_is_told_to_stop_ends_well(name: signal.Signals) -> None:
    body = f"asyncio.get_running_loop().call_later(0.05, os.kill, os.getpid(), {int(name)})\nawait stopped()\nreturn 0"
    ended = _run(body)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "cleaned up\n", "")
