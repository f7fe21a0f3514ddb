"""Made-up orders that differ from the plain one in a way that matters to a scenario."""

from __future__ import annotations

from typing import Any

from domain.order import (
    Amounts,
    Channel,
    CipherReceiver,
    ClearReceiver,
    Customer,
    OrderLine,
    PaymentTerms,
    Region,
)
from tests.store.samples import receiver

MUG = OrderLine(line_no="1", sku="MUG", title="马克杯", quantity=1, unit_price_fen=4950, amount_fen=4950)
GIFT = OrderLine(line_no="2", sku="CARD", title="贺卡", quantity=1, unit_price_fen=0, amount_fen=0, gift_of="1")


def mugs(quantity: int) -> dict[str, Any]:
    """So many mugs."""
    fen = 4950 * quantity
    line = MUG.model_copy(update={"quantity": quantity, "amount_fen": fen})
    return {"lines": (line,), "amounts": Amounts(goods_fen=fen, paid_fen=fen)}


def on_account() -> dict[str, Any]:
    """A company that pays after thirty days: its credit is checked."""
    return {"customer": Customer(external_id="C9", name="示例公司", tax_no="91330000TEXT001", terms=PaymentTerms.NET30)}


def short_address() -> ClearReceiver:
    """An address that no parcel can be sent to."""
    return receiver("1号")


def encrypted() -> dict[str, Any]:
    """A Douyin order: the platform keeps the receiver to itself."""
    region = Region(province="浙江省", city="杭州市", district="余杭区")
    hidden = CipherReceiver(
        platform=Channel.DOUYIN,
        name_cipher="#name-cipher#",
        phone_cipher="$phone-cipher$",
        detail_cipher="#detail-cipher#",
        region=region,
    )
    return {"channel": Channel.DOUYIN, "shop": "123456", "receiver": hidden}
