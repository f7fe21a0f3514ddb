"""What every sandbox partner is."""

from __future__ import annotations

from typing import Protocol

from fastapi import APIRouter

from sandbox.world import Book


class Partner(Protocol):
    """One outside system, played on its own protocol under `/{name}`."""

    name: str

    def router(self) -> APIRouter:
        """Its HTTP API."""
        ...

    def book(self) -> Book:
        """What it was really asked to do, as lists of plain JSON objects."""
        ...
