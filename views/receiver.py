"""A receiver as staff may see them."""

from __future__ import annotations

from domain.masks import masked
from domain.order import Receiver


def receiver_view(receiver: Receiver) -> dict[str, str]:
    """A receiver masked, and where they are as far as the city: more would be half an address."""
    shown = masked(receiver)
    area = receiver.region.model_copy(update={"district": "", "town": ""}).text()
    return {"name": shown.name, "phone": shown.phone, "region": area}
