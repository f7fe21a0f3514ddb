"""The rows of an export's tables. Money in fen; nothing here says who bought."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Head:
    """What every row says of its order."""

    order_id: str
    channel: str
    shop: str
    channel_order_no: str


@dataclass(frozen=True)
class LineRow:
    """A line of an order that was paid in the period, as it was bought. paid = goods - discount + freight, and
    discount = platform + shop_bears + unattributed. Money in fen."""

    head: Head
    paid_at: datetime
    state: str
    line_no: str
    """"" for what could not be divided over the lines."""
    sku: str
    quantity: int
    goods_fen: int
    discount_fen: int
    platform_fen: int
    """What the platform bears of the discount."""
    shop_bears_fen: int
    unattributed_fen: int
    """Discount that no promotion of ours explains: the document alone says it."""
    promotions: str
    freight_fen: int
    paid_fen: int
    tax_percent: str
    tax_fen: int | None
    """In what was paid; None: not reckoned yet."""
    invoice_type: str


@dataclass(frozen=True)
class RefundLineRow:
    """A refund whose newest status came in the period."""

    head: Head
    refund_id: str
    refund_kind: str
    refund_status: str
    refund_lines: str
    amount_fen: int
    """What the buyer asks for."""
    refunded_fen: int
    """What they got: 0 while they have not, or when it is an exchange."""
    asked_at: datetime
    came_at: datetime


@dataclass(frozen=True)
class ConsignmentLine:
    """A consignment whose last parcel left in the period."""

    head: Head
    state: str
    consignment: int
    warehouse: str
    parcels: int
    couriers: str
    waybills: str
    freight_estimate_fen: int
    """Its share of what the routing reckoned for the order."""
    shipped_at: datetime
    signed_at: datetime | None
    """When the last of its parcels was signed for; None while one is not."""
    invoice_type: str
    terms: str
    invoice_at: datetime | None
    invoice_fen: int | None
    """What may be invoiced since then; None where no moment is kept (consumers' orders)."""
    invoice_due_at: datetime | None
    invoice_voided_at: datetime | None
    credit_released_fen: int
    """What it gave back of the credit that its order had reserved."""
    credit_used_fen: int
    """What its customer owes for it."""


@dataclass(frozen=True)
class FieldLine:
    """A value of a field whose definition says that finance needs it."""

    head: Head
    paid_at: datetime
    scope: str
    line_no: str
    key: str
    title: str
    value: str
    supplied_at: datetime | None
    """When it was handed in afterwards; None: it came with the order."""


@dataclass
class DayRow:
    """What a day of a shop comes to. Each figure is the sum of the rows of that day: orders and fields by the day of
    payment (a field that was handed in later, by that day), refunds and consignments by theirs."""

    channel: str
    shop: str
    day: str
    orders: int = 0
    quantity: int = 0
    goods_fen: int = 0
    discount_fen: int = 0
    platform_fen: int = 0
    shop_bears_fen: int = 0
    unattributed_fen: int = 0
    freight_fen: int = 0
    paid_fen: int = 0
    cancelled_fen: int = 0
    """Of what was paid: for orders that are cancelled by now."""
    tax_fen: int = 0
    refunds: int = 0
    refunded_fen: int = 0
    consignments: int = 0
    freight_estimate_fen: int = 0
    invoice_fen: int = 0
    """What may be invoiced, without what was voided since."""
    credit_released_fen: int = 0
    credit_used_fen: int = 0
    values: int = 0
    """Of fields."""

    def add(self, **figures: int | None) -> None:
        """Count so much more."""
        for name, more in figures.items():
            setattr(self, name, getattr(self, name) + (more or 0))
