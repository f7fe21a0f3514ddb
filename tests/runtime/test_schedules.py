"""What runs again and again follows from the settings and the shops."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest

from embedded.credentials import Ports
from embedded.environment import open_home
from runtime.partners import build_partners
from runtime.setup import Sweep, sweeps
from settings import load_settings
from store.database import Database
from workflows.contracts import PULL_FILES_WORKFLOW, PULL_WORKFLOW, FilesStart, PullStart

SFTP = {"protocol": "sftp", "host": "files.test", "user": "u", "password": "p", "host_key": "ssh-ed25519 AAAA"}


@pytest.fixture
async def schedules(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Sweep]:
    """Of an embedded installation with two shops at JD, one of which has a drop."""
    for name in [name for name in os.environ if name.upper().startswith("ORDERHUB_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    jd = {"APP_KEY": "k", "APP_SECRET": "s", "SHOPS": json.dumps({"10001": {"files": SFTP}, "10002": {}})}
    variables = open_home(tmp_path / "home", Ports(1, 2, 3, 4)).variables
    named = {name: value for name, value in variables.items() if not name.startswith("ORDERHUB_JD__")}
    for name, value in {**named, **{f"ORDERHUB_JD__{name}": value for name, value in jd.items()}}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ORDERHUB_SWEEPS__FILES_S", "90")
    settings, db = load_settings(), Database("sqlite+aiosqlite://")
    outside = build_partners(settings, db)
    pulled = outside.pulled()
    await outside.close()
    await db.close()
    return {sweep.schedule_id: sweep for sweep in sweeps(settings, pulled)}


def test_every_feed_of_every_shop_is_pulled(schedules: dict[str, Sweep]) -> None:
    found = [sweep for name, sweep in schedules.items() if name.startswith("orderhub-pull-jd")]
    assert {(sweep.workflow, sweep.argument) for sweep in found if sweep.workflow == PULL_WORKFLOW} == {
        (PULL_WORKFLOW, PullStart(feed, shop)) for feed in ("jd", "jd/refunds") for shop in ("10001", "10002")
    }


def test_every_drop_is_looked_into(schedules: dict[str, Sweep]) -> None:
    found = schedules.pop("orderhub-pull-jd-files-10001")
    assert not [sweep for sweep in schedules.values() if sweep.workflow == PULL_FILES_WORKFLOW]
    assert (found.workflow, found.argument) == (PULL_FILES_WORKFLOW, FilesStart("jd/files", "10001"))
    assert found.every == timedelta(seconds=90)
