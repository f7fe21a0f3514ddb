"""Waybill numbers: whoever gives them out in the sandbox, no two parcels have the same."""

from __future__ import annotations

import pytest

from sandbox.cainiao.waybills import _CARRIERS as CAINIAO
from sandbox.douyin.ebills import _NUMBER_FORMS as DOUYIN
from sandbox.jd.companies import COMPANIES as JD
from sandbox.pdd.waybills import _NUMBER_FORMS as PDD
from sandbox.taobao.companies import COMPANIES as TAOBAO
from sandbox.xiaohongshu.companies import COMPANIES as XIAOHONGSHU

DESKS = {
    "cainiao": [form for _, form in CAINIAO.values()],
    "douyin": list(DOUYIN.values()),
    "jd": [company.number_form for company in JD.values() if company.number_form],
    "pdd": list(PDD.values()),
    "taobao": [company.number_form for company in TAOBAO.values() if company.number_form],
    "xiaohongshu": [company.number_form for company in XIAOHONGSHU.values() if company.number_form],
}


@pytest.mark.parametrize("serial", [1, 10**10 - 1])
def test_desks_that_began_in_the_same_second_give_out_different_numbers(serial: int) -> None:
    numbers = [form.format(serial) for forms in DESKS.values() for form in forms]
    assert len(set(numbers)) == len(numbers) > 40
