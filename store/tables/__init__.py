"""All tables. A column's meaning stands beside it; the migrations in `migrations/` create exactly these."""

from __future__ import annotations

from store.tables.files import FiledOrderRow, SeenFileRow, TakenFileRow
from store.tables.gifts import GiftRow
from store.tables.intake import IdempotencyKeyRow, InboxRow, PullCursorRow, ReconciliationRow
from store.tables.orders import (
    AddressChangeRow,
    OrderEventRow,
    OrderLinkRow,
    OrderRow,
    OrderVersionRow,
    RefundRow,
    WarrantyRow,
    WithdrawnOrderRow,
)
from store.tables.partners import CreditCheckRow, PartnerCallRow, PartnerLineRow, ShopRow, TokenRow
from store.tables.people import FormLinkRow, HoldRow, NotificationRow, TaskRow
from store.tables.shipping import DeliveryRow, ParcelRow, TrackNodeRow, WarehouseReportRow, WaybillRow
from store.tables.stock import ReservationRow, StockLedgerRow, StockRow
from store.tables.supply import ShelfChangeRow, ShelfCountRow
from store.tables.warehouses import WarehouseRow

__all__ = [
    "AddressChangeRow",
    "CreditCheckRow",
    "DeliveryRow",
    "FiledOrderRow",
    "FormLinkRow",
    "GiftRow",
    "HoldRow",
    "IdempotencyKeyRow",
    "InboxRow",
    "NotificationRow",
    "OrderEventRow",
    "OrderLinkRow",
    "OrderRow",
    "OrderVersionRow",
    "ParcelRow",
    "PartnerCallRow",
    "PartnerLineRow",
    "PullCursorRow",
    "ReconciliationRow",
    "RefundRow",
    "ReservationRow",
    "SeenFileRow",
    "ShelfChangeRow",
    "ShelfCountRow",
    "ShopRow",
    "StockLedgerRow",
    "StockRow",
    "TakenFileRow",
    "TaskRow",
    "TokenRow",
    "TrackNodeRow",
    "WarehouseReportRow",
    "WarehouseRow",
    "WarrantyRow",
    "WaybillRow",
    "WithdrawnOrderRow",
]
