"""`orderhub promotions`: what a basket costs by the promotions, step by step."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from commands.house import house
from commands.rules import REFUSED, read_document
from domain.money import format_yuan
from domain.rulesets import Refused
from domain.texts import text
from rules.baskets import BadBasket, price_basket, read_basket
from rules.engine import Table, trying
from rules.lint import lint
from runtime.rule_desk import RuleDesk, refuse_problems
from settings import Settings


async def try_basket(settings: Settings, content: bytes, promotions: Path | None, *, as_json: bool) -> int:
    """Price a basket by what is published, or by a file of promotions that is not. Exit code 1 when it cannot be."""
    try:
        async with house(settings) as db:
            tables = [_table(promotions)] if promotions is not None else []
            book = await RuleDesk(db, settings.company.warehouse).published()
            with trying(*tables, book=book):
                priced = price_basket(read_basket(content))
    except Refused as refused:
        print("\n".join(refused.lines), file=sys.stderr)  # noqa: T201
        return REFUSED
    except BadBasket as bad:
        print(bad, file=sys.stderr)  # noqa: T201
        return REFUSED
    print(json.dumps(priced, ensure_ascii=False) if as_json else "\n".join(_lines(priced)))  # noqa: T201
    return 0


def _table(file: Path) -> Table:
    """Promotions out of a file, sound ones only. Raises Refused."""
    document, say = read_document("promotions", file)
    refuse_problems(lint("promotions", document), say)
    return Table("promotions", document)


def _lines(priced: dict[str, Any]) -> list[str]:
    steps = [f"{n}. {step['text']}" for n, step in enumerate(priced["steps"], 1)]
    return [*steps, *(f"-  {one['text']}" for one in priced["skipped"]), *_shares(priced)]


def _shares(priced: dict[str, Any]) -> list[str]:
    lines = [
        text("promotion.line", line=line["line_no"], sku=line["sku"], pieces=line["quantity"], **_money(line))
        for line in priced["lines"]
    ]
    return [*lines, text("promotion.total", **_money({**priced, "off_fen": priced["list_fen"] - priced["due_fen"]}))]


def _money(facts: dict[str, Any]) -> dict[str, str]:
    names = {"full": "list_fen", "off": "off_fen", "platform": "platform_fen", "shop": "shop_fen", "due": "due_fen"}
    return {name: format_yuan(facts[field]) for name, field in names.items()}
