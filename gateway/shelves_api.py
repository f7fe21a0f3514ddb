"""The staff API about stock that differs from the warehouse's own figures."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path
from pydantic import Field

from domain.texts import text
from gateway.deps import Hub, UpdateRefused
from gateway.staff_api import Body, By, ByOperations, Words
from store import counts
from store.counts import DifferenceChanged
from store.stock import StockShort

router = APIRouter(prefix="/api/v1/staff/stock/differences", tags=["staff"])

Code = Annotated[str, Path(pattern=r"^[^\x00-\x20/]+$")]


class Adoption(Body):
    """Which difference is adopted (pieces, signed, as it was shown), and why."""

    difference: int = Field(description="as it was shown; another one by now is refused")
    why: Words


@router.get("")
async def differences(hub: Hub, by: By) -> dict[str, Any]:
    """The articles whose figures do not agree, with both figures, and what the warehouse told of them."""
    async with hub.db.reading() as tx:
        rows = await counts.compared(tx, differing=True)
        told = {(row.warehouse, row.sku): await counts.recent_changes(tx, row.warehouse, row.sku) for row in rows}
    return {
        "differences": [
            row.model_dump(mode="json")
            | {
                "changes": [
                    change.model_dump(mode="json", include={"code", "quality", "quantity", "order_type", "kept_at"})
                    for change in told[row.warehouse, row.sku]
                ]
            }
            for row in rows
        ]
    }


@router.post("/{warehouse}/{sku}/adopt")
async def adopt(warehouse: Code, sku: Code, wish: Adoption, hub: Hub, by: ByOperations) -> dict[str, Any]:
    """Book the warehouse's figure as counted; the ledger has who and why."""
    try:
        async with hub.db.transaction() as tx:
            row = await counts.adopt(tx, warehouse, sku, wish.difference, by, wish.why)
    except LookupError:
        raise HTTPException(404, text("stock.never_compared", warehouse=warehouse, sku=sku)) from None
    except DifferenceChanged as error:
        words = text("stock.difference_changed", warehouse=warehouse, sku=sku, now=error.now)
        raise UpdateRefused(words) from None
    except StockShort as error:
        words = text("stock.held_by_orders", warehouse=warehouse, sku=sku, missing=error.short[sku])
        raise UpdateRefused(words) from None
    words = text("stock.adopted", warehouse=warehouse, sku=sku, difference=f"{wish.difference:+d}", on_hand=row.on_hand)
    return {"result": "done", "text": words, "on_hand": row.on_hand}
