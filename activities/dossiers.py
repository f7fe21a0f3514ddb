"""Collecting what the house knows of an order, for its review."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from activities.pricing import compare
from activities.ship_day import planned
from domain.articles import ArticleFacts
from domain.clock import BEIJING, utc_now
from domain.declaring import HOME, Judged, destination, judge
from domain.extensions import FILE_ID, FieldRule, FieldType, parts, rule_of, values
from domain.order import ChannelStatus, Order
from domain.review import Dossier, Leaves, Twin, says_the_same
from rules import declaring
from rules.fields import definitions, demands
from rules.reviewing import LONGEST, duties, holds_duplicate, risks
from store import declarations, dossiers, extensions, flags, orders

_LOOKED_AT = 3
"""Earlier orders whose bodies are compared at most."""


async def collect(
    tx: AsyncSession,
    order: Order,
    revision: int,
    now: datetime,
    house: Mapping[str, str],
    bought: Order | None = None,
) -> Dossier:
    """Everything that the checks look at. An order of ours, or one that is off, is nobody's risk.

    `house` are the fields of a declaration that hold for every order, `bought` the newest body that the channel sent
    where the caller has read it anyway.
    """
    skus = {line.sku for line in order.lines}
    articles, free = await dossiers.goods(tx, skus)
    if order.gift_after or order.status is ChannelStatus.CANCELLED:
        return Dossier(order, articles, free)
    rules = definitions()
    asked = demands(order, articles)
    if asked or values(order):
        order = await extensions.whole(tx, order)
    day = now.astimezone(BEIJING).date()
    owed = duties(order, articles)
    leaves = await planned(tx, order, free, now) if owed or destination(order) != HOME else None
    around = await dossiers.relatives(tx, order.order_id, now)
    buyer = dossiers.buyer(order, around)
    twins = []
    for one in dossiers.like(order, around, LONGEST)[:_LOOKED_AT]:
        if (one.placed_at, one.order_id) > (order.placed_at, order.order_id) and await flags.stands(
            tx, one.order_id, "duplicate.", order.order_id
        ):
            continue  # it is the duplicate of this one
        minutes = int(abs(order.placed_at - one.placed_at).total_seconds() // 60)
        holds = holds_duplicate(order, minutes)
        if holds is not None and says_the_same(order, await orders.body(tx, one.order_id)):
            twins.append(Twin(one.order_id, minutes, holds))
    return Dossier(
        order,
        articles,
        free,
        buyer,
        tuple(twins),
        risks(order, buyer),
        duties=owed,
        price=await compare(tx, order, revision, bought),
        field_rules=rules,
        demands=asked,
        files_lacking=await extensions.files_lacking(tx, files_named(order, rules)),
        day=day,
        leaves=leaves,
        declared=await declared(tx, order, house, articles, day, leaves),
    )


async def with_articles_held(tx: AsyncSession, dossier: Dossier, house: Mapping[str, str]) -> Dossier:
    """The dossier with what is written down of its articles now, and until the end of the transaction.

    For one in which something of them is missing: whoever writes that down meanwhile looks for orders that wait for it,
    and must find this one, or be read here.
    """
    skus = {line.sku for line in dossier.order.lines}
    await dossiers.lock_articles(tx, skus)
    articles, free = await dossiers.goods(tx, skus)
    now = utc_now()
    day = dossier.day or now.astimezone(BEIJING).date()
    leaves = dossier.leaves or await planned(tx, dossier.order, free, now)
    return replace(
        dossier,
        articles=articles,
        duties=duties(dossier.order, articles),
        leaves=leaves,
        declared=await declared(tx, dossier.order, house, articles, day, leaves),
    )


def files_named(order: Order, rules: Sequence[FieldRule]) -> set[str]:
    """The files that an order's fields name; what is no file's id is another check's affair."""
    named: set[str] = set()
    for value in values(order):
        rule = rule_of(rules, value.place.scope, value.key)
        if rule is not None and rule.type is FieldType.FILE:
            named.update(part for part in parts(rule, value.value) if FILE_ID.fullmatch(part))
    return named


async def declared(
    tx: AsyncSession,
    order: Order,
    house: Mapping[str, str],
    articles: Mapping[str, ArticleFacts],
    day: date,
    leaves: Leaves | None,
) -> Judged | None:
    """What is to be said of an order's declaration; None for one that stays in the country.

    The rules are those of the `day`, and what its articles have must be valid when it leaves.
    """
    if destination(order) == HOME or leaves is None:
        return None
    given = await declarations.supplied(tx, order.order_id)
    return judge(
        order, declaring.demands(order, given, articles, day), given, house, articles, leaves.last, leaves.first
    )
