"""The staff API of promotions: what a basket costs, step by step."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException
from fastapi.responses import JSONResponse

from gateway.deps import Hub
from gateway.staff_api import By
from rules.baskets import BadBasket, BasketFacts, price_basket
from rules.engine import trying

router = APIRouter(prefix="/api/v1/staff/promotions", tags=["staff"])


@router.post("/try", response_model=None)
async def tried(basket: BasketFacts, hub: Hub, by: By) -> dict[str, Any] | JSONResponse:
    """Price a basket by what is published. It changes nothing."""
    if hub.rules is None:
        raise HTTPException(404)
    with trying(book=await hub.rules.published()):
        try:
            return price_basket(basket)
        except BadBasket as bad:
            return JSONResponse({"text": str(bad)}, 409)
