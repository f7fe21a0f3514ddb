"""What somebody can do about an order on its page, and doing it: once for each form, however often it is sent."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from console.parcel_form import check_typed
from console.sessions import form_token
from domain.golden import GoldenState, may_cancel, reached
from domain.holds import HoldReason
from domain.ids import parcel_id
from domain.texts import text
from store import holds, idempotency
from store.database import Database
from store.gifts_after import GiftStays, send_after
from store.idempotency import InProgress, Kept, Slot, SlotId
from store.shadows import is_shadow
from store.steps import UnknownOrder
from workflows.contracts import AddressWish, CancelOrder, Outcome, RecordWaybill, ReleaseHold

_log = logging.getLogger(__name__)
LONGEST = 200
"""Characters of a reason that are kept."""
_DIGITS = 9

Wish = ReleaseHold | CancelOrder | AddressWish | RecordWaybill


class Orders(Protocol):
    """Living orders, as far as the desk acts on them."""

    async def update(self, order_id: str, name: str, argument: Any) -> Outcome:
        """Ask an order for something. Never raises: what stands in the way is an Outcome with a sentence."""
        ...


class Deed(StrEnum):
    """What can be done."""

    RELEASE = "release"
    """A hold; about its reason and number, so that a page from before releases no other of that reason."""
    CANCEL = "cancel"
    ADDRESS = "address"
    """Take a wished address; about its number."""
    GIFT = "gift"
    """Send a gift after; about its line."""
    WAYBILL = "waybill"
    """Give a parcel its number by hand; about the parcel's."""


NOTHING: dict[str, Any] = {"release": [], "address": [], "waybill": [], "gift": [], "cancel": False}
"""What whoever may look only can do about an order."""
NEEDS_WHY = frozenset({Deed.RELEASE, Deed.CANCEL, Deed.GIFT})


@dataclass(frozen=True)
class Sent:
    """A form as it was sent. `once` names it, `proof` shows that this page gave it to whoever sent it."""

    deed: str
    about: str
    why: str
    number: str
    carrier: str
    once: str
    proof: str

    def digest(self) -> str:
        """Of what it asks for."""
        said = "\n".join((self.deed, self.about, self.why, self.number, self.carrier))
        return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True)
class Said:
    """What came of it, with an HTTP status."""

    status: int
    words: str
    sure: bool = True
    """Not when nobody heard the end of it."""

    @property
    def done(self) -> bool:
        """Whether it surely is."""
        return self.status == 200


def offers(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What can be done about an order now: reasons of holds, numbers of wished addresses and of parcels, gifts' lines,
    and whether it can be cancelled. Of an order that an old system works on nothing."""
    if facts["shadow"] is not None:
        return NOTHING
    state = GoldenState(facts["state"]) if facts["state"] else None
    left = facts["exit"] is not None
    wanting = any(hold["reason"] == HoldReason.WAYBILL_BY_PERSON for hold in facts["holds"])
    return {
        "release": [hold["reason"] for hold in facts["holds"] if hold["by_operator"]],
        "address": [one["n"] for one in facts["address_changes"] if one["status"] == "wished"],
        "waybill": [
            parcel["n"]
            for parcel in facts["parcels"]
            if wanting and not any(one["status"] == "live" for one in parcel["waybills"])
        ],
        "gift": [
            gift["line_no"]
            for gift in facts["gifts"]
            if not left
            and not gift["sent_after"]
            and gift["status"] != "cancelled"
            and reached(state, GoldenState.WAYBILL_RETURNED)
        ],
        "cancel": not left and may_cancel(state),
    }


class Deeds:
    """Does what the forms of the desk ask for."""

    def __init__(self, db: Database, secret: bytes, orders: Orders) -> None:
        self._db = db
        self._secret = secret
        self._orders = orders

    def form(self, who: str, order_id: str) -> tuple[str, str]:
        """The name of a new form of somebody's, and its proof."""
        once = secrets.token_urlsafe(12)
        return once, self._proof(who, order_id, once)

    def _proof(self, who: str, order_id: str, once: str) -> str:
        return form_token(self._secret, who, "desk", order_id, once)

    async def do(self, who: str, order_id: str, sent: Sent) -> Said:
        """Do what a form asks for. Sent again, it is answered as before."""
        good = self._proof(who, order_id, sent.once)
        if not hmac.compare_digest(good.encode(), sent.proof.encode("utf-8", "replace")):
            return Said(403, text("desk.foreign"))
        why = " ".join(sent.why.split())[:LONGEST]
        if sent.deed not in set(Deed):
            return Said(422, text("desk.no_such_deed"))
        if sent.deed in NEEDS_WHY and not why:
            return Said(422, text("desk.why_missing"))
        typed = check_typed(sent.number, sent.carrier)
        if sent.deed == Deed.WAYBILL and not typed.ok:
            return Said(422, typed.number_error or typed.carrier_error)
        slot = Slot("desk", who, f"{order_id}/{sent.once}", sent.digest())
        try:
            before = await self._begin(slot)
        except InProgress:
            return Said(202, text("order.still_running"))
        if before is not None:
            return before
        said = None
        try:
            said = await self._do(who, order_id, sent, why, (typed.carrier, typed.number))
        finally:
            # What nobody knows the end of may be sent again: doing it twice changes nothing.
            await self._keep(slot, said if said is not None and said.sure else None)
        _log.info("somebody acted at the desk", extra={"order_id": order_id, "deed": sent.deed, "status": said.status})
        return said

    async def _begin(self, slot: Slot) -> Said | None:
        """Take a form; what was answered to it if that was done before.

        No transaction is open while the order works: what stands there meanwhile is that it is under way.
        """
        async with self._db.transaction() as tx:
            kept = (await idempotency.claim(tx, [slot])).get(slot.id)
            if kept is None:
                await idempotency.keep(tx, _kept(slot, Said(202, text("order.still_running"))))
                return None
        if kept.request_sha256 != slot.request_sha256:
            return Said(409, text("desk.sent_before"))
        return Said(kept.status, json.loads(kept.answer))

    async def _keep(self, slot: Slot, said: Said | None) -> None:
        async with self._db.transaction() as tx:
            if said is None:
                await idempotency.let_go(tx, [slot])
            else:
                await idempotency.keep(tx, _kept(slot, said))

    async def _do(self, who: str, order_id: str, sent: Sent, why: str, typed: tuple[str, str]) -> Said:
        async with self._db.reading() as tx:
            if await is_shadow(tx, order_id):
                return Said(409, text("shadow.not_ours"))
            open_ = {(hold.reason, str(hold.n)) for hold in await holds.open_holds(tx, order_id)}
        if sent.deed == Deed.RELEASE and tuple(sent.about.split("/")) not in open_:
            return Said(409, text("desk.hold_gone"))
        if sent.deed == Deed.GIFT:
            return await self._send_gift(who, order_id, sent.about, why)
        asked = _wish(who, order_id, sent, why, typed)
        if asked is None:
            return Said(422, text("desk.no_such_deed"))
        outcome = await self._orders.update(order_id, *asked)
        return Said(200 if outcome.done else 409 if outcome.sure else 503, outcome.text, sure=outcome.sure)

    async def _send_gift(self, who: str, order_id: str, line_no: str, why: str) -> Said:
        try:
            async with self._db.transaction() as tx:
                gift = await send_after(tx, order_id, line_no, who, why)
        except UnknownOrder:
            return Said(404, text("staff.no_such_order"))
        except GiftStays as stays:
            return Said(409, str(stays))
        return Said(200, text("gift.sent_after", order=gift.order_id))


def _kept(slot: Slot, said: Said) -> dict[SlotId, Kept]:
    return {slot.id: Kept(slot.request_sha256, said.status, json.dumps(said.words, ensure_ascii=False))}


def _wish(who: str, order_id: str, sent: Sent, why: str, typed: tuple[str, str]) -> tuple[str, Wish] | None:
    """The order's update and its argument; None for a form about nothing."""
    if sent.deed == Deed.RELEASE:
        return "release_hold", ReleaseHold(sent.about.partition("/")[0], who, why)
    if sent.deed == Deed.CANCEL:
        return "cancel", CancelOrder(why, who)
    if not (sent.about.isascii() and sent.about.isdecimal() and len(sent.about) <= _DIGITS):
        return None
    if sent.deed == Deed.ADDRESS:
        return "confirm_address", AddressWish(int(sent.about), who)
    return "record_waybill", RecordWaybill(parcel_id(order_id, int(sent.about)), *typed, who)
