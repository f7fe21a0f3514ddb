"""TOP's trade (taobao.trade.fullinfo.get) as it is written, and what its statuses mean. Pure."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from connectors.taobao.wire import Fen, Flag, Listed, Moment, Text, Wire
from domain.order import ChannelStatus

_STATUS: dict[str, ChannelStatus] = {
    "TRADE_NO_CREATE_PAY": ChannelStatus.UNPAID,
    "WAIT_BUYER_PAY": ChannelStatus.UNPAID,
    "PAY_PENDING": ChannelStatus.UNPAID,
    "WAIT_PRE_AUTH_CONFIRM": ChannelStatus.UNPAID,
    # Paid, but it must not ship yet (a group is not complete, say). PAID is where an order's way to shipping begins, so
    # it waits as UNPAID; whatever ends the ban moves `modified`, and the order comes again as PAID.
    "PAID_FORBID_CONSIGN": ChannelStatus.UNPAID,
    "WAIT_SELLER_SEND_GOODS": ChannelStatus.PAID,
    "SELLER_CONSIGNED_PART": ChannelStatus.PAID,  # goods are still owed
    "WAIT_BUYER_CONFIRM_GOODS": ChannelStatus.SHIPPED,
    "TRADE_FINISHED": ChannelStatus.FINISHED,
    "TRADE_CLOSED": ChannelStatus.CANCELLED,
    "TRADE_CLOSED_BY_TAOBAO": ChannelStatus.CANCELLED,
}
_STEPS: dict[str, bool] = {  # whether all of it is paid
    "": True,
    "FRONT_NOPAID_FINAL_NOPAID": False,
    "FRONT_PAID_FINAL_NOPAID": False,
    "FRONT_PAID_FINAL_PAID": True,
}
_CLOSED = frozenset({"TRADE_CLOSED", "TRADE_CLOSED_BY_TAOBAO"})


def _gift_mids(value: object) -> object:
    """The main sub orders of a gift: comma text, a list, or a list one level down."""
    return value.split(",") if isinstance(value, str) else value


class Standing(Wire):
    """Where a trade is: enough to tell a cancelled one that cannot be read otherwise."""

    status: Text = ""
    type: Text = ""
    step_trade_status: Text = ""
    consign_time: Moment = None

    @property
    def channel_status(self) -> ChannelStatus:
        """What the platform says of the trade. Raises ValueError for what we do not know: it is never guessed.

        Cash on delivery is refused, too: no waybill of ours collects money.
        """
        if self.type == "cod":
            raise ValueError("cash on delivery is not carried")
        if self.status not in _STATUS or self.step_trade_status not in _STEPS:
            raise ValueError(f"unknown status {_word(self.status)} {_word(self.step_trade_status)}".strip())
        status = _STATUS[self.status]
        if status is ChannelStatus.PAID and not _STEPS[self.step_trade_status]:
            return ChannelStatus.UNPAID  # the deposit of a presale
        if self.status == "TRADE_CLOSED" and self.consign_time is not None:
            return ChannelStatus.FINISHED  # refunded after it had shipped
        return status


class SubOrder(Wire):
    """One line of a trade. Amounts in fen."""

    oid: Text = Field(min_length=1)
    status: Text = ""
    title: Text = ""
    num_iid: Text = ""
    sku_id: Text = ""
    outer_iid: Text = ""
    outer_sku_id: Text = ""
    num: int = Field(gt=0, lt=1_000_000)
    price: Fen = None
    payment: Fen = None
    divide_order_fee: Fen = None
    part_mjz_discount: Fen = None
    invoice_no: Text = ""
    is_gift: Flag = False
    is_free_gift: Flag = False
    gift_mids: Annotated[list[Text], Listed, BeforeValidator(_gift_mids)] = Field(default_factory=list)

    @property
    def closed(self) -> bool:
        """Whether it was refunded or closed, and is no longer owed."""
        return self.status in _CLOSED

    @property
    def gift(self) -> bool:
        """Whether the buyer gets it for nothing."""
        return self.is_gift or self.is_free_gift

    @property
    def share(self) -> int | None:
        """What the buyer paid for it once the trade's own discounts are spread; None where the platform is silent."""
        if self.divide_order_fee is not None:
            return self.divide_order_fee
        if self.payment is None:
            return 0 if self.gift else None
        return self.payment - (self.part_mjz_discount or 0)


class Promotion(Wire):
    """A promotion that the trade took part in; some give goods that are no sub order."""

    gift_item_name: Text = ""
    gift_item_num: Text = ""


class Trade(Standing):
    """A whole trade. Amounts in fen."""

    tid: Text = ""
    tid_str: Text = ""
    created: Moment
    pay_time: Moment = None
    modified: Moment
    payment: Fen
    post_fee: Fen = None
    buyer_open_uid: Text = ""
    buyer_message: Text = ""
    seller_memo: Text = ""
    oaid: Text = ""
    receiver_state: Text = ""
    receiver_city: Text = ""
    receiver_district: Text = ""
    receiver_town: Text = ""
    receiver_address: Text = ""
    receiver_name: Text = ""
    receiver_mobile: Text = ""
    receiver_phone: Text = ""
    orders: Annotated[list[SubOrder], Listed] = Field(min_length=1)
    promotion_details: Annotated[list[Promotion], Listed] = Field(default_factory=list)


class _Invoiced(Wire):
    oid: Text = ""
    status: Text = ""
    invoice_no: Text = ""


class Invoices(Wire):
    """The waybill numbers that the platform has for a trade's sub orders."""

    orders: Annotated[list[_Invoiced], Listed] = Field(default_factory=list)

    def told(self, number: str, line_nos: tuple[str, ...] | None) -> bool:
        """Whether these sub orders (None: all that are not closed) have this number."""
        meant = [
            order
            for order in self.orders
            if (order.status not in _CLOSED if line_nos is None else order.oid in line_nos)
        ]
        return bool(meant) and all(order.invoice_no == number for order in meant)


def _word(value: str) -> str:
    # A status is a word of the platform's; anything else in its place may be anything.
    return value if value.isascii() and value.replace("_", "").isalnum() and len(value) <= 60 else "?"
