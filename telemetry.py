"""Logs, traces and metrics of every process. Nothing personal and no secret may pass here."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import httpx
import structlog
from fastapi import FastAPI
from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor, RequestInfo
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from opentelemetry.propagators.textmap import (
    CarrierT,
    Getter,
    Setter,
    TextMapPropagator,
    default_getter,
    default_setter,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span
from starlette.types import Scope
from temporalio.contrib.opentelemetry import TracingInterceptor

from settings import TelemetrySettings

_PHONE = re.compile(r"(?<!\d)((?:86)?1[3-9]\d)\d{4}(\d{4})(?!\d)")
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
    return {key: _mask(value) for key, value in event.items()}


def _mask(value: Any) -> Any:
    match value:
        case str():
            return _SECRET.sub(r"\1***", _PHONE.sub(r"\1****\2", value))
        case dict():
            return {key: _mask(part) for key, part in value.items()}
        case list() | tuple():
            return [_mask(part) for part in value]
        case BaseException():
            return _mask(f"{type(value).__name__}: {value}")
        case _:
            return value


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
    # Partners must not be handed our trace headers.
    propagate.set_global_textmap(_NoPropagation())
    HTTPXClientInstrumentor().instrument(async_request_hook=_without_query)
    SQLAlchemyInstrumentor().instrument()


def trace_app(app: FastAPI, settings: TelemetrySettings) -> None:
    """Trace an application's requests by route. Paths may hold a secret or a code, so they are not recorded."""
    if settings.otlp_endpoint:
        FastAPIInstrumentor.instrument_app(
            app, excluded_urls="healthz", exclude_spans=["receive", "send"], server_request_hook=_by_route
        )


def interceptors(settings: TelemetrySettings) -> list[TracingInterceptor]:
    """What links starts, workflows and activities in one trace, for the Temporal client."""
    return [TracingInterceptor()] if settings.otlp_endpoint else []


class _NoPropagation(TextMapPropagator):
    """Neither takes trace headers from partners nor gives them any."""

    def extract(
        self, carrier: CarrierT, context: Context | None = None, getter: Getter[CarrierT] = default_getter
    ) -> Context:
        return context if context is not None else Context()

    def inject(
        self, carrier: CarrierT, context: Context | None = None, setter: Setter[CarrierT] = default_setter
    ) -> None:
        return None

    @property
    def fields(self) -> set[str]:
        return set()


async def _without_query(span: Span, request: RequestInfo) -> None:
    # Platforms take access tokens and signatures in the query.
    url = str(request.url).partition("?")[0] if isinstance(request.url, httpx.URL) else ""
    for attribute in ("http.url", "url.full"):
        span.set_attribute(attribute, url)


def _by_route(span: Span | None, scope: Scope) -> None:
    if span is not None:
        for attribute in ("http.target", "url.path", "http.url", "url.full", "url.query"):
            span.set_attribute(attribute, "")
