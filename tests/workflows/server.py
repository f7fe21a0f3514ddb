"""A Temporal server for tests: in memory, with orderhub's search attributes, and with time that can be skipped."""

from __future__ import annotations

import asyncio

from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from embedded.processes import temporal_binary
from runtime.codec import data_converter
from runtime.setup import ensure_search_attributes


class LocalServer:
    """A server of this process alone."""

    _environment: WorkflowEnvironment

    async def start(self) -> None:
        """Start it, and make what orders need."""
        self._environment = await WorkflowEnvironment.start_local(
            dev_server_existing_path=temporal_binary(),
            dev_server_log_level="error",
            dev_server_extra_args=["--dynamic-config-value", "frontend.WorkflowTimeSkippingEnabled=true"],
        )
        await ensure_search_attributes(self._environment.client, lambda _: None)

    @property
    def address(self) -> str:
        """Where it listens."""
        return self._environment.client.service_client.config.target_host

    async def stop(self) -> None:
        """End it."""
        await self._environment.shutdown()
        # A process with a Temporal client can abort at exit without this (temporalio/sdk-python issue 300).
        await asyncio.sleep(0.3)


async def connect(address: str) -> Client:
    """A client without encryption, so that a failing test's history can be read, and that names no machine."""
    return await Client.connect(address, data_converter=data_converter(None), identity="tests")
