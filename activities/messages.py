"""Short messages, each at most once per order, purpose and recipient."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from temporalio import activity

from activities.contracts import (
    SEND_APPROVAL_LINK,
    SEND_CLERK_LINK,
    SEND_DECLARATION_ALERT,
    SEND_SCAN_ALERT,
    ApprovalLink,
    ClerkLink,
    DeclarationAlert,
    ScanAlert,
    Scanned,
)
from activities.partners import HubConfig, answered
from activities.results import from_json
from activities.scanning import report_step
from connectors.errors import Rejected
from connectors.ports import Messenger
from domain.clock import utc_now
from domain.declaring import Standing
from domain.ids import partner_key, split_order_id
from domain.links import form_code
from domain.money import format_yuan
from domain.shipping import Sms
from domain.texts import country_name, text
from store import declarations
from store.database import Database
from store.holds import open_task
from store.steps import result_of
from store.tables import ApprovalLinkRow, ApprovalRequestRow, ApproverRow, FormLinkRow, NotificationRow
from store.upsert import insert_ignore

_LONGEST = 35
"""Characters that a template's variable may have."""


class MessageSteps:
    """What people are told by SMS."""

    def __init__(self, db: Database, messenger: Messenger, config: HubConfig) -> None:
        self._db = db
        self._messenger = messenger
        self._config = config

    @activity.defn(name=SEND_CLERK_LINK.name)
    async def send_clerk_link(self, link: ClerkLink) -> None:
        """Send the clerks a signed, expiring link to the form of one parcel."""
        code = form_code(self._config.link_secret, link.parcel_id, link.n)
        async with self._db.transaction() as tx:
            expires = utc_now() + timedelta(hours=self._config.link_hours)
            values = {"code": code, "order_id": link.order_id, "parcel_id": link.parcel_id, "n": link.n}
            await insert_ignore(tx, FormLinkRow, {**values, "expires_at": expires})
        for phone in self._config.clerk_phones:
            recipient = hashlib.sha256(phone.encode()).hexdigest()[:8]
            out_id = partner_key(f"{link.parcel_id}/clerk/{link.n}/{recipient}", limit=60)
            number = split_order_id(link.order_id)[2][-20:]
            await self._once(link.order_id, "clerk", Sms(out_id, phone, "clerk", {"order": number, "code": code}))

    @activity.defn(name=SEND_SCAN_ALERT.name)
    async def send_scan_alert(self, alert: ScanAlert) -> None:
        """Tell the clerks that a parcel is stopped, and what is wrong in it."""
        async with self._db.reading() as tx:
            scanned = from_json(Scanned, await result_of(tx, alert.order_id, report_step(alert.report_id)))
        number = split_order_id(alert.order_id)[2][-20:]
        for phone in self._config.clerk_phones:
            recipient = hashlib.sha256(phone.encode()).hexdigest()[:8]
            out_id = partner_key(f"{alert.order_id}/scan/{alert.report_id}/{recipient}", limit=60)
            params = {"order": number, "problem": scanned.problem[:_LONGEST]}
            await self._once(alert.order_id, "scan", Sms(out_id, phone, "scan", params))

    @activity.defn(name=SEND_APPROVAL_LINK.name)
    async def send_approval_link(self, link: ApprovalLink) -> None:
        """Send somebody the link to what they are asked to approve. Whoever has no number is told by a task."""
        async with self._db.transaction() as tx:
            row = await tx.get(ApprovalLinkRow, (link.order_id, link.n))
            whom = await tx.get(ApproverRow, row.approver) if row is not None else None
            asked = await tx.get(ApprovalRequestRow, (link.order_id, row.request)) if row is not None else None
            if row is None or asked is None or row.told_at is not None:
                return
            if whom is None or not whom.phone or self._config.phones is None:
                words = text("approval.no_phone", who=row.approver)
                await open_task(tx, f"approver/{row.approver}/phone", "approval_no_phone", words, again=True)
                row.told_at = utc_now()
                tx.add(row)
                return
        phone = self._config.phones.open(whom.phone, whom.id)
        out_id = partner_key(f"{link.order_id}/approval/{link.n}", limit=60)
        number = split_order_id(link.order_id)[2][-20:]
        params = {"order": number, "amount": format_yuan(asked.amount_fen), "code": row.code}
        await self._once(link.order_id, "approval", Sms(out_id, phone, "approval", params))
        async with self._db.transaction() as tx:
            row.told_at = utc_now()
            await tx.merge(row)

    @activity.defn(name=SEND_DECLARATION_ALERT.name)
    async def send_declaration_alert(self, alert: DeclarationAlert) -> None:
        """Tell the account managers that an order waits for what its declaration lacks; nobody when nothing is."""
        async with self._db.reading() as tx:
            kept = await declarations.of_order(tx, alert.order_id)
        if kept is None or kept.status != Standing.INCOMPLETE:
            return
        number = split_order_id(alert.order_id)[2][-20:]
        for phone in self._config.manager_phones:
            recipient = hashlib.sha256(phone.encode()).hexdigest()[:8]
            out_id = partner_key(f"{alert.order_id}/declaration/{alert.revision}/{recipient}", limit=60)
            params = {"order": number, "country": country_name(kept.destination), "count": str(len(kept.missing))}
            await self._once(alert.order_id, "declaration", Sms(out_id, phone, "declaration", params))

    async def _once(self, order_id: str, purpose: str, message: Sms) -> None:
        async with self._db.transaction() as tx:
            values = {"out_id": message.out_id, "order_id": order_id, "purpose": purpose, "status": "asked"}
            now = utc_now()
            first = await insert_ignore(tx, NotificationRow, {**values, "partner_id": "", "at": now})
            row = await tx.get(NotificationRow, message.out_id)
        if row is None or row.status != "asked":
            return
        status = "sent"
        async with answered(self._db, order_id):
            # SMS partners are not idempotent: after a lost answer, look before sending again.
            partner_id = None if first else await self._messenger.find(message.out_id, message.phone, row.at)
            if partner_id is None:
                try:
                    partner_id = await self._messenger.send(message)
                except Rejected as error:
                    partner_id, status = error.code, "failed"
        async with self._db.transaction() as tx:
            row.status, row.partner_id, row.sent_at = status, partner_id, utc_now()
            await tx.merge(row)
            if status == "failed":
                sentence = text("task.sms_failed", code=partner_id)
                await open_task(tx, f"{message.out_id}/sms", "sms_failed", sentence, order_id=order_id, alert=True)
