"""A basket as JSON, tried on the promotions: what people send, and what they get to read."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from domain.clock import BEIJING, utc_now
from domain.deciding import decided_by, deciding
from domain.promotion import Basket, BasketLine, Priced, price
from domain.texts import text
from rules.promotions import Buying, layers, list_price, offers

_MOST = 10**9


class BadBasket(ValueError):
    """A basket that cannot be priced; the message says why, in words."""


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BasketLineFacts(_Wire):
    """Goods. Without a price they need one in the table `list_prices`."""

    sku: Annotated[str, Field(min_length=1, max_length=128)]
    quantity: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    unit_price_fen: Annotated[int, Field(ge=0, le=_MOST)] | None = None


class BasketFacts(_Wire):
    """What is bought where, for whom and when (now, unless told); `used`: how often the buyer had each promotion."""

    channel: Annotated[str, Field(max_length=32)] = "own"
    shop: Annotated[str, Field(max_length=128)] = "main"
    province: Annotated[str, Field(max_length=64)] = ""
    city: Annotated[str, Field(max_length=64)] = ""
    member_level: Annotated[str, Field(max_length=64)] = ""
    placed_at: AwareDatetime | None = None
    coupons: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    used: dict[str, Annotated[int, Field(ge=0)]] = {}
    lines: Annotated[tuple[BasketLineFacts, ...], Field(min_length=1, max_length=500)]


def read_basket(content: str | bytes) -> BasketFacts:
    """A basket out of JSON. Raises BadBasket."""
    try:
        return BasketFacts.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadBasket(text("promotion.bad_basket", reason=f"{where}: {first['msg']}")) from None


@deciding()
def price_basket(facts: BasketFacts) -> dict[str, Any]:
    """What a basket costs by the tables, as JSON. Raises BadBasket for goods without a price."""
    at = facts.placed_at or utc_now()
    where = Buying(facts.channel, facts.shop, at, facts.province, facts.city, facts.member_level)
    lines = tuple(_line(where, str(n), line) for n, line in enumerate(facts.lines, 1))
    priced = price(Basket(lines, at, facts.coupons, facts.tags, facts.used), offers(where, lines), layers(where))
    return {"placed_at": at.astimezone(BEIJING).isoformat(), **priced_facts(priced), "rules": decided_by()}


def _line(where: Buying, number: str, line: BasketLineFacts) -> BasketLine:
    fen = line.unit_price_fen if line.unit_price_fen is not None else list_price(where, line.sku, -1)
    if fen < 0:
        raise BadBasket(text("promotion.no_price", sku=line.sku))
    return BasketLine(number, line.sku, line.quantity, fen)


def priced_facts(priced: Priced) -> dict[str, Any]:
    """A priced basket as JSON: what it comes to, the steps in words, and every line's shares. Money in fen."""
    return {
        "list_fen": priced.list_fen,
        "due_fen": priced.due_fen,
        "platform_fen": priced.platform_fen,
        "shop_fen": priced.shop_fen,
        "steps": [
            {
                "rule": step.promotion.rule,
                "code": step.promotion.code,
                "group": step.promotion.group,
                "text": step.words(),
                "times": step.times,
                "worth_fen": step.worth_fen,
                "off_fen": step.off_fen,
                "platform_fen": step.platform_fen,
                "lines": {share.line_no: share.off_fen for share in step.shares},
            }
            for step in priced.steps
        ],
        "gifts": [
            {"sku": gift.sku, "pieces": gift.pieces, "gift_of": gift.gift_of, "code": gift.code}
            for gift in priced.gifts
        ],
        "skipped": [{"code": one.promotion.code, "why": str(one.why), "text": one.words()} for one in priced.skipped],
        "lines": [
            {
                "line_no": line.line.line_no,
                "sku": line.line.sku,
                "quantity": line.line.quantity,
                "list_fen": line.list_fen,
                "off_fen": line.off_fen,
                "platform_fen": line.platform_fen,
                "shop_fen": line.shop_fen,
                "due_fen": line.due_fen,
            }
            for line in priced.lines
        ],
    }
