"""What a third party's package brings, and how it is asked for it.

A package names a factory under the entry point group `orderhub.connectors`; the entry point's name is the plugin's.
The factory is called once in each process that talks to partners, inside its event loop, and only where the plugin has
settings. docs/connectors.md walks through one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.ports import Courier, PullSource, PushSource, SalesChannel, TokenStore, Warehouse

GROUP = "orderhub.connectors"
"""The entry point group."""


@dataclass(frozen=True)
class Brought:
    """The connectors of one package.

    A channel implements one of the nine channels that there are; a courier stands for one of the providers that there
    are, `Provider.OTHER` among them, which is nobody's until a package takes it. A warehouse takes Qimen's place.
    """

    channels: Sequence[SalesChannel] = ()
    """Sources of pushes as well, each under its `source`."""
    couriers: Sequence[Courier] = ()
    warehouse: Warehouse | None = None
    pulls: Sequence[PullSource] = ()
    """Lists of changes, under the names of their feeds; a channel that is one itself is named here too."""
    sources: Sequence[PushSource] = ()
    """Who pushes without being a channel: a warehouse's reports, a courier's routes."""
    close: Callable[[], Awaitable[None]] | None = None
    """Ends all connections."""


Factory = Callable[[Mapping[str, Any], TokenStore], Brought]
"""Given the plugin's own settings (what ORDERHUB_PLUGINS__<NAME> holds) and the place where tokens live."""
