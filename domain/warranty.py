"""Warranty terms."""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime

from domain.clock import BEIJING


def add_months(moment: datetime, months: int) -> datetime:
    """The same Beijing day and hour so many months later; the month's last day where there is no such day."""
    local = moment.astimezone(BEIJING)
    month = local.month - 1 + months
    year, month = local.year + month // 12, month % 12 + 1
    day = min(local.day, monthrange(year, month)[1])
    return local.replace(year=year, month=month, day=day)
