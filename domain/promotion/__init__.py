"""The promotion engine 促销穿透引擎: what a basket costs through all layers of promotions, and who bears what."""

from __future__ import annotations

from domain.promotion.engine import price
from domain.promotion.result import Gift, Priced, PricedLine, Share, Skipped, Step, Why
from domain.promotion.terms import Base, Basket, BasketLine, Kind, Layer, Offer, Pick, Promotion

__all__ = [
    "Base",
    "Basket",
    "BasketLine",
    "Gift",
    "Kind",
    "Layer",
    "Offer",
    "Pick",
    "Priced",
    "PricedLine",
    "Promotion",
    "Share",
    "Skipped",
    "Step",
    "Why",
    "price",
]
