"""The staff API of rule sets: what is in force, what happened, testing a version, publishing it, taking it back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Request
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, Field

from domain.rulesets import NoSuchSet, Refused, event_facts, seen_facts
from gateway.deps import Hub, RuleOwner
from gateway.staff_api import Body, By, ByRules, Words
from rules.engine import Table
from rules.problems import verdict_facts
from rules.trial_report import as_json

router = APIRouter(prefix="/api/v1/staff/rules", tags=["staff"])

_MOST = 100
"""So many differences, kinds of them and failures are told; all are counted."""

Name = Annotated[str, Path(pattern=r"^[a-z0-9_]{1,64}$")]


class Publication(Body):
    """Which version decides from when on, until when, and why; without moments at once, and until another one does."""

    version: Words
    why: Words
    begins: AwareDatetime | None = None
    ends: AwareDatetime | None = None


class Trial(Body):
    """Which version is tested (without one the draft that was brought last), and on how many orders it is tried, or on
    how many of whatever else its table is asked about."""

    version: Words | None = None
    against: Annotated[int, Field(ge=0, le=2000)] = 0


class Withdrawal(Body):
    """Why a publication is taken back; without its number it is the one in force."""

    why: Words
    number: int | None = None


@router.get("")
async def listed(hub: Hub, by: By) -> dict[str, Any]:
    """Every rule set: which version decides, since when, what is to come, and the drafts."""
    return {"rules": [seen_facts(one) for one in await _desk(hub).overview()]}


@router.get("/{name}")
async def shown(name: Name, hub: Hub, by: By, version: str | None = None) -> dict[str, Any]:
    """A version's document; without a version the one in force."""
    which, document = await _desk(hub).document(name, version)
    return {"name": name, "version": which, "document": document}


@router.get("/{name}/history")
async def history(name: Name, hub: Hub, by: By) -> dict[str, Any]:
    """Who did what to which version, when and why."""
    return {"name": name, "events": [event_facts(event) for event in await _desk(hub).history(name)]}


@router.post("/{name}/test")
async def test(name: Name, wish: Trial, hub: Hub, by: ByRules) -> dict[str, Any]:
    """What is wrong with a version, and what it would decide differently. A sound one may be published afterwards."""
    desk = _desk(hub)
    which, verdict = await desk.test(name, wish.version, by)
    tried = None
    if wish.against and verdict.sound:
        _, document = await desk.document(name, which)
        run = await desk.against(name, document, wish.against)
        tried = as_json(Table(name, document), run, _MOST)
    return {"name": name, "version": which, **verdict_facts(verdict), "against": tried}


@router.post("/{name}/publish")
async def publish(name: Name, wish: Publication, hub: Hub, by: ByRules) -> dict[str, Any]:
    """Put a tested version in force. Asked again, it changes nothing."""
    event = await _desk(hub).publish(name, wish.version, by, wish.why, wish.begins, wish.ends)
    return {"result": "done", "changed": event is not None, "event": event_facts(event) if event else None}


@router.post("/{name}/rollback")
async def rollback(name: Name, wish: Withdrawal, hub: Hub, by: ByRules) -> dict[str, Any]:
    """Take a publication back; `then` decides in its place."""
    event, then = await _desk(hub).to_withdraw(name, wish.number)
    gone = await _desk(hub).withdraw(event, by, wish.why)
    return {"result": "done", "changed": gone is not None, "version": event.version, "then": then}


def refused(request: Request, error: Exception) -> JSONResponse:
    """What a rule set's desk refuses, in words."""
    lines = error.lines if isinstance(error, Refused) else ()
    status = 404 if isinstance(error, NoSuchSet) else 409
    return JSONResponse({"text": "\n".join(lines), "problems": list(lines)}, status)


def _desk(hub: Hub) -> RuleOwner:
    if hub.rules is None:
        raise HTTPException(404)
    return hub.rules
