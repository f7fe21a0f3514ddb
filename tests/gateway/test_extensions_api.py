"""Handing in fields of the merchant's own, and files."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from domain.extensions import FieldRule, FieldType, Scope, use_fields
from domain.holds import HoldReason
from domain.review import Flag
from domain.review.fields import NO_FILE
from gateway.app import create_app
from gateway.deps import Gateway
from rules.fields import definitions
from store import flags
from store.database import Database
from tests.connectors.rest.conftest import order_json
from tests.gateway.house import client_of, rest_push, send
from tests.store.samples import index_row, taken

FIELDS = "/api/v1/staff/orders/own:main:SO1/fields"
PDF = {"content-type": "application/pdf"}


@pytest.fixture
async def staff(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(create_app(gateway), headers={"authorization": "Bearer token-of-wei"}) as http:
        yield http


@pytest.fixture
def defined() -> Iterator[None]:
    use_fields(definitions)
    yield
    use_fields(None)


async def test_fields_are_kept_and_an_order_that_waits_is_reviewed_again(
    staff: httpx.AsyncClient, database: Database
) -> None:
    order_id = await taken(database)
    await _lacks(database, order_id, Flag("fields.missing", HoldReason.FIELDS_MISSING, "", "line/1/serial_no/missing"))
    wish = {"customer": {"cost_centre": "K-1"}, "lines": {"1": {"serial_no": "SN-1", "firmware": "1.0"}}}
    answer = await staff.post(FIELDS, json=wish)
    assert (answer.status_code, answer.json()) == (200, {"result": "kept", "fields": 3})
    async with database.reading() as tx:
        assert (await index_row(tx, order_id)).revision == 2
    assert (await staff.post(FIELDS, json=wish)).json()["result"] == "unchanged"
    async with database.reading() as tx:
        assert (await index_row(tx, order_id)).revision == 2
    view = (await staff.get("/api/v1/staff/orders/own:main:SO1")).json()
    assert [(one["scope"], one["line_no"], one["key"], one["value"], one["passed_to"]) for one in view["fields"]] == [
        ("line", "1", "firmware", "1.0", ["warehouse"]),
        ("line", "1", "serial_no", "SN-1", ["warehouse"]),
        ("customer", "", "cost_centre", "K-1", ["finance"]),
    ]
    assert "fields.supplied" in [event["what"] for event in view["events"]]


async def _lacks(database: Database, order_id: str, *found: Flag) -> None:
    """A review found something; its hold is opened a moment later."""
    async with database.transaction() as tx:
        await flags.keep(tx, await index_row(tx, order_id), 1, found)


async def test_an_order_that_waits_for_a_file_is_reviewed_again_when_it_is_handed_in(
    staff: httpx.AsyncClient, database: Database
) -> None:
    wanted = (b"%PDF-1.4 made up", b"%PDF-1.4 another")
    order_id = await taken(database)
    digests = [hashlib.sha256(content).hexdigest() for content in wanted]
    await _lacks(database, order_id, *(Flag(NO_FILE, HoldReason.FIELDS_MISSING, "", digest) for digest in digests))
    for revision, content in enumerate((b"%PDF-1.4 of no order", *wanted), start=1):
        answer = await staff.post("/api/v1/staff/files", content=content, headers=PDF)
        assert answer.status_code == 200
        async with database.reading() as tx:
            assert (await index_row(tx, order_id)).revision == revision


async def test_what_cannot_be_is_refused_whole(staff: httpx.AsyncClient, database: Database) -> None:
    await taken(database)
    refused = await staff.post(FIELDS, json={"order": {"colour": "red"}, "lines": {"1": {"serial_no": "SN-1,SN-2"}}})
    assert refused.status_code == 422
    said = "\n".join(refused.json()["detail"]["problems"])
    assert "ext.colour" in said
    assert "extension_fields/serials" in said
    strange = await staff.post(FIELDS, json={"lines": {"7": {"serial_no": "SN-1"}}})
    assert strange.status_code == 422
    never = await staff.post(FIELDS, json={"order": {"overseas_certificate": "a" * 64}})
    assert never.status_code == 422
    assert (await staff.get("/api/v1/staff/orders/own:main:SO1")).json()["fields"] == []
    assert (await staff.post(FIELDS.replace("SO1", "SO9"), json={})).status_code == 404


async def test_a_file_is_kept_once_and_named_by_its_digest(staff: httpx.AsyncClient, database: Database) -> None:
    await taken(database)
    content = b"%PDF-1.4 made up"
    kept = (await staff.post("/api/v1/staff/files?name=cert.pdf", content=content, headers=PDF)).json()
    assert kept == {"file_id": hashlib.sha256(content).hexdigest(), "size": len(content)}
    assert (await staff.post("/api/v1/staff/files?name=again", content=content, headers=PDF)).json() == kept
    answer = await staff.post(FIELDS, json={"order": {"overseas_certificate": kept["file_id"]}})
    assert answer.json()["result"] == "kept"
    shown = await staff.get(f"/api/v1/staff/files/{kept['file_id']}")
    assert (shown.content, shown.headers["content-disposition"]) == (content, "attachment")
    assert (await staff.get("/api/v1/staff/files/none")).status_code == 404
    page = {"content-type": "text/html"}
    assert (await staff.post("/api/v1/staff/files", content=b"<script>", headers=page)).status_code == 415
    assert (await staff.post("/api/v1/staff/files", content=b"", headers=PDF)).status_code == 413


async def test_a_shop_hands_in_a_file_and_names_it_in_its_order(
    client: httpx.AsyncClient, database: Database, defined: None
) -> None:
    push = rest_push("made up", "/api/v1/files")
    assert (await send(client, push)).status_code == 415  # JSON is no certificate
    order = order_json(ext={"overseas_certificate": "no file"})
    [result] = (await send(client, rest_push(order))).json()["results"]
    assert (result["result"], result["error"]["field"]) == ("invalid", "ext.overseas_certificate")
    assert "extension_fields/certificate" in result["error"]["message"]
    [result] = (await send(client, rest_push(order_json(ext={"overseas_certificate": "a" * 64})))).json()["results"]
    assert result["result"] == "accepted", "the review asks for the file"


async def test_an_order_that_is_sent_again_after_the_rules_changed_is_the_one_that_was_taken(
    client: httpx.AsyncClient,
) -> None:
    async def said(**changes: object) -> str:
        [result] = (await send(client, rest_push(order_json(ext={"colour": "RED"}, **changes)))).json()["results"]
        return str(result["result"])

    rule = FieldRule("colour", Scope.ORDER, "colour", FieldType.TEXT, "颜色", "colour", pattern="[a-z]+")
    assert await said() == "accepted"
    use_fields(lambda: [rule])
    try:
        assert await said() == "duplicate"
        assert await said(buyer_note="快点") == "conflict"
        assert await said(version=2) == "invalid"
        assert await said(order_no="SO9") == "invalid"
    finally:
        use_fields(None)
