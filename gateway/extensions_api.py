"""Fields of the merchant's own: what there is, handing values in after an order came, and files that fields name."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import Field, StringConstraints

from connectors.errors import DocumentUnreadable, PushRefused
from connectors.transport import compact_json
from domain.extensions import (
    KEY,
    LONGEST,
    MOST,
    FieldRule,
    FieldType,
    Place,
    Scope,
    Value,
    parts,
    rule_of,
    with_supplied,
    wrong_values,
)
from domain.order import Order
from domain.texts import text
from gateway.deps import Hub
from gateway.pushes import push_of, response_of
from gateway.rest_door import rest_door
from gateway.staff_api import Body, By, ByService, OrderId
from rules.fields import definitions
from store import extensions
from store.steps import UnknownOrder, load_order

router = APIRouter(tags=["fields"])

MOST_BYTES = 4 * 2**20
"""No file of a field may be larger."""
_MEDIA = frozenset({"application/pdf", "image/png", "image/jpeg"})

Key = Annotated[str, StringConstraints(pattern=f"^{KEY}$")]
Written = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST, pattern=r"^[^\x00]*$")
]
Fields = dict[Key, Written]


class Supply(Body):
    """Values by their keys; `lines` by the lines' numbers."""

    order: Fields = Field(default_factory=dict, max_length=MOST)
    customer: Fields = Field(default_factory=dict, max_length=MOST)
    lines: dict[str, Fields] = Field(default_factory=dict, max_length=1000)

    def values(self) -> list[Value]:
        """All of them."""
        found = [Value(Place(Scope.ORDER), key, value) for key, value in self.order.items()]
        found += [Value(Place(Scope.CUSTOMER), key, value) for key, value in self.customer.items()]
        return found + [
            Value(Place(Scope.LINE, line_no), key, value)
            for line_no, fields in self.lines.items()
            for key, value in fields.items()
        ]


@router.get("/api/v1/staff/fields")
async def listed(by: By) -> dict[str, Any]:
    """The fields in force, row by row."""
    return {"fields": [_shown(rule) for rule in definitions()]}


@router.post("/api/v1/staff/orders/{order_id}/fields")
async def supply(order_id: OrderId, wish: Supply, hub: Hub, by: ByService) -> dict[str, Any]:
    """Hand fields in. 422 with every value that cannot be, and nothing is kept then. An order that waits for them, or
    whose warehouse must be told, is reviewed again by itself."""
    values = wish.values()
    async with hub.db.transaction() as tx:
        try:
            row = await load_order(tx, order_id)
        except UnknownOrder:
            raise HTTPException(404, text("staff.no_such_order")) from None
        order = await extensions.order_of(tx, order_id)
        if order is None:
            raise HTTPException(404, text("staff.no_such_order"))
        problems = await _problems(hub, order, values)
        if problems:
            raise HTTPException(422, {"problems": problems})
        changed = await extensions.supply(tx, row, values, by, definitions())
    return {"result": "kept" if changed else "unchanged", "fields": len(values)}


@router.post("/api/v1/staff/files")
async def keep_file(request: Request, hub: Hub, by: ByService, name: str = "") -> dict[str, Any]:
    """Keep a file, the raw body; its id is what a field of the type `file` says."""
    return await _keep(hub, request.headers.get("content-type", ""), name, await request.body(), by)


@router.get("/api/v1/staff/files/{file_id}")
async def show_file(file_id: str, hub: Hub, by: By) -> Response:
    """A kept file, as a download."""
    async with hub.db.reading() as tx:
        found = await extensions.file(tx, file_id)
    if found is None:
        raise HTTPException(404, text("files.no_such_file"))
    # Whatever it claims to be, a browser must not run it in our name.
    safe = {"content-disposition": "attachment", "x-content-type-options": "nosniff"}
    return Response(found.content, media_type=found.media_type, headers=safe)


@router.post("/api/v1/files")
async def take_file(request: Request, hub: Hub) -> Response:
    """The same for shops, signed like everything else of theirs."""
    door = rest_door(hub)
    push = await push_of(request)
    try:
        caller = door.caller(push)
    except (PushRefused, DocumentUnreadable) as error:
        return response_of(door.refused(error))
    media = push.headers.get("content-type", "")
    kept = await _keep(hub, media, push.query.get("name", ""), push.body, f"{caller.channel}:{caller.shop}")
    return Response(compact_json(kept), 200, media_type="application/json")


async def _keep(hub: Hub, media_type: str, name: str, content: bytes, by: str) -> dict[str, Any]:
    media = media_type.partition(";")[0].strip().lower()
    if media not in _MEDIA:
        raise HTTPException(415, text("files.media", kinds=", ".join(sorted(_MEDIA))))
    if not content or len(content) > MOST_BYTES:
        raise HTTPException(413, text("files.size", most=MOST_BYTES // 2**20))
    shown = "".join(letter for letter in name if letter.isprintable())[:120]
    async with hub.db.transaction() as tx:
        file_id = await extensions.keep_file(tx, shown, media, content, by)
    await extensions.wake_for(hub.db, [file_id])
    return {"file_id": file_id, "size": len(content)}


async def _problems(hub: Hub, order: Order, values: list[Value]) -> list[str]:
    """What of the values cannot be, in words."""
    rules = definitions()
    lines = {line.line_no for line in order.lines}
    strange = sorted({value.place.line_no for value in values if value.place.line_no not in {"", *lines}})
    if strange:
        return [text("ext.no_line", line=line_no[:40]) for line_no in strange]
    after = with_supplied(order, {(value.place, value.key): value.value for value in values})
    given = {(value.place, value.key) for value in values}
    wrong = [one for one in wrong_values(after, rules, unknown=True) if (one.place, one.key) in given]
    if wrong:
        return [one.sentence for one in wrong]
    files = set()
    for value in values:
        rule = rule_of(rules, value.place.scope, value.key)
        if rule is not None and rule.type is FieldType.FILE:
            files |= set(parts(rule, value.value))
    async with hub.db.reading() as tx:
        return [text("flag.fields.no_file", file=one[:12]) for one in await extensions.files_lacking(tx, files)]


def _shown(rule: FieldRule) -> dict[str, Any]:
    return {
        "row": rule.row,
        "scope": str(rule.scope),
        "key": rule.key,
        "type": str(rule.type),
        "title": rule.title,
        "pattern": rule.pattern,
        "choices": list(rule.choices),
        "many": rule.many,
        "bound_to": rule.bound_to,
        "required": rule.required,
        "to_warehouse": rule.to_warehouse,
        "to_finance": rule.to_finance,
    }
