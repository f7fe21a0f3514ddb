"""All tables. A column's meaning stands beside it; the migrations in `migrations/` create exactly these."""

from __future__ import annotations

from store.tables.approvals import (
    ApprovalLinkRow,
    ApprovalRequestRow,
    ApprovalRow,
    ApproverChangeRow,
    ApproverRow,
)
from store.tables.credit import CreditEntryRow, CreditLimitRow, InvoiceMomentRow
from store.tables.deadlines import StageDeadlineRow
from store.tables.declarations import DeclarationRow, DeclarationSupplyRow
from store.tables.extensions import KeptFileRow, SuppliedFieldRow
from store.tables.files import FiledOrderRow, SeenFileRow, TakenFileRow
from store.tables.gifts import GiftRow
from store.tables.goods import ArticleTagRow, ChannelShareRow, IncomingRow, SkuRow, TransferRow
from store.tables.healings import HealingRow
from store.tables.intake import (
    IdempotencyKeyRow,
    InboxRow,
    PullCursorRow,
    ReconciliationRow,
    UnknownWordRow,
)
from store.tables.labels import LabelItemRow, LabelSheetRow
from store.tables.merges import MergeMemberRow, MergeRow
from store.tables.orders import (
    AddressChangeRow,
    OrderEventRow,
    OrderLinkRow,
    OrderRow,
    OrderTaxRow,
    OrderVersionRow,
    RefundRow,
    WarrantyRow,
    WithdrawnOrderRow,
)
from store.tables.partners import CreditCheckRow, PartnerCallRow, PartnerLineRow, ShopRow, TokenRow
from store.tables.pauses import PauseRow
from store.tables.people import FormLinkRow, HoldRow, NotificationRow, TaskRow
from store.tables.planning import ConsignmentRow, PlanRow, ShortageRow
from store.tables.prices import OrderPriceRow, PromotionUseRow
from store.tables.promises import PromiseRow, WorkBookingRow, WorkCentreRow
from store.tables.review import FlagRow, InvoiceChoiceRow
from store.tables.rules import RuleEventRow, RuleVersionRow
from store.tables.shadow import (
    ShadowDecisionRow,
    ShadowOrderRow,
    ShadowPlanRow,
    ShadowReportRow,
    ShadowSwitchRow,
)
from store.tables.shipping import DeliveryRow, InterceptionRow, ParcelRow, TrackNodeRow, WarehouseReportRow, WaybillRow
from store.tables.stock import ChannelStockRow, ReservationPlanRow, ReservationRow, StockLedgerRow, StockRow
from store.tables.supply import (
    LedgerMarkRow,
    ListingRow,
    PublishedRow,
    ReplenishmentRow,
    ShelfChangeRow,
    ShelfCountRow,
)
from store.tables.warehouses import WarehouseRow

__all__ = [
    "AddressChangeRow",
    "ApprovalLinkRow",
    "ApprovalRequestRow",
    "ApprovalRow",
    "ApproverChangeRow",
    "ApproverRow",
    "ArticleTagRow",
    "ChannelShareRow",
    "ChannelStockRow",
    "ConsignmentRow",
    "CreditCheckRow",
    "CreditEntryRow",
    "CreditLimitRow",
    "DeclarationRow",
    "DeclarationSupplyRow",
    "DeliveryRow",
    "FiledOrderRow",
    "FlagRow",
    "FormLinkRow",
    "GiftRow",
    "HealingRow",
    "HoldRow",
    "IdempotencyKeyRow",
    "InboxRow",
    "IncomingRow",
    "InterceptionRow",
    "InvoiceChoiceRow",
    "InvoiceMomentRow",
    "KeptFileRow",
    "LabelItemRow",
    "LabelSheetRow",
    "LedgerMarkRow",
    "ListingRow",
    "MergeMemberRow",
    "MergeRow",
    "NotificationRow",
    "OrderEventRow",
    "OrderLinkRow",
    "OrderPriceRow",
    "OrderRow",
    "OrderTaxRow",
    "OrderVersionRow",
    "ParcelRow",
    "PartnerCallRow",
    "PartnerLineRow",
    "PauseRow",
    "PlanRow",
    "PromiseRow",
    "PromotionUseRow",
    "PublishedRow",
    "PullCursorRow",
    "ReconciliationRow",
    "RefundRow",
    "ReplenishmentRow",
    "ReservationPlanRow",
    "ReservationRow",
    "RuleEventRow",
    "RuleVersionRow",
    "SeenFileRow",
    "ShadowDecisionRow",
    "ShadowOrderRow",
    "ShadowPlanRow",
    "ShadowReportRow",
    "ShadowSwitchRow",
    "ShelfChangeRow",
    "ShelfCountRow",
    "ShopRow",
    "ShortageRow",
    "SkuRow",
    "StageDeadlineRow",
    "StockLedgerRow",
    "StockRow",
    "SuppliedFieldRow",
    "TakenFileRow",
    "TaskRow",
    "TokenRow",
    "TrackNodeRow",
    "TransferRow",
    "UnknownWordRow",
    "WarehouseReportRow",
    "WarehouseRow",
    "WarrantyRow",
    "WaybillRow",
    "WithdrawnOrderRow",
    "WorkBookingRow",
    "WorkCentreRow",
]
