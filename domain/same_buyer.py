"""What shows that orders belong together: one buyer, one household, one purchase. They are linked, never merged."""

from __future__ import annotations

from domain.address import valid_phone
from domain.order import CipherReceiver, Order


def common_marks(order: Order) -> dict[str, str]:
    """What an order may have in common with others, by kind. Personal: only digests of it may be kept.

    `member`: the merchant's own number of the customer, the same everywhere. `phone`: the receiver's, where it is in
    clear text (privacy numbers with an extension are everybody's, and left out). `receiver`: the platform's handle of
    an encrypted receiver, where it is one per receiver. `buyer`: the channel's number of the buyer. `purchase`: what
    the channel split.
    """
    receiver = order.receiver
    marks = {
        "member": order.customer.member_code,
        "phone": "",
        "receiver": "",
        "buyer": f"{order.channel}|{order.customer.external_id}" if order.customer.external_id else "",
        "purchase": f"{order.channel}|{order.shop}|{order.parent_no or order.channel_order_no}",
    }
    if isinstance(receiver, CipherReceiver):
        marks["receiver"] = f"{receiver.platform}|{receiver.phone_cipher}" if receiver.phone_cipher else ""
    elif valid_phone(receiver.phone) and receiver.phone.strip().isdecimal():
        marks["phone"] = receiver.phone.strip()
    return {kind: value for kind, value in marks.items() if value}
