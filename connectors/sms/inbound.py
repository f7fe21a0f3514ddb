"""Delivery receipts (`SmsReport`), pushed by Aliyun to `/hooks/sms/{secret}`."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from connectors.errors import DocumentUnreadable, PushRefused
from connectors.ports import Document, Push, Reply
from connectors.sms.settings import SmsSettings
from domain.clock import parse_beijing
from domain.news import SmsReceipt

# Printable ASCII only: these become keys.
_Key = Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,256}$")]


class _Report(BaseModel):
    """One receipt. The phone number is not among the fields: nothing needs it, so it is not kept."""

    model_config = ConfigDict(hide_input_in_errors=True)

    biz_id: _Key
    out_id: _Key | None = None
    success: bool
    err_code: _Key | None = None
    report_time: str

    @field_validator("out_id", "err_code", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return value or None

    @field_validator("report_time")
    @classmethod
    def _beijing(cls, value: str) -> str:
        parse_beijing(value)
        return value

    @property
    def at(self) -> datetime:
        return parse_beijing(self.report_time)


class SmsReceipts:
    """`PushSource` of delivery receipts.

    Aliyun signs nothing, so the address ends in a secret (an IP allow list belongs in front of it). A receipt changes
    no order's course: it only says whether a notification arrived, so it is not asked back.
    """

    source = "sms"

    def __init__(self, settings: SmsSettings) -> None:
        self._secret = settings.receipt_secret

    def unpack(self, push: Push) -> Sequence[Document]:
        """One document per receipt; an unreadable receipt becomes a document too, and goes to quarantine alone.

        Raises PushRefused, and DocumentUnreadable for a body that is no list.
        """
        expected = self._secret.get_secret_value().encode()
        if not hmac.compare_digest(expected, push.path_secret.encode("utf-8", "replace")):
            raise PushRefused(self.source, "wrong path secret")
        try:
            reports = json.loads(push.body)
            if not isinstance(reports, list):
                raise DocumentUnreadable(self.source, "not a list of receipts")
            return [self._document(report) for report in reports]
        except (ValueError, RecursionError) as error:
            raise DocumentUnreadable(self.source, f"not JSON ({type(error).__name__})") from None

    def accepted(self, push: Push) -> Reply:
        """The vendor's acknowledgement; without it Aliyun retries after 1, 5 and 10 minutes."""
        return Reply(200, "application/json", '{"code":0,"msg":"接收成功"}'.encode())

    def refused(self, push: Push, reason: str) -> Reply:
        """Says no more than a path that does not exist would."""
        return Reply(404, "application/json", b'{"code":1,"msg":"not found"}')

    async def interpret(self, document: Document) -> Sequence[SmsReceipt]:
        """What became of the message; nothing for one that another system sent through the same account."""
        try:
            report = _Report.model_validate_json(document.body)
        except ValidationError as error:
            fields = sorted({".".join(map(str, problem["loc"])) or problem["type"] for problem in error.errors()})
            raise DocumentUnreadable(self.source, f"not a receipt: {', '.join(fields)}") from None
        if report.out_id is None:
            return []
        failure = "" if report.success else (report.err_code or "UNKNOWN")
        return [SmsReceipt(report.out_id, report.success, failure, report.at)]

    def _document(self, raw: Any) -> Document:
        try:
            report = _Report.model_validate(raw)
        except ValidationError:
            kept = {k: v for k, v in raw.items() if k != "phone_number"} if isinstance(raw, dict) else raw
            body = json.dumps(kept)
            digest = hashlib.sha256(body.encode()).hexdigest()
            return Document(self.source, "sms.receipt", f"unreadable:{digest}", 1, body)
        # A later report about the same message is newer news: its time is the version.
        body = json.dumps(report.model_dump())
        return Document(self.source, "sms.receipt", report.biz_id, int(report.at.timestamp()), body)
