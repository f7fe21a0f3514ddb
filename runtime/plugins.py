"""Connectors of third parties: found as installed packages, built where they have settings, and never anybody's trouble
but their own."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from connectors.plugins import GROUP, Brought
from connectors.ports import TokenStore

_log = logging.getLogger("orderhub.plugins")

_PORTS: Mapping[str, tuple[str, ...]] = {
    "channels": ("channel", "source", "unpack", "accepted", "refused", "interpret", "write_back"),
    "couriers": ("provider", "create", "find", "void"),
    "pulls": ("feed", "channel", "longest_window", "overlap", "shops", "pull"),
    "sources": ("source", "unpack", "accepted", "refused", "interpret"),
}
_WAREHOUSE = ("push", "query", "hold", "restore", "cancel", "shelves")


@dataclass(frozen=True)
class Plugin:
    """One that has settings. `trouble` says why nothing came of it; it holds no value of the settings."""

    name: str
    package: str
    brought: Brought = field(default_factory=Brought)
    trouble: str = ""


class Unusable(Exception):
    """A plugin that cannot be used. The message is for the operator."""


def load_plugins(wanted: Mapping[str, Mapping[str, Any]], tokens: TokenStore) -> list[Plugin]:
    """Build every plugin that has settings. One that cannot be built is logged, and told in its `trouble`."""
    installed = list(entry_points(group=GROUP)) if wanted else []
    return [_load(name, given, installed, tokens) for name, given in sorted(wanted.items())]


def plugin_name(entry_name: str) -> str:
    """The name in the settings' variable: lower case, with underscores."""
    return entry_name.lower().replace("-", "_").replace(".", "_")


def told(plugin: Plugin, trouble: str) -> Plugin:
    """The plugin with its trouble, which is logged."""
    _log.error("plugin not used", extra={"plugin": plugin.name, "package": plugin.package, "why": trouble})
    return Plugin(plugin.name, plugin.package, Brought(close=plugin.brought.close), trouble)


def _load(name: str, given: Mapping[str, Any], installed: Sequence[EntryPoint], tokens: TokenStore) -> Plugin:
    found = [entry for entry in installed if plugin_name(entry.name) == name]
    plugin = Plugin(name, ", ".join(sorted(map(_package, found))))
    if not found:
        return told(plugin, f"no installed package has an entry point {name} in {GROUP}")
    if len(found) > 1:
        return told(plugin, "several packages have this name")
    try:
        brought = found[0].load()(dict(given), tokens)
        _check(brought)
    except Unusable as error:
        return told(plugin, str(error))
    except Exception as error:
        # Only its kind: whose words these are nobody knows, and they may quote the settings.
        return told(plugin, f"its factory failed ({type(error).__name__})")
    return Plugin(name, plugin.package, brought)


def _package(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist is not None else entry.value


def _check(brought: object) -> None:
    if not isinstance(brought, Brought):
        raise Unusable(f"its factory gave {type(brought).__name__}, not connectors.plugins.Brought")
    for kind, names in _PORTS.items():
        for one in getattr(brought, kind):
            _has(one, names, kind)
    if brought.warehouse is not None:
        _has(brought.warehouse, _WAREHOUSE, "warehouse")


def _has(one: object, names: Iterable[str], kind: str) -> None:
    # A property is not asked for its value: a list of shops may not be ready yet.
    if missing := [name for name in names if not (hasattr(type(one), name) or name in getattr(one, "__dict__", {}))]:
        raise Unusable(f"{kind}: {type(one).__name__} has no {', '.join(missing)}")


def described(brought: Brought) -> str:
    """What a plugin brings, in one line."""
    parts = [
        *(f"channel {one.channel}" for one in brought.channels),
        *(f"courier {one.provider}" for one in brought.couriers),
        *(["warehouse"] if brought.warehouse is not None else []),
        *(f"feed {one.feed}" for one in brought.pulls),
        *(f"pushes {one.source}" for one in brought.sources),
    ]
    return ", ".join(parts) or "nothing"


def fitting(plugins: Iterable[Plugin], taken: Iterable[str]) -> list[Plugin]:
    """The plugins of which nothing has a name that is taken already, by ours or by another's; the others are told."""
    names = set(taken)
    kept = []
    for plugin in plugins:
        own = places(plugin.brought)
        clashes = sorted((names & set(own)) | {name for name in own if own.count(name) > 1})
        if clashes:
            kept.append(told(plugin, f"there is one already: {', '.join(clashes)}"))
            continue
        names |= set(own)
        kept.append(plugin)
    return kept


def places(brought: Brought) -> list[str]:
    """The names that a plugin's connectors go by, of which there can be one each."""
    return [
        *(f"channel {one.channel}" for one in brought.channels),
        *(f"courier {one.provider}" for one in brought.couriers),
        *(["warehouse of a plugin"] if brought.warehouse is not None else []),
        *(f"feed {one.feed}" for one in brought.pulls),
        *(f"source {one.source}" for one in (*brought.channels, *brought.sources)),
    ]


async def closed(plugins: Iterable[Plugin]) -> None:
    """End the connections of all."""
    for plugin in plugins:
        close: Callable[[], Awaitable[None]] | None = plugin.brought.close
        if close is not None:
            try:
                await close()
            except Exception as error:
                _log.error("plugin not closed", extra={"plugin": plugin.name, "error": type(error).__name__})
