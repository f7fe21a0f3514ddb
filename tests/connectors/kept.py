"""What may come out of a connector whatever its partner sends: its own errors, or something that can be kept."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import TypeVar

from connectors.ports import Document, PulledPage, PushSource
from domain.news import CancelNews, News, OrderNews, PaymentNews, RefundNews, ShippedNews
from domain.order import Order
from domain.refund import Refund
from tests.connectors.mutations import KNOWN_ERRORS

T = TypeVar("T")

_LARGEST = 2**63


async def known(asked: Awaitable[T]) -> T | None:
    """The answer; None when one of the connectors' own errors came."""
    try:
        return await asked
    except KNOWN_ERRORS:
        return None


def check_news(news: News) -> None:
    """What goes into the store must come out again, and money adds up."""
    if isinstance(news, OrderNews):
        order = news.order
        assert Order.model_validate_json(order.model_dump_json()) == order
        assert len(order.order_id) < 200
        amounts = order.amounts
        assert amounts.paid_fen == amounts.goods_fen + amounts.freight_fen - amounts.discount_fen
        assert amounts.paid_fen == sum(line.amount_fen for line in order.lines) + amounts.freight_fen
        assert 0 <= order.version < _LARGEST
        assert max(amounts.paid_fen, amounts.goods_fen) < _LARGEST
    elif isinstance(news, RefundNews):
        assert Refund.model_validate_json(news.refund.model_dump_json()) == news.refund
        assert max(news.refund.version, news.refund.amount_fen) < _LARGEST
        assert len(news.refund.order_id) < 200
    elif isinstance(news, PaymentNews):
        assert 0 <= news.amount_fen < _LARGEST
        assert news.paid_at.tzinfo is not None
    elif isinstance(news, ShippedNews):
        assert news.parcels
        for parcel in news.parcels:
            assert 0 < len(parcel.number) <= 64
            f"{parcel.number}{parcel.word}".encode()
            assert parcel.at is None or parcel.at.tzinfo is not None
    else:
        assert isinstance(news, CancelNews)


async def check_documents(source: PushSource, documents: Sequence[Document]) -> None:
    """Every document can be kept, and is understood or refused in our own words."""
    for document in documents:
        assert len(document.document_id) < 200
        assert 0 <= document.version < _LARGEST
        assert len(document.order_id or "") < 200
        document.document_id.encode()
        document.body.encode()
        for news in await known(source.interpret(document)) or ():
            check_news(news)


async def check_page(source: PushSource, page: PulledPage | None) -> None:
    """The documents of a page, if one came."""
    await check_documents(source, page.documents if page else ())
