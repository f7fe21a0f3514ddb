"""What people want to know of a channel and no code can compute: said once, at the connector's class, as `facts`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Way(StrEnum):
    """How orders come in."""

    PUSH = "push"
    """The channel calls `/hooks/{source}`."""
    PULL = "pull"
    """The channel is asked for changes."""
    REST = "rest"
    """The shop calls our REST API."""
    FILE = "file"
    """Orders come in files."""


class ReceiverKind(StrEnum):
    """The values of `kind` of the two receivers in `domain.order`."""

    CLEAR = "clear"
    CIPHER = "cipher"
    """The platform keeps it encrypted."""


@dataclass(frozen=True)
class Facts:
    """The facts of one connector. Tests compare them with what it does under the contract suite."""

    ways: tuple[Way, ...]
    receivers: tuple[ReceiverKind, ...]
    """Which receivers its orders may have; none for a connector that brings payments and no orders."""
    stock: bool = False
    """Whether it is told how many pieces it may sell (port `StockTaker`)."""


PULLED_CIPHER = Facts((Way.PULL,), (ReceiverKind.CIPHER,), stock=True)
PUSHED_AND_PULLED_CIPHER = Facts((Way.PUSH, Way.PULL), (ReceiverKind.CIPHER,), stock=True)
