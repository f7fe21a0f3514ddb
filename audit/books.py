"""The partners' books: what each partner was really asked to do, read over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import httpx
from pydantic import AliasChoices, BaseModel, Field, ValidationError

from domain.order import Channel
from domain.shipping import Provider

_TIMEOUT_S = 60.0


class BooksUnavailable(RuntimeError):
    """The books cannot be had, or are not what they should be."""


class BookOrder(BaseModel):
    """A paid order as its channel has it. `version` is the channel's own count."""

    order_no: str
    shop: str
    version: int
    status: str
    """cancelled, or another word for a paid order"""
    paid_fen: int
    encrypted: bool = False
    requirements: list[str] = []
    receiver_digest: str
    cancel_asked: bool = False
    """The channel asked us to cancel, and keeps no state of its own for that."""


class BookShipment(BaseModel):
    """One parcel that a channel was told of. `parcel_no` is whatever the channel calls it."""

    order_no: str
    parcel_no: str
    carrier: str
    number: str


class BookWaybill(BaseModel):
    """One waybill that a courier or platform gave out. `text` is what is printed on it besides the address."""

    key: str
    number: str
    live: bool
    at: datetime | None = None
    """When it was given out."""
    text: str = Field(validation_alias=AliasChoices("remark", "goods_description", "requirements_text"))


class BookInterception(BaseModel):
    """One waybill that a courier was asked to stop, and took. `times` counts how often it was asked."""

    number: str
    kind: Literal["REROUTE", "RETURN"]
    times: int


class BookStock(BaseModel):
    """The stock figure that a channel was told last of one of its listings."""

    item_id: str
    sku_id: str
    pieces: int


class ChannelBook(BaseModel):
    """A sales channel's book; a platform also gives out waybills."""

    orders: list[BookOrder]
    shipments: list[BookShipment]
    waybills: list[BookWaybill] = []
    stock: list[BookStock] = []


class BookLine(BaseModel):
    """One line of a delivery order."""

    sku: str
    quantity: int


class BookDelivery(BaseModel):
    """One delivery order at the warehouse."""

    code: str
    order_no: str
    warehouse: str = ""
    status: Literal["ACCEPTED", "HELD", "PACKED", "CANCELLED"]
    delivery_type: str
    remark: str
    receiver_digest: str
    lines: list[BookLine]
    left_out: list[BookLine] = []
    """What was scanned, and yet was not in the box that left."""
    at: datetime | None = None
    """When it was taken."""


class WarehouseBook(BaseModel):
    """A warehouse's book."""

    deliveries: list[BookDelivery]


class CourierBook(BaseModel):
    """A courier's book."""

    waybills: list[BookWaybill]
    interceptions: list[BookInterception] = []


class BookReservation(BaseModel):
    """A part of a customer's credit."""

    reservation_id: str
    request_id: str
    status: Literal["RESERVED", "COMMITTED", "RELEASED"]


class CreditBook(BaseModel):
    """The credit bureau's book."""

    reservations: list[BookReservation]


class BookMessage(BaseModel):
    """One short message that was taken."""

    out_id: str


class MessageBook(BaseModel):
    """The messenger's book."""

    messages: list[BookMessage]


class Books(BaseModel):
    """All books that the audit compares the store with."""

    own: ChannelBook
    douyin: ChannelBook
    pos: ChannelBook | None = None
    b2b: ChannelBook | None = None
    taobao: ChannelBook | None = None
    jd: ChannelBook | None = None
    pdd: ChannelBook | None = None
    xiaohongshu: ChannelBook | None = None
    wechat: ChannelBook | None = None
    qimen: WarehouseBook
    sf: CourierBook
    cainiao: CourierBook
    credit: CreditBook
    sms: MessageBook

    def channels(self) -> dict[Channel, ChannelBook]:
        """The books of the sales channels that are there."""
        books = {channel: getattr(self, channel) for channel in Channel}
        return {channel: book for channel, book in books.items() if book is not None}

    def waybills(self) -> dict[Provider, list[BookWaybill]]:
        """Everybody who gives out waybills."""
        givers = {str(provider) for provider in Provider}
        platforms = {
            Provider(str(name)): book.waybills for name, book in self.channels().items() if str(name) in givers
        }
        return {Provider.SF: self.sf.waybills, Provider.CAINIAO: self.cainiao.waybills, **platforms}


async def fetch(url: str) -> Books:
    """Read `{url}/books`. Raises BooksUnavailable."""
    try:
        async with httpx.AsyncClient(timeout=_TIMEOUT_S) as client:
            response = await client.get(f"{url.rstrip('/')}/books")
        response.raise_for_status()
        return Books.model_validate_json(response.content)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise BooksUnavailable(f"no books from {url}: {type(error).__name__}: {error}") from error
    except ValidationError as error:
        # Only where it is wrong: the values may be anybody's.
        places = ", ".join(".".join(map(str, problem["loc"])) or "body" for problem in error.errors()[:5])
        raise BooksUnavailable(f"the books from {url} are not as documented: {places}") from None
