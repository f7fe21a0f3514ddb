"""Logs, traces and metrics of every process. Nothing personal and no secret may pass here."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from settings import TelemetrySettings

_PHONE = re.compile(r"(?<!\d)(1[3-9]\d)\d{4}(\d{4})(?!\d)")
_SECRET = re.compile(r"((?:access_token|sign|secret|token|key)=)[^&\s]+", re.IGNORECASE)


def set_up(settings: TelemetrySettings, process: str) -> None:
    """Structured logs on stderr (stdout belongs to the command's own answer), and traces where a collector is set."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
        structlog.processors.format_exc_info,
        mask,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.log_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(level=settings.log_level, handlers=[handler], force=True)
    # These write whole URLs, query included, or a line per call.
    for noisy in ("httpx", "httpcore", "uvicorn.access", "aiosqlite", "temporalio.workflow"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # A failed try of an activity is no event by itself: it is tried again, and who failed is logged where it failed.
    logging.getLogger("temporalio.activity").setLevel(logging.ERROR)
    if settings.otlp_endpoint:
        _trace_to(settings.otlp_endpoint, process)


def mask(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The last line of defence: phone numbers and secrets in texts become stars."""
    return {key: _mask(value) if isinstance(value, str) else value for key, value in event.items()}


def _mask(text: str) -> str:
    return _SECRET.sub(r"\1***", _PHONE.sub(r"\1****\2", text))


def _add_trace(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"], event["span_id"] = f"{context.trace_id:032x}", f"{context.span_id:016x}"
    return event


def _trace_to(endpoint: str, process: str) -> None:
    provider = TracerProvider(resource=Resource.create({"service.name": f"orderhub-{process}"}))
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
