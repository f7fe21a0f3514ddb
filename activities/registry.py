"""All activities, for the worker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from activities.address import AddressSteps
from activities.anomalies import AnomalySteps
from activities.approvals import ApprovalSteps
from activities.authorisations import AuthorisationSteps
from activities.channel import ChannelSteps
from activities.counts import CountSteps
from activities.couriers import CourierSteps
from activities.credit import CreditSteps
from activities.deadlines import DeadlineSteps
from activities.declarations import DeclarationSteps
from activities.delivery import DeliverySteps
from activities.files import FileSteps
from activities.freezes import FreezeSteps
from activities.health import HealthSteps
from activities.holds import HoldSteps
from activities.interception import InterceptSteps
from activities.merging import MergeSteps
from activities.messages import MessageSteps
from activities.partners import HubConfig, Partners
from activities.planning import Router
from activities.publishing import PublishSteps
from activities.pulling import PullSteps
from activities.purging import PurgeSteps
from activities.reconciling import ReconcileSteps
from activities.replenishing import ReplenishSteps
from activities.review import ReviewSteps
from activities.scanning import ScanSteps
from activities.shadow_reports import ShadowSteps
from activities.stock import StockSteps
from activities.sweeps import SweepSteps
from activities.typed_waybills import TypedWaybillSteps
from activities.warehouse import WarehouseSteps
from activities.waybills import WaybillSteps
from store.database import Database


def all_activities(db: Database, partners: Partners, config: HubConfig) -> list[Callable[..., Any]]:
    """Every activity, bound to its database and partners."""
    warehouse = WarehouseSteps(db, partners.warehouse, config.warehouse)
    rooms: list[object] = [
        ApprovalSteps(db, config),
        ReviewSteps(db, config.credit_above_fen, config.declaration),
        DeclarationSteps(db, config.declaration),
        StockSteps(db, Router(config.warehouse)),
        CreditSteps(db, partners.credit),
        warehouse,
        ScanSteps(db, config.warehouse),
        MergeSteps(db, warehouse),
        CourierSteps(db, config),
        WaybillSteps(db, partners.couriers, config),
        TypedWaybillSteps(db),
        ChannelSteps(db, partners.channels),
        DeliverySteps(db, partners.tracker, config),
        HoldSteps(db),
        AddressSteps(db, config.warehouse),
        InterceptSteps(db, partners.couriers, config),
        MessageSteps(db, partners.messenger, config),
        SweepSteps(db, partners.tracker, config),
        DeadlineSteps(db),
        AnomalySteps(db),
        PullSteps(db, partners.pulls),
        ShadowSteps(db),
        HealthSteps(db, config.health),
        ReconcileSteps(db, partners.pulls),
        AuthorisationSteps(db, partners.channels),
        FileSteps(db, partners.files),
        FreezeSteps(db),
        CountSteps(db, partners.warehouse),
        PublishSteps(db, partners.channels),
        ReplenishSteps(db, config.warehouse),
        PurgeSteps(db),
    ]
    return [step for room in rooms for step in _steps(room)]


def _steps(room: object) -> list[Callable[..., Any]]:
    members = (getattr(room, name) for name in dir(room) if not name.startswith("_"))
    return [member for member in members if hasattr(member, "__temporal_activity_definition")]
