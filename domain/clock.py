"""Time: aware everywhere, stored in UTC, shown and read at +08:00 as all partners write it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has one zone and no summer time, so a fixed offset is exact and needs no zone database."""

_PARTNER_FORMAT = "%Y-%m-%d %H:%M:%S"


def utc_now() -> datetime:
    """The wall clock in UTC. Never call it in workflow code (a check in CI forbids it)."""
    return datetime.now(UTC)


def parse_beijing(text: str) -> datetime:
    """Read "2026-02-01 10:00:00", Beijing time without a zone. Raises ValueError."""
    return datetime.strptime(text.strip(), _PARTNER_FORMAT).replace(tzinfo=BEIJING)


def format_beijing(moment: datetime) -> str:
    """Write a moment as "2026-02-01 10:00:00", Beijing time. Raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a naive datetime has no place on a time line")
    return moment.astimezone(BEIJING).strftime(_PARTNER_FORMAT)


def moment_json(moment: datetime | None) -> str | None:
    """A moment as our JSON has it: ISO 8601, Beijing time. None stays None."""
    return moment.astimezone(BEIJING).isoformat() if moment is not None else None


def from_epoch_seconds(seconds: int) -> datetime:
    """A moment from Unix seconds, in UTC."""
    return datetime.fromtimestamp(seconds, UTC)
