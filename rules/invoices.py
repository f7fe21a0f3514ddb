"""Which invoice an order gets, by the table `tables/invoice_types.json`."""

from __future__ import annotations

from collections.abc import Mapping

from domain.deciding import deciding
from domain.invoices import InvoiceChoice, InvoiceType, buyer_of, tax_number
from domain.order import Order
from domain.review import ArticleFacts
from rules.engine import decide

NAME = "invoice_types"


@deciding()
def invoice(order: Order, articles: Mapping[str, ArticleFacts]) -> InvoiceChoice:
    """The order's invoice. Of goods of several classes the answer with the highest rank counts, for an order has one
    invoice. Raises LookupError for a table that has no answer."""
    known = (articles.get(line.sku) for line in order.lines)
    classes = sorted({article.category if article is not None else "" for article in known}) or [""]
    answers = [decide(NAME, {**_facts(order), "category": category}) for category in classes]
    found = max(answers, key=lambda one: int(one.result["rank"]))  # the first of equals: by class, always the same
    return InvoiceChoice(InvoiceType(found.result["type"]), found.rule)


def _facts(order: Order) -> dict[str, object]:
    return {
        "buyer": str(buyer_of(order.customer)),
        "tax_no": str(tax_number(order.customer.tax_no)),
        "channel": str(order.channel),
        "amount_fen": order.amounts.paid_fen,
    }
