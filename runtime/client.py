"""The Temporal client."""

from __future__ import annotations

from temporalio.client import Client
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig

import telemetry
from runtime.call_metrics import SECONDS, SECONDS_BOUNDS
from runtime.codec import data_converter
from runtime.keys import KeyRing, decode_key
from settings import EncryptionSettings, Settings, TelemetrySettings


def key_ring(settings: EncryptionSettings) -> KeyRing:
    """The keys from the settings."""
    keys = {key_id: decode_key(secret.get_secret_value()) for key_id, secret in settings.keys.items()}
    return KeyRing(keys, settings.active)


def metrics_runtime(settings: TelemetrySettings) -> Runtime | None:
    """The SDK's runtime with its metrics, and ours, served to Prometheus; None where no address is set.

    Raises ValueError when the address is none, or is taken.
    """
    if not settings.metrics_address:
        return None
    prometheus = PrometheusConfig(
        bind_address=settings.metrics_address, histogram_bucket_overrides={SECONDS: SECONDS_BOUNDS}
    )
    return Runtime(telemetry=TelemetryConfig(metrics=prometheus))


async def connect(settings: Settings, *, runtime: Runtime | None = None) -> Client:
    """Connect to Temporal. Raises RuntimeError when it cannot be reached."""
    return await Client.connect(
        settings.temporal.address,
        namespace=settings.temporal.namespace,
        data_converter=data_converter(key_ring(settings.encryption)),
        runtime=runtime,
        interceptors=telemetry.interceptors(settings.telemetry),
    )
