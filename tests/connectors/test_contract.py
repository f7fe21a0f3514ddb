"""Every connector of ours under the contract of `connectors/contract`."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.contract import Case, Check, checks
from tests.connectors.contract import (
    cainiao,
    douyin,
    jd,
    pdd,
    qimen,
    rest,
    sf,
    sources,
    taobao,
    wechat,
    xiaohongshu,
)
from tests.connectors.contract.peers import hasten

PARTNERS = (rest, douyin, taobao, jd, pdd, xiaohongshu, wechat, sf, cainiao, qimen, sources)
CASES: tuple[Case[Any], ...] = tuple(case for partner in PARTNERS for case in partner.CASES)
CHECKS = [check for case in CASES for check in checks(case)]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    hasten(monkeypatch)


@pytest.mark.parametrize("check", CHECKS, ids=str)
def test_our_connectors(check: Check) -> None:
    check.run()
