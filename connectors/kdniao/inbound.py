"""Takes Kuaidiniao's pushes apart: a signed form holding the whole journey of one or more waybills."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qsl, unquote, unquote_plus

import structlog

from connectors.errors import DocumentUnreadable, PushRefused
from connectors.kdniao.carriers import carrier_of
from connectors.kdniao.settings import KdniaoSettings
from connectors.kdniao.signing import data_sign
from connectors.kdniao.traces import read_object, read_report, word
from connectors.ports import Document, Push, Reply
from connectors.transport import compact_json
from domain.clock import format_beijing
from domain.news import News, TrackNews

_log = structlog.get_logger(__name__)

_TRACKING = frozenset({"101", "102"})  # pushes of 1008 and of 8008 subscriptions
_NUMBER = re.compile(r"[A-Za-z0-9_-]{1,60}")
# What a report is read from. The rest (push time, delivery estimate, echoes) may change without any news.
_FIELDS = ("ShipperCode", "LogisticCode", "State", "StateEx", "DeliveryManTel", "SenderInfo", "Traces")


class KdniaoPush:
    """Port `PushSource`. A push holds full lists, so a re-delivery has the same digest, and any news another one."""

    source = "kdniao"

    def __init__(self, settings: KdniaoSettings) -> None:
        self._settings = settings

    def unpack(self, push: Push) -> Sequence[Document]:
        """One document for each waybill. Types other than tracking (103, 107 and whatever comes) give none."""
        form = self._form(push)
        request_data = self._genuine(form)
        if form.get("RequestType") not in _TRACKING:
            _log.info("kdniao.push_ignored", request_type=form.get("RequestType", "")[:10])
            return ()
        try:
            entries = read_object(request_data).get("Data")
        except ValueError as error:
            raise DocumentUnreadable(self.source, f"RequestData: {type(error).__name__}") from error
        if not isinstance(entries, list):
            raise DocumentUnreadable(self.source, "Data is no list")
        documents = [_document(entry) for entry in entries]
        return list({document.document_id: document for document in documents}.values())

    def accepted(self, push: Push) -> Reply:
        """Success true: anything else is pushed again."""
        return self._reply(push, "")

    def refused(self, push: Push, reason: str) -> Reply:
        """Success false; only a caller that knows our key reads why."""
        try:
            self._genuine(self._form(push))
        except PushRefused:
            reason = "illegal request"
        return self._reply(push, reason or "refused")

    async def interpret(self, document: Document) -> Sequence[News]:
        """The journey of one waybill; nothing while there is no trace. DataSign has proved it: nobody is asked back."""
        try:
            entry = read_object(document.body)
            number = word(entry, "LogisticCode")
            if not number:
                raise ValueError("no LogisticCode")
            report = read_report(entry, carrier_of(word(entry, "ShipperCode")), number)
        except ValueError as error:
            raise DocumentUnreadable(self.source, f"waybill: {type(error).__name__}") from error
        return (TrackNews(report),) if report.nodes else ()

    def _form(self, push: Push) -> dict[str, str]:
        try:
            return dict(parse_qsl(push.body.decode("utf-8"), keep_blank_values=True, errors="strict"))
        except ValueError as error:
            raise PushRefused(self.source, "not a form") from error

    def _genuine(self, form: dict[str, str]) -> str:
        """The RequestData text that DataSign is true of."""
        key = self._settings.app_key.get_secret_value()
        signature = unquote(form.get("DataSign", "")).encode("utf-8", "replace")
        for candidate in _decodings(form.get("RequestData", "")):
            if hmac.compare_digest(data_sign(candidate, key).encode("ascii"), signature):
                return candidate
        raise PushRefused(self.source, "DataSign is wrong")

    def _reply(self, push: Push, reason: str) -> Reply:
        body = {
            "EBusinessID": self._settings.business_id,
            "UpdateTime": format_beijing(push.received_at),
            "Success": not reason,
            "Reason": reason,
        }
        return Reply(200, "application/json; charset=utf-8", compact_json(body).encode("utf-8"))


def _decodings(request_data: str) -> Iterator[str]:
    """The text as it came out of the form; then with one more URL-decoding, for some pushes are encoded twice."""
    yield request_data
    yield unquote(request_data)
    yield unquote_plus(request_data)


def _document(entry: Any) -> Document:
    """Never fails on an entry that is odd: its document is found unreadable alone, and the others go their way."""
    kept = {key: entry[key] for key in _FIELDS if key in entry} if isinstance(entry, dict) else entry
    body = json.dumps(kept, sort_keys=True, separators=(",", ":"))
    number = kept.get("LogisticCode") if isinstance(kept, dict) else None
    name = number if isinstance(number, str) and _NUMBER.fullmatch(number) else "unnumbered"
    digest = hashlib.sha256(body.encode("ascii")).hexdigest()[:32]
    return Document("kdniao", "tracking", f"{name}:{digest}", 0, body)
