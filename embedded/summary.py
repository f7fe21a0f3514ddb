"""What a demo came to."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx
from sqlmodel import col, func, select
from temporalio.client import Client

from audit.report import AuditReport
from domain.golden import Exit, GoldenState
from domain.money import format_yuan
from domain.order import Channel, ChannelStatus
from domain.shipping import Provider
from domain.texts import text
from embedded.environment import Home
from embedded.people import Deeds
from embedded.supervisor import Supervisor
from runtime.history import Cost, cost
from store.database import Database
from store.tables import InboxRow, OrderRow, WaybillRow

_HISTORIES = 300
"""Histories that are counted at most; of larger runs a sample, evenly spread."""

_DIRECT = {Provider.SF, Provider.CAINIAO, Provider.MANUAL}


@dataclass
class Summary:
    """The numbers of one run."""

    orders: int
    seed: int
    channels: dict[str, int]
    states: dict[str, int]
    couriers: dict[str, int]
    credit: dict[str, int]
    duplicates_sent: int
    duplicates_effective: int
    stale_sent: int
    quarantined: int
    worker_kills: int
    server_kills: int
    events_per_order: dict[str, int]
    actions_per_order: dict[str, int]
    people: Deeds
    faults: list[dict[str, Any]]
    audit: AuditReport
    addresses: dict[str, str]
    seconds: float = 0.0
    unfinished: list[str] = field(default_factory=list)
    scenario: str = ""
    happened: dict[str, Any] = field(default_factory=dict)
    """What the scenario says of itself."""

    def to_json(self) -> dict[str, Any]:
        """The summary as `orderhub demo --json` prints it."""
        report = self.audit.to_json()
        return {
            **{name: getattr(self, name) for name in self.__dataclass_fields__ if name not in {"audit", "people"}},
            "people": {name: value for name, value in self.people.__dict__.items() if name != "notes"},
            "audit": {"checks": report["checks"], "findings": report["findings"], "skipped": report["skipped"]},
        }

    def lines(self) -> list[str]:
        """The summary for people."""
        states = "  ".join(f"{text(f'state.{name}')} {count}" for name, count in self.states.items())
        return [
            text("demo.summary", orders=self.orders, seconds=self.seconds, states=states),
            text("demo.couriers", **self.couriers),
            text("demo.credit", **self.credit),
            text(
                "demo.resent",
                duplicates=self.duplicates_sent,
                stale=self.stale_sent,
                effective=self.duplicates_effective,
            ),
            text("demo.people", **{k: v for k, v in self.people.__dict__.items() if k != "notes"}),
            text(
                "demo.cost",
                events=self.events_per_order["p50"],
                max_events=self.events_per_order["max"],
                actions=self.actions_per_order["p50"],
                max_actions=self.actions_per_order["max"],
            ),
            text("demo.kills", worker=self.worker_kills, server=self.server_kills),
            *(
                text("demo.happened", what=text(f"happened.{what}"), value=_in_words(value))
                for what, value in self.happened.items()
            ),
            *(text("demo.unfinished", order=order) for order in self.unfinished),
        ]


async def summarise(
    db: Database,
    client: Client,
    home: Home,
    deeds: Deeds,
    report: AuditReport,
    supervisor: Supervisor,
    seed: int,
) -> Summary:
    """Count everything once the run is over."""
    async with httpx.AsyncClient(base_url=home.sandbox_url, timeout=30) as sandbox:
        books = (await sandbox.get("/books")).json()
        control = (await sandbox.get("/control/faults")).json()
    async with db.reading() as tx:
        rows = (await tx.execute(select(OrderRow))).scalars().all()
        live = select(WaybillRow.provider).where(WaybillRow.status == "live")
        providers = Counter((await tx.execute(live)).scalars())
        bad = select(func.count()).where(InboxRow.status == "quarantined")
        quarantined = int((await tx.execute(bad)).scalar_one())
        repeats = select(func.coalesce(func.sum(col(InboxRow.repeats)), 0))
        repeated = int((await tx.execute(repeats)).scalar_one())
    costs = await _costs(client, [row.order_id for row in rows if row.started_at is not None])
    shipments = [entry for name in Channel for entry in books.get(name, {}).get("shipments", [])]
    # Many platforms have no name for a parcel but its number.
    parcels = {(entry["order_no"], entry["parcel_no"] or entry["number"]) for entry in shipments}
    told_twice = len(shipments) - len(parcels)
    pushed = sum(count for name, count in control["pushes"].items() if name.endswith(".duplicates"))
    return Summary(
        orders=len(rows),
        seed=seed,
        channels=dict(sorted(Counter(row.channel for row in rows).items())),
        states=_states(Counter(row.exit or row.state or _before_it_began(row) for row in rows)),
        couriers={
            "sf": providers["sf"],
            "cainiao": providers["cainiao"],
            "platform": sum(count for name, count in providers.items() if name not in _DIRECT),
            "manual": providers["manual"],
        },
        credit={state: sum(row.credit == state for row in rows) for state in ("approved", "assumed", "refused")},
        duplicates_sent=max(repeated, pushed + _sent(books, "duplicates_sent")),
        duplicates_effective=told_twice,
        stale_sent=_sent(books, "stale_sent"),
        quarantined=quarantined,
        worker_kills=supervisor.worker.kills,
        server_kills=supervisor.temporal.kills,
        events_per_order=_spread([one.events for one in costs]),
        actions_per_order=_spread([one.actions for one in costs]),
        people=deeds,
        faults=control["faults"],
        audit=report,
        addresses={"temporal_ui": home.ui_url, "gateway": home.gateway_url, "sandbox": home.sandbox_url},
    )


def _in_words(value: object) -> str:
    """A number as it is, a count by name in one line, a list one under the other, "-" for nothing."""
    if isinstance(value, dict):
        return "  ".join(_named(name, count) for name, count in value.items())
    if isinstance(value, list):
        return "".join(f"\n  {one}" for one in value) or "-"
    return str(value)


def _named(name: str, value: object) -> str:
    """A figure with its name; fen are shown as yuan."""
    if isinstance(value, int) and name.endswith("_fen"):
        return f"{name.removesuffix('_fen')} ¥{format_yuan(value)}"
    return f"{name} {value}"


def _before_it_began(row: OrderRow) -> str:
    return Exit.CANCELLED if row.status == ChannelStatus.CANCELLED else "none"


def _sent(books: dict[str, Any], what: str) -> int:
    return sum(books[name].get(what, 0) for name in Channel if name in books)


async def _costs(client: Client, order_ids: list[str]) -> list[Cost]:
    step = max(1, len(order_ids) // _HISTORIES)
    return [cost(await client.get_workflow_handle(oid).fetch_history()) for oid in sorted(order_ids)[::step]]


def _spread(numbers: list[int]) -> dict[str, int]:
    if not numbers:
        return {"p50": 0, "max": 0}
    return {"p50": int(statistics.median(numbers)), "max": max(numbers)}


def _states(counted: Counter[str]) -> dict[str, int]:
    order = [str(state) for state in GoldenState] + sorted(set(counted) - {str(state) for state in GoldenState})
    return {state: counted[state] for state in order if counted[state]}
