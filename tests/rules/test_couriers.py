from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.couriers import CourierPlan, PlanStep
from domain.order import Channel, CipherReceiver, Notes, Order, Region, Requirement
from domain.shipping import Carrier, Provider
from domain.texts import use_language
from rules.couriers import plan_couriers
from tests.domain.strategies import sound_orders
from tests.store.samples import order

PERSON = PlanStep(Provider.MANUAL, Carrier.OTHER)
COLD = Notes(requirements=(Requirement.COLD_CHAIN,))


@pytest.fixture(autouse=True)
def _chinese_again() -> Iterator[None]:
    yield
    use_language("zh")


def _encrypted(platform: Channel, **changes: Any) -> Order:
    receiver = CipherReceiver(
        platform=platform,
        name_cipher="~n~",
        phone_cipher="$p$",
        detail_cipher="#d#",
        region=Region(province="浙江省", city="杭州市", district="余杭区"),
    )
    return order(channel=platform, receiver=receiver, **changes)


def _row(plan: CourierPlan) -> str:
    return plan.rule.rpartition("/")[2]


CASES = [
    (order(), "clear", "sf:SF cainiao:ZTO"),
    (order(channel=Channel.B2B), "clear", "sf:SF cainiao:ZTO"),
    (order(channel=Channel.DOUYIN), "clear", "sf:SF cainiao:ZTO"),
    (order(notes=COLD), "cold", "sf:SF"),
    (order(notes=Notes(requirements=(Requirement.FRAGILE, Requirement.UPRIGHT))), "clear", "sf:SF cainiao:ZTO"),
    (_encrypted(Channel.DOUYIN), "platform", "douyin:SF douyin:ZTO"),
    (_encrypted(Channel.DOUYIN, notes=COLD), "platform_cold", "douyin:SF"),
    (_encrypted(Channel.TAOBAO), "platform", "taobao:SF taobao:ZTO"),
    (_encrypted(Channel.TAOBAO, notes=COLD), "platform_cold", "taobao:SF"),
    (_encrypted(Channel.PDD, notes=COLD), "platform_cold", "pdd:SF"),
    (_encrypted(Channel.XIAOHONGSHU), "platform", "xiaohongshu:SF xiaohongshu:ZTO"),
    (_encrypted(Channel.XIAOHONGSHU, notes=COLD), "platform_cold", "xiaohongshu:SF"),
    (_encrypted(Channel.JD), "platform", "jd:SF jd:ZTO"),
    (_encrypted(Channel.JD, notes=COLD), "platform_cold", "jd:SF"),
    (_encrypted(Channel.WECHAT), "encrypted", ""),
]


@pytest.mark.parametrize(("asked", "row", "steps"), CASES)
def test_each_row_of_the_table(asked: Order, row: str, steps: str) -> None:
    plan = plan_couriers(asked)
    assert _row(plan) == row
    assert " ".join(f"{step.provider}:{step.carrier}" for step in plan.steps[:-1]) == steps


@given(sound_orders(), st.sets(st.sampled_from(Requirement)))
def test_what_holds_of_every_plan(made: Order, requirements: set[Requirement]) -> None:
    asked = made.model_copy(update={"notes": Notes(requirements=tuple(sorted(requirements)))})
    plan = plan_couriers(asked)
    providers = [step.provider for step in plan.steps]
    assert plan.steps[-1] == PERSON
    assert providers.count(Provider.MANUAL) == 1
    assert len(set(plan.steps)) == len(plan.steps)
    assert plan.why
    if asked.encrypted:
        assert not {Provider.SF, Provider.CAINIAO} & set(providers)
    else:
        assert providers[0] is Provider.SF
        assert Provider.DOUYIN not in providers
    if Requirement.COLD_CHAIN in requirements:
        assert {step.carrier for step in plan.steps[:-1]} <= {Carrier.SF}
    assert plan_couriers(asked) == plan


def test_the_reason_is_in_the_language_of_the_process() -> None:
    assert plan_couriers(order(notes=COLD)).why == "冷链只走顺丰，不行人工"
    use_language("en")
    assert plan_couriers(order(notes=COLD)).why == "cold chain goes by SF only, else a person"


def test_the_rule_names_table_version_and_row() -> None:
    table, _, rest = plan_couriers(order()).rule.partition("@")
    version, _, row = rest.partition("/")
    assert (table, row) == ("courier_plan", "clear")
    assert len(version) == 8
    int(version, 16)
