"""The Temporal client."""

from __future__ import annotations

from temporalio.client import Client
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig

import telemetry
from runtime.codec import data_converter
from runtime.keys import KeyRing, decode_key
from settings import EncryptionSettings, Settings


def key_ring(settings: EncryptionSettings) -> KeyRing:
    """The keys from the settings."""
    keys = {key_id: decode_key(secret.get_secret_value()) for key_id, secret in settings.keys.items()}
    return KeyRing(keys, settings.active)


async def connect(settings: Settings, *, metrics: bool = False) -> Client:
    """Connect to Temporal. Raises RuntimeError when it cannot be reached."""
    runtime = None
    if metrics and settings.telemetry.metrics_address:
        prometheus = PrometheusConfig(bind_address=settings.telemetry.metrics_address)
        runtime = Runtime(telemetry=TelemetryConfig(metrics=prometheus))
    return await Client.connect(
        settings.temporal.address,
        namespace=settings.temporal.namespace,
        data_converter=data_converter(key_ring(settings.encryption)),
        runtime=runtime,
        interceptors=telemetry.interceptors(settings.telemetry),
    )
