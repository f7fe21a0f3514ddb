"""What the clerk's form shows of one parcel, and what it makes of a typed number."""

from __future__ import annotations

import hmac
import re
from collections import Counter
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import utc_now
from domain.couriers import normalise_number, plausible_number
from domain.links import form_code
from domain.masks import Masked, masked
from domain.shipping import Carrier
from domain.texts import text
from store import orders, shipping
from store.tables import FormLinkRow, ParcelRow

_CODE = re.compile(r"[a-z2-7]{24}")

CARRIER_GUESSES: tuple[tuple[str, Carrier], ...] = (
    (r"^SF\d{13}$", Carrier.SF),
    (r"^YT\d{13}$", Carrier.YTO),
    (r"^JT\d{13}$", Carrier.JTSD),
    (r"^JD[A-Z0-9]{10,18}$", Carrier.JD),
    (r"^DPK\d{10,14}$", Carrier.DEPPON),
    (r"^77\d{13}$", Carrier.STO),
    (r"^7\d{13}$", Carrier.ZTO),
    (r"^[A-Z]{2}\d{9}[A-Z]{2}$", Carrier.EMS),
)
"""Shapes that tell a carrier nearly for sure, the first that fits: the page proposes it, and the clerk decides."""


@dataclass(frozen=True)
class ParcelForm:
    """One parcel as the clerk may see it. `number` and `carrier` are its live waybill's, "" while it has none."""

    order_id: str
    parcel_id: str
    order_no: str
    n: int
    total: int
    receiver: Masked
    goods: tuple[tuple[str, int], ...]
    needs: tuple[str, ...]
    number: str
    carrier: str


@dataclass(frozen=True)
class Typed:
    """What the clerk typed, and what is wrong with it in words, by the field; no errors, and `number` is plain."""

    raw_number: str
    carrier: str
    number: str
    number_error: str = ""
    carrier_error: str = ""

    @property
    def ok(self) -> bool:
        """Whether it can be a waybill number of that carrier."""
        return not (self.number_error or self.carrier_error)


class LinkExpired(LookupError):
    """The link was good once."""


async def open_link(tx: AsyncSession, secret: bytes, code: str) -> FormLinkRow:
    """The link behind a code. Raises LookupError for one that we never gave out, LinkExpired for an old one."""
    link = await tx.get(FormLinkRow, code) if _CODE.fullmatch(code) else None
    # Computed again, so that whoever can write rows still cannot make links.
    if link is None or not hmac.compare_digest(form_code(secret, link.parcel_id, link.n), link.code):
        raise LookupError("no such link")
    if link.expires_at <= utc_now():
        raise LinkExpired
    return link


async def load_form(tx: AsyncSession, link: FormLinkRow) -> ParcelForm:
    """What the link's page shows. Raises LookupError when the parcel is gone."""
    parcel = await tx.get(ParcelRow, link.parcel_id)
    if parcel is None:
        raise LookupError("no such parcel")
    order = await orders.body(tx, link.order_id)
    waybill = await shipping.live_waybill(tx, link.parcel_id)
    titles = {line.sku: line.title for line in order.lines}
    goods: Counter[str] = Counter()
    for item in parcel.items:
        goods[titles.get(item["sku"]) or item["sku"]] += item["quantity"]
    return ParcelForm(
        order_id=link.order_id,
        parcel_id=link.parcel_id,
        order_no=order.channel_order_no,
        n=parcel.n,
        total=len(await shipping.parcels(tx, link.order_id)),
        receiver=masked(order.receiver),
        goods=tuple(goods.items()),
        needs=tuple(text(f"form.need.{need}") for need in order.notes.requirements),
        number=waybill.number if waybill else "",
        carrier=waybill.carrier if waybill else "",
    )


def check_typed(raw_number: str, carrier: str) -> Typed:
    """Look at what was typed before the order is asked."""
    number = normalise_number(raw_number)
    known = carrier in Carrier.__members__
    number_error = ""
    if not number:
        number_error = text("form.number_missing")
    elif known and not plausible_number(Carrier(carrier), number):
        number_error = text("form.implausible", carrier=text(f"carrier.{carrier}"))
    return Typed(
        raw_number=raw_number.strip()[:60],
        carrier=carrier if known else "",
        number=number,
        number_error=number_error,
        carrier_error="" if known else text("form.carrier_missing"),
    )
