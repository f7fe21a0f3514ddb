"""Stock figures to a shop: the body, and what the shop may answer. Pure."""

from __future__ import annotations

import httpx

from connectors.rest.shipments import check_answer
from connectors.transport import compact_json
from domain.listing import StockFigure

STOCK_PATH = "/orderhub/stock"
OPERATION = "tell_stock"

_REFUSALS = {404: "SKU_NOT_FOUND", 422: "INVALID"}


def stock_body(figure: StockFigure) -> bytes:
    """The body of POST /orderhub/stock."""
    return compact_json(
        {
            "sku": figure.sku,
            "item_id": figure.item_id,
            "sku_id": figure.sku_id,
            "quantity": figure.pieces,
            "n": figure.n,
        }
    ).encode()


def check_stock_answer(partner: str, response: httpx.Response) -> None:
    """Return for 200 `{"code": 0}`; raises as for shipments."""
    check_answer(partner, OPERATION, _REFUSALS, response)
