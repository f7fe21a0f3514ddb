"""The controls: who orders what, who changes their mind, and what goes wrong in the warehouse.

Mounted under `/control`. Answers 404 for an order that nobody knows and 409 for what cannot be done any more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol, cast, runtime_checkable

from fastapi import APIRouter, HTTPException
from pydantic import Field

from sandbox.buyers import Buyers
from sandbox.douyin import DouyinPlatform
from sandbox.douyin.messages import Tag
from sandbox.drafts import Draft, DraftChannel, DraftReceiver, Shape
from sandbox.flaws import MendingShop, mend_router
from sandbox.jd.controls import jd_router
from sandbox.listings import Listings
from sandbox.own import RestShop
from sandbox.partner import Partner
from sandbox.pdd.controls import pdd_router
from sandbox.qimen import QimenWarehouse
from sandbox.refunding import RefundingShop, refund_router
from sandbox.taobao.controls import taobao_router
from sandbox.wechat.controls import wechat_router
from sandbox.words import in_words
from sandbox.world import World
from sandbox.xiaohongshu.controls import xiaohongshu_router


class Placed(Shape):
    """Where an order was placed, and under which number."""

    channel: DraftChannel
    shop: str
    order_no: str


class Crowd(Shape):
    """So many made-up buyers; with `per_second` they come one after the other, else all at once."""

    orders: int = Field(ge=1, le=100_000)
    seed: int = 1
    channels: list[DraftChannel] = Field(["own", "douyin"], min_length=1)
    per_second: float | None = Field(None, gt=0)
    hot_share: float = Field(0.05, ge=0, le=1)


class RestChange(Shape):
    """What changes in an order of a shop that speaks the REST protocol."""

    buyer_note: str | None = None
    seller_note: str | None = None
    receiver: DraftReceiver | None = None


class RestResend(Shape):
    """Which version is sent again."""

    version: int = Field(ge=1)


class Reason(Shape):
    """Why an order is cancelled."""

    reason: str = "不想要了"


class NewAddress(Shape):
    """Where the goods shall go now."""

    receiver: DraftReceiver


class Remark(Shape):
    """What the shop's staff write."""

    seller_words: str


class DouyinResend(Shape):
    """Which message is pushed again: the last one, or the last one of a tag."""

    tag: Tag | None = None


class Misscan(Shape):
    """Which article the next scan of a delivery order leaves out, and which one it has instead."""

    code_or_order_no: str = Field(min_length=1)
    drop_sku: str = Field(min_length=1)
    scan_instead: str = ""


class Forgotten(Shape):
    """Which article is scanned, and yet not in the box that leaves."""

    code_or_order_no: str = Field(min_length=1)
    sku: str = Field(min_length=1)


class StockMove(Shape):
    """Pieces that come into the warehouse or go, without any delivery order. `quiet`: it reports nothing."""

    sku: str = Field(min_length=1)
    warehouse: str = ""
    quantity: int
    order_type: str = "QTRK"
    condition: Literal["ZP", "CC"] = "ZP"
    quiet: bool = False


class StockCount(Shape):
    """How many good pieces of an article somebody found."""

    sku: str = Field(min_length=1)
    warehouse: str = ""
    found: int = Field(ge=0)


class Shop(Protocol):
    """Where orders are placed."""

    @property
    def shop(self) -> str:
        """What the books call it."""
        ...

    def new_order_no(self) -> str:
        """A number for the next order."""
        ...

    def has(self, order_no: str) -> bool:
        """Whether there is an order of that number."""
        ...

    def place(self, drafts: Sequence[Draft]) -> None:
        """Take orders. Every draft has its number, and none is taken yet."""
        ...


@runtime_checkable
class OfferingShop(Protocol):
    """A shop that is told its stock."""

    @property
    def listings(self) -> Listings:
        """What it offers."""
        ...


class PolledShop(Shop, Protocol):
    """A platform whose changes orderhub finds by polling, whatever it pushes."""

    def cancel(self, order_no: str) -> None:
        """The buyer is paid back. Raises KeyError, and ValueError when it is too late."""
        ...

    def change_address(self, order_no: str, receiver: DraftReceiver) -> None:
        """The buyer changes the receiver. Raises KeyError, and ValueError when it is too late."""
        ...

    def remark(self, order_no: str, words: str) -> None:
        """The shop's staff write a remark. Raises KeyError."""
        ...


_REST: tuple[DraftChannel, ...] = ("own", "pos", "b2b")
_POLLED: tuple[DraftChannel, ...] = ("pdd", "taobao", "jd", "xiaohongshu", "wechat")


def control_router(world: World, partners: Mapping[str, Partner]) -> APIRouter:
    """The controls of all partners who are played."""
    router = APIRouter()
    shops: dict[DraftChannel, Shop] = {}
    if "douyin" in partners:
        shops["douyin"] = cast(DouyinPlatform, partners["douyin"])
    for rest in _REST:
        if rest in partners:
            shops[rest] = own = cast(RestShop, partners[rest])
            router.include_router(_rest_router(own), prefix=f"/{rest}")
    for channel in _POLLED:
        if channel in partners:
            shops[channel] = platform = cast(PolledShop, partners[channel])
            router.include_router(_polled_router(platform), prefix=f"/{channel}")
    for name, controls in _CONTROLS.items():
        # before the controls that all have: their paths are wider
        if name in partners:
            router.include_router(controls(partners[name]), prefix=f"/{name}")
    for name, partner in partners.items():
        if isinstance(partner, RefundingShop):
            router.include_router(refund_router(partner), prefix=f"/{name}")
        if isinstance(partner, MendingShop):
            router.include_router(mend_router(partner), prefix=f"/{name}")
    router.include_router(_orders_router(world, shops))
    router.include_router(_listings_router(shops))
    return router


_Shops = Mapping[DraftChannel, Shop]


def _orders_router(world: World, shops: _Shops) -> APIRouter:
    router = APIRouter()

    @router.post("/orders")
    async def orders(drafts: list[Draft]) -> list[Placed]:
        """Place these orders now; all or none."""
        numbered = _numbered(shops, drafts)
        _place(shops, numbered)
        return _placed(shops, numbered)

    @router.post("/buyers")
    async def buyers(crowd: Crowd) -> list[Placed]:
        """Let made-up buyers order. The numbers are known at once, also those of orders that are placed later."""
        numbered = _numbered(shops, Buyers(crowd.seed, crowd.hot_share).drafts(crowd.orders, crowd.channels))
        if crowd.per_second is None:
            _place(shops, numbered)
        else:
            for n, draft in enumerate(numbered):
                _place_later(world, shops, draft, n / crowd.per_second)
        return _placed(shops, numbered)

    return router


def _listings_router(shops: _Shops) -> APIRouter:
    router = APIRouter()

    @router.get("/listings")
    async def listings() -> list[dict[str, str]]:
        """What every shop offers that takes stock figures, under its own numbers."""
        offering = {channel: shop for channel, shop in shops.items() if isinstance(shop, OfferingShop)}
        return [
            {"channel": channel, "shop": shop.shop, **row}
            for channel, shop in offering.items()
            for row in shop.listings.rows()
        ]

    return router


def _rest_router(shop: RestShop) -> APIRouter:
    router = APIRouter()

    @router.post("/{order_no}/change")
    async def change(order_no: str, wanted: RestChange) -> dict[str, int]:
        """Change an order and send its next version."""
        with in_words():
            return {"version": shop.change(order_no, wanted.buyer_note, wanted.receiver, wanted.seller_note)}

    @router.post("/{order_no}/address", status_code=204)
    async def address(order_no: str, wanted: NewAddress) -> None:
        """The buyer changes the address."""
        with in_words():
            shop.change_address(order_no, wanted.receiver)

    @router.post("/{order_no}/remark", status_code=204)
    async def remark(order_no: str, wanted: Remark) -> None:
        """The shop's staff write a remark."""
        with in_words():
            shop.remark(order_no, wanted.seller_words)

    @router.post("/{order_no}/pay", status_code=204)
    async def pay(order_no: str) -> None:
        """The money for an unpaid order comes."""
        with in_words():
            shop.pay(order_no)

    @router.post("/{order_no}/resend", status_code=204)
    async def resend(order_no: str, wanted: RestResend) -> None:
        """Send a version again: the current one is a duplicate, an older one is stale."""
        with in_words():
            shop.resend(order_no, wanted.version)

    @router.post("/{order_no}/cancel", status_code=204)
    async def cancel(order_no: str, wanted: Reason | None = None) -> None:
        """Ask orderhub to cancel."""
        with in_words():
            shop.cancel(order_no, (wanted or Reason()).reason)

    return router


def _douyin_router(douyin: DouyinPlatform) -> APIRouter:
    router = APIRouter()

    @router.post("/{order_no}/cancel", status_code=204)
    async def cancel(order_no: str, wanted: Reason | None = None) -> None:
        """The buyer cancels."""
        with in_words():
            douyin.cancel(order_no, (wanted or Reason()).reason)

    @router.post("/{order_no}/address", status_code=204)
    async def address(order_no: str, wanted: NewAddress) -> None:
        """The buyer changes the address."""
        with in_words():
            douyin.change_address(order_no, wanted.receiver)

    @router.post("/{order_no}/remark", status_code=204)
    async def remark(order_no: str, wanted: Remark) -> None:
        """The shop's staff write a remark."""
        with in_words():
            douyin.remark(order_no, wanted.seller_words)

    @router.post("/{order_no}/resend", status_code=204)
    async def resend(order_no: str, wanted: DouyinResend | None = None) -> None:
        """Push a message again: the last one is a duplicate, an older one is stale."""
        with in_words():
            douyin.resend(order_no, wanted.tag if wanted else None)

    return router


def _polled_router(platform: PolledShop) -> APIRouter:
    router = APIRouter()

    @router.post("/{order_no}/cancel", status_code=204)
    async def cancel(order_no: str) -> None:
        """The buyer is paid back before the order left."""
        with in_words():
            platform.cancel(order_no)

    @router.post("/{order_no}/address", status_code=204)
    async def address(order_no: str, wanted: NewAddress) -> None:
        """The buyer changes the address."""
        with in_words():
            platform.change_address(order_no, wanted.receiver)

    @router.post("/{order_no}/remark", status_code=204)
    async def remark(order_no: str, wanted: Remark) -> None:
        """The shop's staff write a remark."""
        with in_words():
            platform.remark(order_no, wanted.seller_words)

    return router


def _qimen_router(qimen: QimenWarehouse) -> APIRouter:
    router = APIRouter()

    @router.post("/misscan", status_code=204)
    async def misscan(wanted: Misscan) -> None:
        """Let the next scan leave an article out; may be said before the delivery order exists."""
        qimen.misscan(wanted.code_or_order_no, wanted.drop_sku, wanted.scan_instead)

    @router.post("/forget", status_code=204)
    async def forget(wanted: Forgotten) -> None:
        """Let a box leave without an article that was scanned; may be said before the delivery order exists."""
        qimen.forget(wanted.code_or_order_no, wanted.sku)

    @router.post("/{code}/confirm-again")
    async def confirm_again(code: str) -> dict[str, str]:
        """Scan a packed order anew and confirm it under a new outBizCode."""
        with in_words():
            return {"out_biz_code": qimen.confirm_again(code)}

    @router.put("/stock", status_code=204)
    async def settle(pieces: dict[str, int], warehouse: str = "") -> None:
        """Let so many good pieces of each article lie on the shelves, and tell nobody."""
        with in_words():
            qimen.settle_stock(pieces, warehouse)

    @router.post("/stock")
    async def move(wanted: StockMove) -> dict[str, str]:
        """Goods come in, are lost or found."""
        with in_words():
            code = qimen.move_stock(
                wanted.sku,
                wanted.quantity,
                wanted.order_type,
                wanted.condition,
                wanted.warehouse,
                quiet=wanted.quiet,
            )
        return {"out_biz_code": code}

    @router.post("/stock/{out_biz_code}/again", status_code=204)
    async def report_again(out_biz_code: str) -> None:
        """Report a change once more."""
        with in_words():
            qimen.report_again(out_biz_code)

    @router.post("/count")
    async def count(wanted: StockCount) -> dict[str, int]:
        """Somebody counts an article."""
        with in_words():
            return {"difference": qimen.count_stock(wanted.sku, wanted.found, wanted.warehouse)}

    return router


def _numbered(shops: _Shops, drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts, each with a number that is free. Raises HTTPException 409."""
    numbered: list[Draft] = []
    seen: set[tuple[str, str]] = set()
    for draft in drafts:
        shop = shops.get(draft.channel)
        if shop is None:
            raise HTTPException(409, f"there is no shop on {draft.channel}")
        order_no = draft.order_no or shop.new_order_no()
        if shop.has(order_no) or (draft.channel, order_no) in seen:
            raise HTTPException(409, f"{draft.channel} has an order {order_no} already")
        seen.add((draft.channel, order_no))
        numbered.append(draft.model_copy(update={"order_no": order_no}))
    return numbered


def _place(shops: _Shops, drafts: Sequence[Draft]) -> None:
    for channel, shop in shops.items():
        shop.place([draft for draft in drafts if draft.channel == channel])


def _place_later(world: World, shops: _Shops, draft: Draft, seconds: float) -> None:
    async def place() -> None:
        _place(shops, [draft])

    world.later(seconds, place)


def _placed(shops: _Shops, drafts: Sequence[Draft]) -> list[Placed]:
    return [
        Placed(channel=draft.channel, shop=shops[draft.channel].shop, order_no=str(draft.order_no)) for draft in drafts
    ]


_CONTROLS: dict[str, Callable[[Any], APIRouter]] = {
    "taobao": taobao_router,
    "xiaohongshu": xiaohongshu_router,
    "pdd": pdd_router,
    "wechat": wechat_router,
    "jd": jd_router,
    "douyin": _douyin_router,
    "qimen": _qimen_router,
}
"""What can be wanted of one partner only."""
