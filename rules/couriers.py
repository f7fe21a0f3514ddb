"""Which couriers are asked for an order's waybills, by the table `tables/courier_plan.json`."""

from __future__ import annotations

from domain.couriers import CourierPlan, PlanStep
from domain.order import Order, Requirement
from domain.shipping import Carrier, Provider
from domain.texts import language
from rules.engine import decide


def plan_couriers(order: Order) -> CourierPlan:
    """The courier plan of an order; a person is always its last step."""
    decision = decide(
        "courier_plan",
        {
            "encrypted": order.encrypted,
            "channel": str(order.channel),
            "cold_chain": Requirement.COLD_CHAIN in order.notes.requirements,
        },
    )
    steps = [_step(pair, order) for pair in str(decision.result["steps"]).split()]
    why = decision.result["why_zh" if language() == "zh" else "why_en"]
    return CourierPlan((*steps, PlanStep(Provider.MANUAL, Carrier.OTHER)), why, decision.rule)


def _step(pair: str, order: Order) -> PlanStep:
    """`sf:SF` is SF's own door; `platform:ZTO` is the e-waybill of the order's own platform, by ZTO."""
    provider, _, carrier = pair.partition(":")
    return PlanStep(Provider(str(order.channel) if provider == "platform" else provider), Carrier(carrier))
