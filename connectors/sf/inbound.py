"""SF's route pushes (RoutePushService), in both shapes that its console offers: JSON, and XML in a form.

The push carries no signature: an unguessable path keeps strangers out, and nothing in it is believed where it would
change an order's course; then SF is asked for the true routes.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

from pydantic import BaseModel, ConfigDict, ValidationError

from connectors.errors import DocumentUnreadable, PushRefused
from connectors.ports import Document, Push, Reply
from connectors.sf.client import SfCourier
from connectors.sf.routes import Route, report
from connectors.sf.settings import SfSettings
from connectors.transport import compact_json
from connectors.xml import parse_untrusted_xml
from domain.news import TrackNews
from domain.shipping import COURSE_CHANGING

_KIND = "routes"
_FIELDS = ("acceptTime", "acceptAddress", "remark", "opCode")
_NUMBER = re.compile(r"[A-Za-z0-9-]{6,40}")

_JSON_TAKEN = '{"return_code":"0000","return_msg":"成功"}'
_JSON_FAILED = '{"return_code":"1000","return_msg":"失败"}'
_XML_TAKEN = '<Response service="RoutePushService"><Head>OK</Head></Response>'
_XML_FAILED = '<Response service="RoutePushService"><Head>ERR</Head><ERROR code="4001">系统异常</ERROR></Response>'


class _Body(BaseModel):
    WaybillRoute: list[dict[str, Any]] | dict[str, Any]


class _Push(BaseModel):
    Body: _Body


class _Kept(BaseModel):
    """A document's body: one waybill's nodes."""

    model_config = ConfigDict(hide_input_in_errors=True)

    number: str
    routes: list[Route]


class SfRoutePush:
    """The PushSource of SF's route pushes. `courier` is asked back about pushed nodes that would change an order."""

    source = "sf"

    def __init__(self, settings: SfSettings, courier: SfCourier) -> None:
        self._secret = settings.push_secret.get_secret_value().encode()
        self._courier = courier

    def unpack(self, push: Push) -> Sequence[Document]:
        """One document per waybill number. A push repeated by SF gives the same documents, in whatever order its nodes
        come. Nodes without a usable number become a document of their own, which interpret sends to quarantine."""
        if not hmac.compare_digest(push.path_secret.encode(errors="replace"), self._secret):
            raise PushRefused("sf", "path secret does not match")
        nodes = _form_nodes(push.body) if _is_form(push) else _json_nodes(push.body)
        by_number: dict[str, list[Mapping[str, object]]] = {}
        for node in nodes:
            number = str(node.get("mailno") or "")
            by_number.setdefault(number if _NUMBER.fullmatch(number) else "", []).append(node)
        return [_document(number, theirs) for number, theirs in by_number.items()]

    def accepted(self, push: Push) -> Reply:
        """SF's success, in the shape of the push."""
        return _reply(push, _JSON_TAKEN, _XML_TAKEN)

    def refused(self, push: Push, reason: str) -> Reply:
        """SF's failure, in the shape of the push: the whole batch comes again. The reason stays with us."""
        return _reply(push, _JSON_FAILED, _XML_FAILED)

    async def interpret(self, document: Document) -> Sequence[TrackNews]:
        """The pushed nodes, or all true routes by asking SF where a pushed node would change the order's course."""
        try:
            kept = _Kept.model_validate_json(document.body)
            pushed = report(kept.number, kept.routes)
        except ValueError as error:
            raise DocumentUnreadable("sf", f"routes cannot be read ({type(error).__name__})") from error
        if not kept.number:
            raise DocumentUnreadable("sf", "routes without a usable waybill number")
        if any(node.code in COURSE_CHANGING for node in pushed.nodes):
            return [TrackNews(await self._courier.routes(kept.number))]
        return [TrackNews(pushed)]


def _is_form(push: Push) -> bool:
    return push.headers.get("content-type", "").strip().lower().startswith("application/x-www-form-urlencoded")


def _json_nodes(body: bytes) -> list[dict[str, Any]]:
    try:
        routes = _Push.model_validate_json(body).Body.WaybillRoute
    except ValidationError as error:
        # The original would quote the document.
        raise DocumentUnreadable("sf", f"not a route push ({error.error_count()} faults)") from None
    return routes if isinstance(routes, list) else [routes]


def _form_nodes(body: bytes) -> list[dict[str, str]]:
    try:
        fields = parse_qs(body.decode(), errors="strict", max_num_fields=20)
    except ValueError as error:
        raise DocumentUnreadable("sf", f"form cannot be read ({type(error).__name__})") from None
    content = fields.get("content", [""])[0]
    root = parse_untrusted_xml(content.encode(), "sf")
    return [{str(name): str(value) for name, value in node.attrib.items()} for node in root.iter("WaybillRoute")]


def _document(number: str, nodes: Iterable[Mapping[str, object]]) -> Document:
    # What a node says, without the id that SF gives to each sending of it, sorted, each once.
    unique = {compact_json(kept): kept for kept in ({name: node.get(name) for name in _FIELDS} for node in nodes)}
    body = compact_json({"number": number, "routes": [unique[text] for text in sorted(unique)]})
    digest = hashlib.sha256(body.encode()).hexdigest()[:24]
    return Document("sf", _KIND, f"{number or 'unnumbered'}:{digest}", 0, body)


def _reply(push: Push, as_json: str, as_xml: str) -> Reply:
    if _is_form(push):
        return Reply(200, "text/xml;charset=UTF-8", as_xml.encode())
    return Reply(200, "application/json;charset=UTF-8", as_json.encode())
