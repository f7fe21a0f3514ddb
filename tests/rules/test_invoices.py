"""Which invoice an order gets, and whether a credit bureau is asked about it."""

from __future__ import annotations

from typing import Any

import pytest

from domain.deciding import deciding
from domain.invoices import InvoiceType, TaxNumber, tax_number
from domain.money import Fen
from domain.order import Amounts, Channel, Customer, OrderLine, PaymentTerms
from domain.review import ArticleFacts
from rules import engine
from rules.credit import asks_bureau
from rules.engine import Table, trying
from rules.invoices import invoice
from rules.lint import lint
from tests.rules.documents import changed
from tests.store.samples import order

COMPANY = Customer(external_id="C1", name="测试商贸有限公司", tax_no="91330110MA2B000000")
CARD = ArticleFacts("CARD", category="prepaid_card")


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ("", TaxNumber.NONE),
        ("  ", TaxNumber.NONE),
        ("91330110MA2B000000", TaxNumber.GOOD),
        ("91330110ma2b000000", TaxNumber.GOOD),
        ("330110000000000", TaxNumber.GOOD),
        ("9133011", TaxNumber.BAD),
        ("91330110MA2B00000O", TaxNumber.BAD),  # the letter O
    ],
)
def test_tax_numbers(written: str, what: TaxNumber) -> None:
    assert tax_number(written) is what


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, InvoiceType.DIGITAL_ORDINARY),
        ({"channel": Channel.B2B, "customer": COMPANY}, InvoiceType.DIGITAL_SPECIAL),
        ({"channel": Channel.OWN, "customer": COMPANY}, InvoiceType.DIGITAL_ORDINARY),
        ({"channel": Channel.B2B, "customer": Customer(external_id="C1", tax_no="123")}, InvoiceType.UNDECIDED),
        ({"amounts": Amounts(goods_fen=4950, discount_fen=4950, paid_fen=0)}, InvoiceType.NONE),
    ],
)
def test_by_buyer_and_amount(changes: dict[str, Any], kind: InvoiceType) -> None:
    assert invoice(order(**changes), {}).type is kind


def test_an_order_of_several_classes_has_one_invoice_by_the_highest_rank() -> None:
    line = OrderLine(line_no="2", sku="CARD", title="卡", quantity=1, unit_price_fen=0, amount_fen=0)
    both = order(channel=Channel.B2B, customer=COMPANY, lines=(*order().lines, line))
    with deciding() as one:
        chosen = invoice(both, {"CARD": CARD})
    assert (chosen.type, chosen.rule.rpartition("/")[2]) == (InvoiceType.DIGITAL_ORDINARY, "prepaid_card")
    assert {rule.rpartition("/")[2] for rule in one.rules()} == {"prepaid_card", "company_b2b"}
    assert invoice(both, {}).type is InvoiceType.DIGITAL_SPECIAL


def test_a_platform_that_writes_invoices_itself() -> None:
    document = changed("invoice_types", "everybody", type='"PLATFORM"')
    document["orderhub"]["examples"].pop(2)
    assert lint("invoice_types", document).problems == ()
    with trying(Table("invoice_types", document)):
        assert invoice(order(), {}).type is InvoiceType.PLATFORM


@pytest.mark.parametrize(
    ("terms", "above", "asked"),
    [
        (PaymentTerms.PREPAID, 0, False),
        (PaymentTerms.PREPAID, 4949, True),
        (PaymentTerms.PREPAID, 4950, False),
        (PaymentTerms.NET30, 0, True),
        (PaymentTerms.NET60, 10**9, True),
    ],
)
def test_credit_is_asked_for_account_terms_and_above_the_setting(terms: PaymentTerms, above: int, asked: bool) -> None:
    assert asks_bureau(order(customer=Customer(external_id="C1", terms=terms)), Fen(above)) is asked


@pytest.mark.parametrize(("asks", "asked"), [("always", True), ("never", False)])
def test_a_table_goes_before_the_setting(asks: str, asked: bool) -> None:
    document = changed("credit_rules", "paid_before", asks=f'"{asks}"')
    with trying(Table("credit_rules", document)):
        assert asks_bureau(order(), Fen(0 if asked else 1)) is asked
    assert lint("credit_rules", engine.default("credit_rules")).problems == ()
