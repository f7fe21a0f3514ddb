"""What orderhub mends by itself 规则自愈, and how each mending ends."""

from __future__ import annotations

from enum import StrEnum


class HealingRule(StrEnum):
    """What is mended."""

    ADDRESS = "address"
    """A region that lacks a level which the rest of the address tells."""
    AMOUNTS = "amounts"
    """A split of money that does not sum to the fen after the lines changed."""
    GIFT = "gift"
    """A gift that was forgotten is sent after."""


class HealingOutcome(StrEnum):
    """How it ended."""

    HEALED = "healed"
    FAILED = "failed"
    """It could not be mended; whatever it stops stays stopped, and a person has it in sight."""
    PERSON = "person"
    """More than one mending is possible: handed to a person, with a proposal."""
