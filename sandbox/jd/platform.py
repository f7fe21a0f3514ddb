"""The platform itself: one shop's orders, and what its buyers and staff do with them."""

from __future__ import annotations

import time
from collections.abc import Sequence

from fastapi import APIRouter

from domain.address import province_name
from sandbox.digest import receiver_digest
from sandbox.douyin.orders import seller_words
from sandbox.drafts import Draft, DraftReceiver
from sandbox.jd.api import JdApi
from sandbox.jd.applications import Applications
from sandbox.jd.cipher import Cipher
from sandbox.jd.companies import COMPANIES
from sandbox.jd.exports import Encoding, content
from sandbox.jd.files import Export, Files
from sandbox.jd.ftp import FtpServer
from sandbox.jd.oauth import oauth_router
from sandbox.jd.orders import WORDS, JdOrder, OrderState, Shelf, halves
from sandbox.jd.reading import Reading
from sandbox.jd.shipping import Shipping
from sandbox.jd.tokens import Tokens
from sandbox.jd.waybills import Waybills
from sandbox.listings import Listings
from sandbox.refunds import Refunds, Verdict
from sandbox.world import Book, World


class JdPlatform:
    """JD's open platform with one POP shop. It pushes nothing: whoever wants to know asks for what was modified.

    Its exports lie in a folder that an FTP server serves while the sandbox runs, if the settings have a port for it.
    Raises ValueError when the sandbox has no settings for JD.
    """

    name = "jd"

    def __init__(self, world: World) -> None:
        settings = world.settings.jd
        if settings is None:
            raise ValueError("the sandbox has no settings for jd")
        self._settings = settings
        self._orders = Shelf()
        self._children: dict[str, list[str]] = {}
        self._cipher = Cipher(settings.app_secret.get_secret_value())
        # ten digits of the moment of the start, five of a count
        self._last_id = (3 * 10**10 + int(time.time())) * 10**5
        self._refunds = Refunds(self._new_id)
        self._waybills = Waybills(settings, self._orders, world.pace.pickup_s)
        world.on_hand_over(lambda carrier, number: self._waybills.handed_over(number))
        self._tokens = tokens = Tokens(settings)
        self._api = JdApi(
            world,
            settings,
            tokens,
            Reading(settings, self._orders),
            Shipping(self._orders, world.hand_over),
            Applications(self._orders, self._refunds),
            self._waybills,
        )
        self._oauth = oauth_router(world, settings, tokens)
        self.files = Files(settings.vender_id)
        self._ftp = FtpServer(world, settings, self.files)
        self._duplicates_sent = 0

    async def open(self) -> None:
        """Start the FTP server."""
        await self._ftp.start()

    async def close(self) -> None:
        """Stop the FTP server, and throw the exports away."""
        await self._ftp.close()
        self.files.close()

    @property
    def shop(self) -> str:
        """The shop's name."""
        return self._settings.shop

    def authorise(self) -> str:
        """The shop's owner consents that the app reads the shop: the code that the app exchanges for tokens."""
        return self._tokens.consent()

    @property
    def listings(self) -> Listings:
        """What the shop offers."""
        return self._api.listings

    def new_order_no(self) -> str:
        """A number for the next order."""
        return self._new_id()

    def has(self, order_no: str) -> bool:
        """Whether there is an order of that number, or was before it was split."""
        return order_no in self._orders or order_no in self._children

    def place(self, drafts: Sequence[Draft]) -> None:
        """Take orders. Every draft has its number, and none is taken yet. One that is paid later is not paid yet."""
        for draft in drafts:
            assert draft.order_no is not None
            placed, paid = draft.moments()
            self._orders[draft.order_no] = JdOrder(
                order_id=draft.order_no,
                draft=draft,
                receiver=draft.receiver,
                sealed=self._cipher.seal(draft.receiver, draft.order_no),
                placed=int(placed.timestamp()),
                paid=int(paid.timestamp()),
                vender_remark=seller_words(draft),
            )

    def cancel(self, order_no: str) -> None:
        """The buyer applies for all of the money, and has it at once. Raises KeyError, and ValueError when too late."""
        self._waiting(order_no)
        self.settle(self.refund(order_no, None, None), Verdict.APPROVE)

    def change_address(self, order_no: str, receiver: DraftReceiver) -> None:
        """The buyer changes the receiver. Raises KeyError, and ValueError when it is too late."""
        order = self._waiting(order_no)
        order.receiver, order.sealed = receiver, self._cipher.seal(receiver, order_no)
        order.change()

    def remark(self, order_no: str, words: str) -> None:
        """The shop's staff write a remark. Raises KeyError."""
        order = self._orders[order_no]
        order.vender_remark = words
        order.change()

    def touch(self, order_no: str) -> None:
        """Give the order out as modified; it is what it was. Raises KeyError."""
        order = self._orders[order_no]
        order.changed = int(time.time())
        self._duplicates_sent += 1

    def refund(self, order_no: str, line: int | None, amount_fen: int | None) -> str:
        """The buyer applies; an order that has not left is locked. Raises KeyError, and ValueError."""
        order = self._orders[order_no]
        if order.state in {OrderState.NOT_PAY, OrderState.CANCELLED}:
            raise ValueError(f"too late: the order is {WORDS[order.state]}")
        refund = self._refunds.apply(order_no, order.draft, line, amount_fen, shipped=bool(order.parcels))
        if not order.parcels:
            order.locked = True
            order.change()
        return refund.refund_id

    def settle(self, refund_id: str, verdict: Verdict) -> None:
        """What becomes of a refund: the order goes on, or is over. Raises KeyError, and ValueError when decided.

        Of an order that left already, only the refund itself says what became of it.
        """
        refund = self._refunds.settle(refund_id, verdict)
        order = self._orders[refund.order_no]
        if order.parcels:
            return
        refunds = self._refunds.of_order(refund.order_no)
        order.locked = any(other.open for other in refunds)
        order.cancelled = all(
            any(other.paid_back and other.covers(number) for other in refunds)
            for number, line in enumerate(order.draft.lines, start=1)
            if line.gift_of is None
        )
        order.change()

    def split(self, order_no: str) -> list[str]:
        """Replace an order by two children, whose numbers are returned; nobody finds it any more.

        Raises KeyError, and ValueError for an order that does not wait for shipping, or has one line.
        """
        parent = self._waiting(order_no)
        drafts = halves(parent.draft)
        del self._orders[order_no]
        self._children[order_no] = numbers = [self._new_id() for _ in drafts]
        for number, draft in zip(numbers, drafts, strict=True):
            self._orders[number] = JdOrder(
                order_id=number,
                draft=draft.model_copy(update={"order_no": number}),
                receiver=parent.receiver,
                sealed=self._cipher.seal(parent.receiver, number),
                placed=parent.placed,
                paid=parent.paid,
                vender_remark=parent.vender_remark,
                parent_id=order_no,
            )
        return numbers

    def export(
        self, order_nos: Sequence[str], encoding: Encoding, bad_rows: int, name: str | None, *, partly: bool
    ) -> str:
        """Write orders into a file on the FTP server; its name. Raises KeyError, and ValueError for a known name."""
        orders = [self._orders[order_no] for order_no in order_nos]
        export = Export(name or self.files.new_name(), content(orders, encoding, bad_rows), tuple(order_nos))
        self.files.write(export, partly=partly)
        for order in orders:
            order.exported += 1
            # of an order that the API gave out before, orderhub has that document
            order.told_clear = order.told_clear or order.sent == 0
        return export.name

    def router(self) -> APIRouter:
        """The door of all methods, and the OAuth endpoints."""
        router = self._api.router()
        router.include_router(self._oauth)
        return router

    def book(self) -> Book:
        """The orders, the parcels declared, the e-waybills, the refunds and the export files.

        `receiver_digest` is over what orderhub was given: `fullname`, `mobile`, `province`, `city`, `county` and
        `fullAddress`, the texts encrypted; or the clear texts, the address without region and town, of an order that
        an export told of and the API did not, or that was read by the methods that encrypt nothing.
        `parents` are orders that were split: they are not among the orders any more.
        """
        return {
            "orders": [self._row(order) for order in self._orders.values() if order.state is not OrderState.NOT_PAY],
            "parents": [
                {"order_no": order_no, "shop": self.shop, "children": children}
                for order_no, children in self._children.items()
            ],
            "shipments": [
                {
                    "order_no": order.order_id,
                    "parcel_no": "",
                    "carrier": COMPANIES[parcel.logistics_id].carrier.value,
                    "number": parcel.number,
                    "times": parcel.times,
                }
                for order in self._orders.values()
                for parcel in order.parcels
            ],
            "waybills": self._waybills.book(),
            "refunds": self._refunds.book(self.shop),
            "files": self.files.book(),
            "stock": self.listings.book(),
            "duplicates_sent": self._duplicates_sent,
        }

    def _row(self, order: JdOrder) -> dict[str, object]:
        receiver, sealed = order.receiver, order.sealed
        name, phone, detail = sealed.name, sealed.phone, sealed.address
        if order.told_clear:
            name, phone, detail = receiver.name, receiver.phone, receiver.detail
        province = receiver.province
        if order.draft.by_export:
            # On an export's one line nobody can tell how the province was written, nor where the town ends.
            province, detail = province_name(province), receiver.town + detail
        return {
            "order_no": order.order_id,
            "shop": self.shop,
            "version": order.version,
            "status": WORDS[order.state],
            "paid_fen": order.draft.paid_fen,
            "encrypted": not order.told_clear,
            "requirements": [requirement.value for requirement in order.draft.requirements],
            "receiver_digest": receiver_digest(name, phone, province, receiver.city, receiver.district, detail),
            "sent": order.sent + order.exported,
            "parent_no": order.parent_id,
        }

    def _new_id(self) -> str:
        self._last_id += 1
        return str(self._last_id)

    def _waiting(self, order_no: str) -> JdOrder:
        order = self._orders[order_no]
        if order.state is not OrderState.TO_SHIP:
            raise ValueError(f"too late: the order is {WORDS[order.state]}")
        return order
