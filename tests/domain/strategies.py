"""Orders that are in order, for properties."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from domain.money import split
from domain.order import (
    Amounts,
    Channel,
    ChannelStatus,
    CipherReceiver,
    ClearReceiver,
    Customer,
    Order,
    OrderLine,
    PaymentTerms,
    Receiver,
    Region,
)

HANGZHOU = Region(province="浙江省", city="杭州市", district="余杭区")
REGIONS = (
    HANGZHOU,
    Region(province="上海市", city="上海市", district="浦东新区", town="川沙新镇"),
    Region(province="北京", district="朝阳区"),
    Region(province="广东省", city="东莞市"),
    Region(province="湖北", district="仙桃市"),
)
NOON = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)

clear_receivers = st.builds(
    ClearReceiver,
    name=st.just("测试"),
    phone=st.sampled_from(["13800000000", "13800000000-1234", "0571-88880000"]),
    region=st.sampled_from(REGIONS),
    detail=st.sampled_from(["示例路1号", "文一西路 969 号 2 幢"]),
)
cipher_receivers = st.builds(
    CipherReceiver,
    platform=st.sampled_from([Channel.TAOBAO, Channel.DOUYIN, Channel.PDD]),
    name_cipher=st.just("~n~"),
    phone_cipher=st.just("~p~"),
    detail_cipher=st.just("~d~"),
    region=st.sampled_from(REGIONS),
)
receivers: st.SearchStrategy[Receiver] = st.one_of(clear_receivers, cipher_receivers)


@st.composite
def sound_orders(draw: st.DrawFn) -> Order:
    """An order that adds up and can be shipped: one to five lines, gifts among them, discount spread to the fen."""
    sold = draw(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 10**6)), min_size=1, max_size=4))
    goods = sum(quantity * price for quantity, price in sold)
    discount = draw(st.integers(0, goods))
    freight = draw(st.integers(0, 5000))
    shares = split(goods - discount, [quantity * price for quantity, price in sold])
    lines = [
        OrderLine(
            line_no=str(n), sku=f"SKU-{n}", title="商品", quantity=quantity, unit_price_fen=price, amount_fen=share
        )
        for n, ((quantity, price), share) in enumerate(zip(sold, shares, strict=True), start=1)
    ]
    if draw(st.booleans()):
        gift = OrderLine(line_no="G", sku="GIFT", title="赠品", quantity=1, unit_price_fen=0, amount_fen=0, gift_of="1")
        lines.append(gift)
    return Order(
        channel=draw(st.sampled_from(Channel)),
        shop="main",
        channel_order_no="SO1",
        version=draw(st.integers(0, 2**40)),
        status=ChannelStatus.PAID,
        placed_at=NOON,
        paid_at=NOON,
        lines=tuple(lines),
        amounts=Amounts(
            goods_fen=goods, freight_fen=freight, discount_fen=discount, paid_fen=goods + freight - discount
        ),
        receiver=draw(receivers),
        customer=Customer(external_id="C1", terms=draw(st.sampled_from(PaymentTerms))),
    )
