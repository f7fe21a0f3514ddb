"""What the Temporal UI shows of one order, so that it can be read there without any tool of ours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from temporalio.common import SearchAttributeKey

from domain.clock import format_beijing
from domain.golden import Exit, GoldenState
from domain.holds import POLICIES
from domain.texts import text
from workflows.holds import OpenHold

ORDER_STATE = SearchAttributeKey.for_keyword("OrderState")
ORDER_HOLDS = SearchAttributeKey.for_keyword_list("OrderHolds")
ORDER_COURIER = SearchAttributeKey.for_keyword("OrderCourier")
ORDER_DEADLINE = SearchAttributeKey.for_datetime("OrderDeadline")
ORDER_CHANNEL = SearchAttributeKey.for_keyword("OrderChannel")
ORDER_SHOP = SearchAttributeKey.for_keyword("OrderShop")
ORDER_AMOUNT_FEN = SearchAttributeKey.for_int("OrderAmountFen")

SEARCH_ATTRIBUTES = (
    ORDER_STATE,
    ORDER_HOLDS,
    ORDER_COURIER,
    ORDER_DEADLINE,
    ORDER_CHANNEL,
    ORDER_SHOP,
    ORDER_AMOUNT_FEN,
)
"""All of them, for `orderhub setup`. They are never encrypted: no personal data may enter one."""


def current_details(
    state: GoldenState | Exit | None, waits_for: str, since: datetime, holds: Sequence[OpenHold]
) -> str:
    """The page as Markdown: where the order is, what it waits for since when, and who can release each hold how."""
    name = text(f"state.{state or 'none'}")
    lines = [f"## {name}", "", f"{waits_for} · {text('wait.since', moment=format_beijing(since))}"]
    if holds:
        head = [text(f"details.{column}") for column in ("reason", "detail", "since", "deadline", "who", "ways")]
        lines += ["", _row(head), _row(["---"] * len(head))]
        lines += [_row(_hold_cells(hold)) for hold in holds]
    return "\n".join(lines)


def _hold_cells(hold: OpenHold) -> list[str]:
    policy = POLICIES[hold.reason]
    return [
        text(f"hold.{hold.reason}"),
        hold.detail,
        format_beijing(hold.opened),
        format_beijing(hold.deadline),
        text(policy.who),
        "、".join(text(f"release.{way}") for way in sorted(policy.releases)),
    ]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"
