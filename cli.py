"""The command line: it puts the commands together, and `orderhub NAME` is in `commands/NAME_app.py`."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":  # run as a file: the house itself is not on the path yet
    sys.path.insert(0, str(Path(__file__).parent))

import typer

from commands import (
    approvals_app,
    approvers_app,
    articles_app,
    audit_app,
    authorise_app,
    bench_app,
    channels_app,
    customers_app,
    declarations_app,
    demo_app,
    doctor_app,
    finance_app,
    gateway_app,
    gifts_app,
    healings_app,
    import_app,
    key_app,
    labels_app,
    listings_app,
    merges_app,
    orders_app,
    partners_app,
    pauses_app,
    promotions_app,
    quarantine_app,
    reconcile_app,
    replenishment_app,
    rules_app,
    sandbox_app,
    setup_app,
    shadow_app,
    shops_app,
    sla_app,
    stock_app,
    up_app,
    warehouses_app,
    worker_app,
)

app = typer.Typer(
    name="orderhub",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # locals may hold secrets
    help="Order integration on Temporal: one durable workflow per order, from every channel to the signed parcel.",
)

# In the order of `orderhub --help`: first what is one command, then what has commands of its own.
app.add_typer(up_app.app)
app.add_typer(demo_app.app)
app.add_typer(worker_app.app)
app.add_typer(gateway_app.app)
app.add_typer(sandbox_app.app)
app.add_typer(setup_app.app)
app.add_typer(doctor_app.app)
app.add_typer(partners_app.app)
app.add_typer(channels_app.app)
app.add_typer(audit_app.app)
app.add_typer(sla_app.app)
app.add_typer(healings_app.app)
app.add_typer(bench_app.app)
app.add_typer(authorise_app.app)
app.add_typer(import_app.app)
app.add_typer(key_app.app)
app.add_typer(orders_app.app)
app.add_typer(approvers_app.app)
app.add_typer(approvals_app.app)
app.add_typer(customers_app.app)
app.add_typer(finance_app.app)
app.add_typer(gifts_app.app)
app.add_typer(merges_app.app)
app.add_typer(pauses_app.app)
app.add_typer(stock_app.app)
app.add_typer(warehouses_app.app)
app.add_typer(articles_app.app)
app.add_typer(declarations_app.app)
app.add_typer(listings_app.app)
app.add_typer(shadow_app.app)
app.add_typer(replenishment_app.app)
app.add_typer(shops_app.app)
app.add_typer(reconcile_app.app)
app.add_typer(labels_app.app)
app.add_typer(promotions_app.app)
app.add_typer(quarantine_app.app)
app.add_typer(rules_app.app)


def main() -> None:
    """The `orderhub` command."""
    app()


if __name__ == "__main__":
    main()
