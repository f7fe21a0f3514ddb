"""TOP's trade → the canonical Order. Pure. Every complaint is a ValueError without values that could be personal."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.shown import by_name
from connectors.taobao.trades import SubOrder, Trade
from domain.order import (
    Amounts,
    Channel,
    ChannelStatus,
    CipherReceiver,
    Customer,
    Notes,
    Order,
    OrderLine,
    Region,
)
from domain.requirements import requirements_in
from domain.shadow import ShownParcel


def parcels(trade: Trade) -> list[ShownParcel]:
    """The parcels that the platform shows, by whoever told it of them; couriers by the names that people read."""
    return [
        ShownParcel(line.invoice_no, by_name(line.logistics_company), line.logistics_company, trade.consign_time)
        for line in trade.orders
    ]


def to_order(trade: Trade, shop: str, tid: str) -> Order:
    """The canonical order out of a trade. Raises ValueError.

    Sub orders that were refunded or closed while others are still owed are left out, with what was paid for them.
    `version` is `modified` in milliseconds. A receiver without oaid stays without ciphertext, which the review stops.
    """
    if (trade.tid_str or trade.tid) != tid:
        raise ValueError("the answer is about another trade")
    if trade.created is None or trade.modified is None:
        raise ValueError("no created or modified")
    status = trade.channel_status
    paid_at = None if status is ChannelStatus.UNPAID else trade.pay_time
    if paid_at is None and status not in (ChannelStatus.UNPAID, ChannelStatus.CANCELLED):
        # Paid without a moment: the trade's own is the nearest that is surely not later, and deadlines are kept.
        paid_at = trade.created
    lines = _lines(trade, status)
    freight = trade.post_fee or 0
    goods = sum(line.quantity * line.unit_price_fen for line in lines)
    paid = sum(line.amount_fen for line in lines) + freight
    return Order(
        channel=Channel.TAOBAO,
        shop=shop,
        channel_order_no=tid,
        version=int(trade.modified.timestamp()) * 1000,
        status=status,
        placed_at=trade.created,
        paid_at=paid_at,
        lines=lines,
        amounts=Amounts(goods_fen=goods, freight_fen=freight, discount_fen=goods + freight - paid, paid_fen=paid),
        receiver=_receiver(trade),
        # Without the buyer's id the order is a customer of its own: an id shared by strangers would link them.
        customer=Customer(external_id=trade.buyer_open_uid or f"order-{tid}"),
        notes=Notes(
            buyer=trade.buyer_message,
            seller=" ".join(part for part in (trade.seller_memo, *_promised(trade)) if part),
            requirements=requirements_in(trade.buyer_message, trade.seller_memo),
        ),
    )


def line_amounts(trade: Trade) -> list[int]:
    """Fen paid for each sub order, postage left out. Raises ValueError for amounts that do not add up.

    A trade with one sub order is worth its `payment` without the postage: there the sub order's own `payment` holds
    the postage, in a trade with several it does not. With several, the shares and the postage make up the trade's
    `payment`; the platform may have taken refunded ones out of it.
    """
    paid, freight = trade.payment, trade.post_fee or 0
    if paid is None:
        raise ValueError("no payment")
    if len(trade.orders) == 1:
        order = trade.orders[0]
        told = [amount for amount in (order.payment, order.share) if amount is not None]
        if told and paid not in told and paid - freight not in told:
            raise ValueError(_mismatch(told[-1], paid, freight))
        amounts = [paid - freight]
    else:
        amounts = [_share(order) for order in trade.orders]
        owed = sum(amount for amount, order in zip(amounts, trade.orders, strict=True) if not order.closed)
        if paid - freight not in (sum(amounts), owed):
            raise ValueError(_mismatch(sum(amounts), paid, freight))
    if any(amount < 0 for amount in amounts):
        raise ValueError("a sub order with a negative amount")
    return amounts


def _share(order: SubOrder) -> int:
    if order.share is None:
        raise ValueError("a sub order without payment")
    return order.share


def _mismatch(lines: int, paid: int, freight: int) -> str:
    return f"sub orders add up to {lines} fen, the trade to {paid} fen with {freight} fen freight"


def _lines(trade: Trade, status: ChannelStatus) -> tuple[OrderLine, ...]:
    kept = list(zip(trade.orders, line_amounts(trade), strict=True))
    if status in (ChannelStatus.UNPAID, ChannelStatus.PAID, ChannelStatus.LOCKED):
        kept = [(order, amount) for order, amount in kept if not order.closed] or kept
    orders = [order for order, _ in kept]
    return tuple(_line(order, amount, orders) for order, amount in kept)


def _line(order: SubOrder, amount: int, orders: Sequence[SubOrder]) -> OrderLine:
    price = 0 if order.price is None and order.gift else order.price
    if price is None or price < 0:
        raise ValueError("a sub order without price")
    sku = order.outer_sku_id or order.outer_iid or order.sku_id or order.num_iid
    if not sku:
        raise ValueError("a sub order without outer_sku_id, outer_iid, sku_id or num_iid")
    return OrderLine(
        line_no=order.oid,
        sku=sku,
        title=order.title,
        quantity=order.num,
        unit_price_fen=price,
        amount_fen=amount,
        gift_of=_main_line(order, orders) if order.gift and amount == 0 else None,
    )


def _main_line(gift: SubOrder, orders: Sequence[SubOrder]) -> str | None:
    """The line that a gift belongs to: the one that is named, or the only one that is bought."""
    named = [order.oid for order in orders if order.oid in gift.gift_mids and order.oid != gift.oid]
    bought = [order.oid for order in orders if not order.gift]
    if named:
        return named[0]
    return bought[0] if len(bought) == 1 else None


def _promised(trade: Trade) -> list[str]:
    """Gifts that are no sub order have no article number, so that a person must put them in: a note says so."""
    titles = {order.title for order in trade.orders if order.gift}
    return [
        f"赠品：{promotion.gift_item_name}×{promotion.gift_item_num or 1}"
        for promotion in trade.promotion_details
        if promotion.gift_item_name and promotion.gift_item_name not in titles
    ]


def _receiver(trade: Trade) -> CipherReceiver:
    # 省直辖县: the city is empty and the district holds the city-level name. It is kept as the platform writes it; the
    # address check knows these places.
    return CipherReceiver(
        platform=Channel.TAOBAO,
        name_cipher=trade.oaid,
        phone_cipher=trade.oaid,
        detail_cipher=trade.oaid,
        name_mask=trade.receiver_name,
        phone_mask=trade.receiver_mobile or trade.receiver_phone,
        detail_mask=trade.receiver_address,
        region=Region(
            province=trade.receiver_state,
            city=trade.receiver_city,
            district=trade.receiver_district,
            town=trade.receiver_town,
        ),
    )
