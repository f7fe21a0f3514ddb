"""TOP's trade (taobao.trade.fullinfo.get) as it is written, and what its statuses mean. Pure."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from connectors.taobao.wire import Fen, Flag, Listed, Moment, Text, Whole, Wire
from domain.order import ChannelStatus
from domain.words import About, Glossary

_STATUS = Glossary(
    "taobao",
    About.ORDER,
    ChannelStatus,
    {
        "TRADE_NO_CREATE_PAY": ChannelStatus.UNPAID,
        "WAIT_BUYER_PAY": ChannelStatus.UNPAID,
        "PAY_PENDING": ChannelStatus.UNPAID,
        "WAIT_PRE_AUTH_CONFIRM": ChannelStatus.UNPAID,
        "PAID_FORBID_CONSIGN": ChannelStatus.LOCKED,  # a group is not complete, say
        "WAIT_SELLER_SEND_GOODS": ChannelStatus.PAID,
        "SELLER_CONSIGNED_PART": ChannelStatus.PAID,  # goods are still owed
        "WAIT_BUYER_CONFIRM_GOODS": ChannelStatus.SHIPPED,
        "TRADE_FINISHED": ChannelStatus.FINISHED,
        "TRADE_CLOSED": ChannelStatus.CANCELLED,
        "TRADE_CLOSED_BY_TAOBAO": ChannelStatus.CANCELLED,
    },
    asks=["TRADE_BUYER_SIGNED"],  # of cash on delivery only, which is not carried
)
# Of a trade that is listed as paid: presales are paid in two steps.
_STEPS = Glossary(
    "taobao",
    About.ORDER_STEP,
    ChannelStatus,
    {
        "": ChannelStatus.PAID,
        "FRONT_NOPAID_FINAL_NOPAID": ChannelStatus.UNPAID,
        "FRONT_PAID_FINAL_NOPAID": ChannelStatus.LOCKED,
        "FRONT_PAID_FINAL_PAID": ChannelStatus.PAID,
    },
    field="step_trade_status",
)
_CLOSED = frozenset({"TRADE_CLOSED", "TRADE_CLOSED_BY_TAOBAO"})
_NO_OPEN_REFUND = frozenset({"", "NO_REFUND", "CLOSED", "SUCCESS", "SELLER_REFUSE_BUYER"})  # of refund_status


def _gift_mids(value: object) -> object:
    """The main sub orders of a gift: comma text, a list, or a list one level down."""
    return value.split(",") if isinstance(value, str) else value


class Standing(Wire):
    """Where a trade is: enough to tell a cancelled one that cannot be read otherwise."""

    status: Text = ""
    type: Text = ""
    step_trade_status: Text = ""
    consign_time: Moment = None
    top_hold: Flag = False
    ofp_hold: Flag = False

    @property
    def channel_status(self) -> ChannelStatus:
        """What the platform says of the trade. Raises ValueError for what we do not know: it is never guessed.

        LOCKED is what is paid and must not ship yet: forbidden by the platform (PAID_FORBID_CONSIGN, or one of the two
        flags that stop a paid trade), or a presale whose balance is not paid. Whatever ends it moves `modified`, and
        the trade comes again.

        Cash on delivery is refused, too: no waybill of ours collects money.
        """
        if self.type == "cod":
            raise ValueError("cash on delivery is not carried")
        status, step = _STATUS.mean(self.status), _STEPS.mean(self.step_trade_status)
        if status is ChannelStatus.PAID:
            status = step
            held = status is ChannelStatus.PAID and (self.top_hold or self.ofp_hold)
            return ChannelStatus.LOCKED if held else status
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
    num: Whole = Field(gt=0, lt=1_000_000)
    price: Fen = None
    payment: Fen = None
    divide_order_fee: Fen = None
    part_mjz_discount: Fen = None
    invoice_no: Text = ""
    logistics_company: Text = ""
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


class _Sent(Wire):
    oid: Text = ""
    status: Text = ""
    refund_status: Text = ""
    invoice_no: Text = ""


class Sendings(Wire):
    """What a trade's sub orders have been sent by, and whether they may be sent."""

    orders: Annotated[list[_Sent], Listed] = Field(default_factory=list)

    def told(self, number: str, line_nos: tuple[str, ...] | None) -> bool:
        """Whether these sub orders (None: all that are not closed) have this number."""
        meant = self._meant(line_nos)
        return bool(meant) and all(order.invoice_no == number for order in meant)

    def numbers(self, line_no: str) -> list[str]:
        """The number that a sub order has, if any."""
        return [order.invoice_no for order in self.orders if order.oid == line_no and order.invoice_no]

    def under_refund(self, line_nos: tuple[str, ...] | None) -> bool:
        """Whether a refund of one of these sub orders is not decided, or stands where we do not know."""
        return any(order.refund_status not in _NO_OPEN_REFUND for order in self._meant(line_nos))

    def _meant(self, line_nos: tuple[str, ...] | None) -> list[_Sent]:
        return [
            order
            for order in self.orders
            if (order.status not in _CLOSED if line_nos is None else order.oid in line_nos)
        ]
