"""Whether the channel lets an order be shipped now."""

from __future__ import annotations

from domain.holds import HoldReason
from domain.order import ChannelStatus
from domain.review.dossier import Dossier, Flag
from domain.texts import text


def channel_check(dossier: Dossier) -> list[Flag]:
    """Whether the channel lets this order be shipped now."""
    flags = []
    if dossier.order.status is ChannelStatus.LOCKED:
        flags.append(Flag("channel.locked", HoldReason.CHANNEL_LOCKED, text("channel.locked")))
    if dossier.order.refund_pending:
        flags.append(Flag("channel.refund_pending", HoldReason.REFUND_PENDING, text("channel.refund_pending")))
    return flags
