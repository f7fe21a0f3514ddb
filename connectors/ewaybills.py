"""What platforms' e-waybills have in common: whose parcels they take, and who sends them, and how they are voided."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from pydantic import BaseModel, ConfigDict

from connectors.errors import Rejected
from domain.order import Channel, CipherReceiver
from domain.shipping import VoidOutcome, WaybillRequest

_VOID_WORDS: tuple[tuple[VoidOutcome, tuple[str, ...]], ...] = (
    (VoidOutcome.VOIDED, ("已取消", "取消过", "重复取消", "已消单", "已回收")),
    (VoidOutcome.NOT_FOUND, ("不存在", "无此", "未找到")),
    (VoidOutcome.TOO_LATE, ("揽收", "取件", "收件", "已发货", "物流信息", "轨迹")),
)


class Sender(BaseModel):
    """Who is printed as the sender on e-waybills. The address must be one that the courier's branch has signed for."""

    model_config = ConfigDict(extra="forbid")

    name: str
    mobile: str
    province: str
    city: str
    district: str
    detail: str


def cipher_receiver(request: WaybillRequest, channel: Channel, operation: str) -> CipherReceiver:
    """The receiver that only this platform can ship to.

    Raises Rejected for an order of another channel, and for a receiver in clear text or of another platform's making.
    """
    receiver = request.receiver
    if request.channel is not channel or not isinstance(receiver, CipherReceiver):
        raise Rejected(channel, operation, f"only an encrypted receiver of a {channel} order can be shipped to")
    if receiver.platform is not channel:
        raise Rejected(channel, operation, f"the receiver is encrypted by {receiver.platform}")
    if not (receiver.name_cipher and receiver.phone_cipher and receiver.detail_cipher):
        raise Rejected(channel, operation, "the receiver's ciphertext is incomplete")
    return receiver


def void_outcome(words: str) -> VoidOutcome | None:
    """What a refusal to void amounts to; None for words that say nothing of the waybill."""
    return next((outcome for outcome, known in _VOID_WORDS if any(word in words for word in known)), None)


def refused_as(refusal: Rejected) -> VoidOutcome | None:
    """What a refusal to void amounts to, by its words."""
    return void_outcome(refusal.detail)


async def void_by_any(
    shops: Iterable[str],
    ask: Callable[[str], Awaitable[VoidOutcome]],
    read: Callable[[Rejected], VoidOutcome | None] = refused_as,
) -> VoidOutcome:
    """Void a waybill. It does not say whose it is, so the shops are asked in turn until one has it; a shop can only
    cancel its own.

    Raises the refusal that says nothing of the waybill when no other shop could do better.
    """
    unclear: Rejected | None = None
    for shop in shops:
        try:
            outcome = await ask(shop)
        except Rejected as refusal:
            known = read(refusal)
            if known is None:
                unclear = refusal
                continue
            outcome = known
        if outcome is not VoidOutcome.NOT_FOUND:
            return outcome
    if unclear is not None:
        raise unclear
    return VoidOutcome.NOT_FOUND
