"""`orderhub orders`: where an order is and why, and lists of orders by what is wrong with them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from commands.house import NO_SUCH, house, refuse
from domain.clock import BEIJING, utc_now
from domain.golden import Exit, GoldenState
from domain.holds import HoldReason
from domain.order import Channel
from domain.texts import channel_name, text
from settings import Settings
from store import lookup
from store.database import Database
from store.lookup import ANY, Wanted
from views.headline import Level, headline
from views.order_list import counted, order_list
from views.orders import beside_holds, order_view
from views.words import ago, clauses, items, short, yuan

_INDENT = 13
"""Behind the moment of an order in a list."""
_STYLES = {Level.STOPPED: "bold red", Level.LATE: "bold red", Level.ASKED: "bold yellow", Level.DONE: "bold green"}


@dataclass(frozen=True)
class Asked:
    """What was asked for on the command line, as it was written."""

    state: str = ""
    hold: str = ""
    flag: str = ""
    channel: str = ""
    shop: str = ""
    late: bool = False
    since: str = ""
    after: str = ""

    def wanted(self) -> Wanted:
        """The same, understood. Raises ValueError, in words."""
        _one_of("--state", self.state, ("none", *GoldenState, *Exit))
        _one_of("--hold", self.hold, (ANY, *HoldReason))
        _one_of("--channel", self.channel, tuple(Channel))
        since = _moment(self.since) if self.since else None
        return Wanted(self.state, self.hold, self.flag, self.channel, self.shop, self.late, since, self.after)


async def show(settings: Settings, words: str, *, events: int, as_json: bool) -> int:
    """Print one order whole; several are listed. Exit code 2 when there is none."""

    def shown(facts: Mapping[str, Any], console: Console) -> None:
        _head(facts, console)
        for section in (*_WHY, *_REST):
            section(facts, console)
        _events(facts, console, events)

    return await _of(settings, words, shown, as_json=as_json)


async def why(settings: Settings, words: str, *, as_json: bool) -> int:
    """Print only why an order is where it is."""

    def shown(facts: Mapping[str, Any], console: Console) -> None:
        _head(facts, console)
        for section in _WHY:
            section(facts, console)

    return await _of(settings, words, shown, as_json=as_json)


async def listed(settings: Settings, asked: Asked, *, limit: int, as_json: bool) -> int:
    """Print orders, those placed last first. Exit code 2 for a filter that means nothing."""
    try:
        wanted = asked.wanted()
    except ValueError as error:
        return refuse(str(error), NO_SUCH)
    async with house(settings) as db, db.reading() as tx:
        now = utc_now()
        rows = await lookup.listed(tx, wanted, now, limit + 1)
        orders = await order_list(tx, rows[:limit], now)
        counts = counted(await lookup.counts(tx, now))
    more = orders[-1]["order_id"] if len(rows) > limit else None
    if as_json:
        print(json.dumps({"counts": counts, "orders": orders, "after": more}, ensure_ascii=False))  # noqa: T201
        return 0
    console = Console()
    holds = items(f"{one['text']} {one['orders']}" for one in counts["holds"]) or text("desk.none")
    console.print(Text(text("desk.counts", holds=holds, late=counts["late"], tasks=counts["tasks"])))
    _listing(orders, console)
    if more:
        console.print(Text(text("desk.more", order=more), "dim"))
    return 0


async def _of(
    settings: Settings, words: str, shown: Callable[[Mapping[str, Any], Console], None], *, as_json: bool
) -> int:
    async with house(settings) as db:
        facts, found = await _look(db, words)
    if facts is None and not found:
        return refuse(text("desk.found_none", words=words), NO_SUCH)
    if as_json:
        print(json.dumps(facts if facts is not None else {"orders": found}, ensure_ascii=False))  # noqa: T201
    elif facts is not None:
        shown(facts, Console())
    else:
        console = Console()
        console.print(Text(text("desk.found_several", count=len(found))))
        _listing(found, console)
    return 0


async def _look(db: Database, words: str) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """The one order that a number leads to, or those that it leads to."""
    async with db.reading() as tx:
        rows = await lookup.find(tx, words)
        if len(rows) == 1:
            return await order_view(tx, rows[0].order_id), []
        return None, await order_list(tx, rows, utc_now())


def _listing(orders: Sequence[Mapping[str, Any]], console: Console) -> None:
    """Two lines or more for each: ids must not be broken, so that they can be copied."""
    for one in orders:
        placed = (f"{short(one['placed_at'])}  ", "dim")
        console.print(Text.assemble(placed, (one["order_id"], "bold"), f"  {one['state_text']}"))
        for words, style in _wrong(one):
            _line(console, _INDENT, Text(words, style))


def _wrong(one: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = [(f"{text('desk.held', why=hold['text'])}  {hold['says']}", "red") for hold in one["holds"]]
    if one["late"]:
        found.append((text("desk.late", stages=items(stage["text"] for stage in one["late"])), "red"))
    return found + [(flag["detail"], "yellow") for flag in one["flags"] if not flag["hold"]]


# --------------------------------------------------------------------------------------------------- one order


def _head(facts: Mapping[str, Any], console: Console) -> None:
    said = headline(facts)
    where = " · ".join((channel_name(facts["channel"]), facts["shop"], facts["channel_order_no"]))
    console.print(Text.assemble((where, "bold"), "  ", yuan(facts["amount_fen"])))
    console.print(Text(facts["order_id"], "dim"))
    console.print(Text(said.says, _STYLES.get(said.level, "bold")))
    if said.does:
        _line(console, 2, Text(f"→ {said.does}"))
    gone = [one for one in facts["way"] if one["at"]]
    to_come = [one["text"] for one in facts["way"] if not one["at"]]
    before = "".join(f"{one['text']} › " for one in gone[:-1])
    here = gone[-1]["text"] if gone else text("state.none")
    console.print(Text.assemble(before, (here, "bold"), ("".join(f" › {name}" for name in to_come), "dim")))
    if gone:
        _pair(console, text("details.since"), f"{short(gone[-1]['at'])} · {ago(gone[-1]['at'], utc_now())}")
    receiver = facts["receiver"]
    _pair(console, text("desk.receiver"), f"{receiver['name']} {receiver['phone']} {receiver['region']}")


def _holds(facts: Mapping[str, Any], console: Console) -> None:
    now = utc_now()
    for hold in facts["holds"]:
        _title(console, text("desk.held", why=hold["text"]), hold["reason"], "bold red")
        for one in hold["says"]:
            if one["text"]:
                _line(console, 2, Text(one["text"]))
            if one["code"]:
                _line(console, 4, _found_by(one))
        since = f"{short(hold['opened_at'])} · {ago(hold['opened_at'], now)}"
        due = f"{short(hold['deadline'])} · {ago(hold['deadline'], now)}"
        _pair(console, text("details.since"), since)
        _pair(console, text("details.deadline"), due)
        _pair(console, text("details.who"), hold["who_text"])
        _pair(console, text("details.ways"), " / ".join(hold["cleared_by"]))


def _flags(facts: Mapping[str, Any], console: Console) -> None:
    shown = beside_holds(facts)
    if shown:
        _title(console, text("desk.flags"))
    for flag in shown:
        style = (
            "red" if flag["status"] == "open" else "dim" if flag["status"] in ("gone", "left", "released") else "yellow"
        )
        _line(console, 2, Text.assemble((f"[{flag['badge']}]", style), f" {flag['detail']}"))
        became = flag["status_text"]
        if flag["status"] == "released":
            how = f"{flag['released_by']} {short(flag['released_at'])} {flag['released_why']}".strip()
            became = text("desk.became", what=became, how=how)
        elif flag["status"] == "open":
            became = text("desk.became", what=became, how=" / ".join(flag["cleared_by"]))
        _line(console, 4, Text(became, "dim"))
        _line(console, 4, _found_by(flag))


def _found_by(flag: Mapping[str, Any]) -> Text:
    """The code of a finding, and the rows that found it."""
    return Text(f"{flag['code']}  {'  '.join(flag['rules']) or text('desk.no_rule')}", "dim")


def _tasks(facts: Mapping[str, Any], console: Console) -> None:
    shown = [task for task in facts["tasks"] if task["hold"] is None]
    if shown:
        _title(console, text("desk.tasks"))
    for task in shown:
        due = f" · {text('details.deadline')} {short(task['due_at'])}" if task["due_at"] else ""
        _line(console, 2, Text(f"{'!' if task['severity'] == 'alert' else '·'} {task['text']}{due}"))
        if task["proposal"]:
            _line(console, 4, Text(task["proposal"]["text"]))


def _deadlines(facts: Mapping[str, Any], console: Console) -> None:
    shown = [one for one in facts["deadlines"] if one["status"] not in ("met", "left")]
    if shown:
        _title(console, text("desk.deadlines"))
    for one in shown:
        style = "red" if one["status"] in ("late", "missed") else ""
        due = short(one["due_at"]) or text("desk.no_limit")
        _line(console, 2, Text.assemble(f"{one['text']}  {due}  ", (text(f"desk.due.{one['status']}"), style)))
        _line(console, 4, Text(clauses(one["why"]), "dim"))


def _approvals(facts: Mapping[str, Any], console: Console) -> None:
    if facts["approvals"]:
        _title(console, text("approval.trail"))
    for one in facts["approvals"]:
        asked = items(one["asked_names"])
        waits = f"  {text('approvals.asked')} {asked}  {short(one['deadline'])}" if one["status"] == "open" else ""
        _line(console, 2, Text(f"{one['role_text']}  {yuan(one['amount_fen'])}  {one['status_text']}{waits}"))
        for said in one["decisions"]:
            comment = "" if said["why"] == said["verdict_text"] else f" {said['why']}"
            _line(console, 4, Text(f"{short(said['at'])} {said['who_text']} {said['verdict_text']}{comment}".rstrip()))
        _line(console, 4, Text(one["rule"], "dim"))


def _price(facts: Mapping[str, Any], console: Console) -> None:
    price = facts["price"]
    if price is None or not price["differs"]:
        return
    _title(console, text("desk.price"))
    _pair(console, text("desk.price.list"), yuan(price["list_fen"]))
    for step in price["steps"]:
        _line(console, 4, Text(step["text"]))
        _line(console, 6, Text(step["rule"], "dim"))
    _pair(console, text("desk.price.ours"), yuan(price["expected_fen"]))
    _pair(console, text("desk.price.channels"), yuan(price["came_fen"]))
    _pair(console, text("desk.price.between"), yuan(price["came_fen"] - price["expected_fen"]))


def _goods(facts: Mapping[str, Any], console: Console) -> None:
    _title(console, text("form.goods"))
    for line in facts["lines"]:
        gift = text("label.gift") + " " if line["gift_of"] else ""
        what = f"{line['quantity']} × {gift}{line['title']} ({line['sku']})"
        _line(console, 2, Text(f"{what}  {yuan(line['amount_fen'])}"))


def _parcels(facts: Mapping[str, Any], console: Console) -> None:
    if facts["parcels"]:
        _title(console, text("desk.parcels"))
    for parcel in facts["parcels"]:
        live = [one for one in parcel["waybills"] if one["status"] == "live"]
        numbers = "  ".join(f"{one['carrier_text']} {one['number']}" for one in live)
        _line(console, 2, Text(f"{text('desk.parcel', n=parcel['n'])} {parcel['status_text']}  {numbers}"))
        for one in live:
            if one["unknown"]:
                _line(console, 4, Text(one["unknown"]["text"], "red"))
        for node in (live[0]["track"] if live else [])[:3]:
            _line(console, 4, Text(f"{short(node['at'])} {node['text']} {node['place']}", "dim"))
        for one in parcel["waybills"]:
            if one["status"] != "live":
                _line(console, 4, Text(one["text"], "dim"))


def _money(facts: Mapping[str, Any], console: Console) -> None:
    if facts["invoice"] is not None:
        invoice = facts["invoice"]
        _pair(console, text("desk.invoice"), f"{invoice['text']} {yuan(invoice['amount_fen'])}  {invoice['rule']}")
    for one in facts["invoice_moments"]:
        off = text("desk.invoice_void", at=short(one["voided_at"])) if one["voided_at"] else ""
        due = text("desk.invoice_due", at=short(one["due_at"])) if one["due_at"] else ""
        parts = (yuan(one["amount_fen"]), short(one["at"]), due, off)
        _pair(console, text("desk.invoice_from"), "  ".join(part for part in parts if part))


def _linked(facts: Mapping[str, Any], console: Console) -> None:
    if facts["linked"]:
        _title(console, text("desk.linked"))
    for other, kinds in facts["linked"].items():
        _line(console, 2, Text(f"{other}  {items(text('desk.link.' + kind) for kind in kinds)}"))


def _events(facts: Mapping[str, Any], console: Console, most: int) -> None:
    shown = facts["events"][-most:] if most else []
    if shown:
        _title(console, text("desk.events"))
    for event in reversed(shown):
        why_ = f"  {event['why_text']}" if event["why_text"] else ""
        said = Text.assemble(f"{short(event['at'])} {event['text']}", (f"  {event['who_text']}", "dim"), why_)
        _line(console, 2, said)


_WHY = (_holds, _flags, _tasks, _deadlines, _approvals, _price)
_REST = (_goods, _parcels, _money, _linked)


def _title(console: Console, words: str, code: str = "", style: str = "bold") -> None:
    console.print(Text.assemble((words, style), (f"  {code}" if code else "", "dim")))


def _line(console: Console, indent: int, words: Text) -> None:
    """What is indented stays so where it goes on in the next line."""
    console.print(Padding(words, (0, 0, 0, indent), expand=False))


def _pair(console: Console, name: str, value: str) -> None:
    _line(console, 2, Text.assemble((f"{name}  ", "dim"), value))


def _one_of(option: str, given: str, known: Sequence[str]) -> None:
    if given and given not in known:
        raise ValueError(f"{option}: none of {', '.join(known)}: {given}")


def _moment(given: str) -> datetime:
    try:
        at = datetime.fromisoformat(given)
    except ValueError:
        raise ValueError(f'--since: a moment is "2026-11-11 08:00", Beijing time, not {given!r}') from None
    return at if at.tzinfo else at.replace(tzinfo=BEIJING)
