"""Takes the warehouse's calls apart: signed XML, one document each."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from lxml import etree

from connectors.errors import DocumentUnreadable, PushRefused
from connectors.ports import Document, Push, Reply
from connectors.qimen.elements import render, text
from connectors.qimen.inventory import COUNT, STOCK_CHANGE, read_changes
from connectors.qimen.reports import check_quantities, read_delivery, read_process
from connectors.qimen.settings import QimenSettings
from connectors.qimen.signing import sign
from connectors.xml import parse_untrusted_xml
from domain.news import News, StockChangeNews, WarehouseNews
from domain.shipping import WarehouseReport

_CONFIRM = "deliveryorder.confirm"
_PROCESS = "orderprocess.report"
_FIGURES = (STOCK_CHANGE, COUNT)


class QimenPush:
    """Port `PushSource`: deliveryorder.confirm, orderprocess.report, stockchange.report and inventory.report. Any other
    method is answered with a failure."""

    source = "qimen"

    def __init__(self, settings: QimenSettings) -> None:
        self._settings = settings

    def unpack(self, push: Push) -> Sequence[Document]:
        """One document, named by the warehouse's `outBizCode` where there is one.

        Its body is the XML as text, so that no declared encoding can mislead a later reader.
        """
        self._verify(push)
        method = _method(push)
        if method not in (_CONFIRM, _PROCESS, *_FIGURES):
            raise PushRefused(self.source, f"unsupported method {method[:60]!r}")
        root = parse_untrusted_xml(push.body, self.source)
        if root.tag != "request":
            raise DocumentUnreadable(self.source, "root is not request")
        body = etree.tostring(root, encoding="unicode")
        return [Document(self.source, method, _document_id(method, root, body), 0, body)]

    def accepted(self, push: Push) -> Reply:
        """flag success: anything else is sent again."""
        return _reply("success", "0", "ok")

    def refused(self, push: Push, reason: str) -> Reply:
        """flag failure, with HTTP 200 as always; only a caller that knows our secret reads why."""
        try:
            self._verify(push)
        except PushRefused:
            return _reply("failure", "sign-check-failure", "Illegal request")
        return _reply("failure", "not-accepted", reason)

    async def interpret(self, document: Document) -> Sequence[News]:
        """The warehouse's report. The signature has proved it, so nobody is asked back."""
        root = parse_untrusted_xml(document.body.encode("utf-8"), self.source)
        try:
            if document.kind in _FIGURES:
                changes = read_changes(document.kind, root)
                return (StockChangeNews(changes),) if changes else ()
            report = _confirmed(root) if document.kind == _CONFIRM else read_process(root)
        except ValueError as error:
            raise DocumentUnreadable(self.source, str(error)) from error
        return (WarehouseNews(report),) if report else ()

    def _verify(self, push: Push) -> None:
        if push.query.get("sign_method") != "md5":
            raise PushRefused(self.source, "sign_method is not md5")
        expected = sign(push.query, push.body, self._settings.app_secret.get_secret_value())
        claimed = push.query.get("sign", "").upper().encode("utf-8", "replace")
        if not hmac.compare_digest(expected.encode("ascii"), claimed):
            raise PushRefused(self.source, "sign is wrong")


def _method(push: Push) -> str:
    """The method without its prefix, which older gateways strip."""
    return push.query.get("method", "").removeprefix("taobao.").removeprefix("qimen.")


def _confirmed(root: etree._Element) -> WarehouseReport:
    delivery_code = text(root, "deliveryOrder/deliveryOrderCode")
    if not delivery_code:
        raise ValueError("no deliveryOrderCode")
    report = read_delivery(root, delivery_code)
    check_quantities(root, report)
    return report


def _document_id(method: str, root: etree._Element, body: str) -> str:
    if method in _FIGURES:
        # Each of its changes has a code of its own, under which it is kept once: the same change may come in another
        # report, beside others.
        return f"{method}:{hashlib.sha256(body.encode('utf-8')).hexdigest()[:32]}"
    out_biz_code = text(root, "deliveryOrder/outBizCode")
    if out_biz_code:
        return out_biz_code
    order_code = text(root, "deliveryOrder/deliveryOrderCode") or text(root, "order/orderCode")
    status = text(root, "deliveryOrder/status") or text(root, "process/processStatus")
    time = text(root, "deliveryOrder/operateTime") or text(root, "process/operateTime")
    # Without a time, two partial confirms would look the same: then only the whole text tells them apart.
    digest = hashlib.sha256(f"{status}/{time}".encode() if time else body.encode("utf-8")).hexdigest()[:32]
    return f"{method}:{order_code}:{digest}"


def _reply(flag: str, code: str, message: str) -> Reply:
    body = render("response", {"flag": flag, "code": code, "message": message})
    return Reply(200, "text/xml; charset=utf-8", body)
