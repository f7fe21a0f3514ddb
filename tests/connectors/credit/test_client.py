from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
import respx

from connectors.credit import CreditSettings, CrmCredit
from connectors.credit.signing import signature
from connectors.errors import Misconfigured, OutcomeUnknown, PartnerError, Rejected, Throttled, Unavailable
from domain.shipping import CreditAnswer, CreditDecision
from tests.connectors.credit.conftest import credit_request

REQUEST_ID = credit_request().request_id
DONE = {
    "request_id": REQUEST_ID,
    "check_id": "K1",
    "status": "DONE",
    "decision": "APPROVED",
    "reason_code": "OK",
    "reason": None,
    "credit_limit_fen": 5000000,
    "available_fen": 3720000,
    "reservation_id": "R1",
    "valid_until": "2026-03-31T00:00:00+08:00",
}
PENDING = {"request_id": REQUEST_ID, "check_id": "K1", "status": "PENDING"}

Operation = Callable[[CrmCredit], Awaitable[object]]
OPERATIONS: dict[str, tuple[str, str, Operation]] = {
    "check": ("POST", "/credit/v1/checks", lambda bureau: bureau.check(credit_request())),
    "lookup": ("GET", f"/credit/v1/checks/{REQUEST_ID}", lambda bureau: bureau.lookup(REQUEST_ID)),
    "commit": ("POST", "/credit/v1/reservations/R1/commit", lambda bureau: bureau.commit("R1")),
    "release": ("POST", "/credit/v1/reservations/R1/release", lambda bureau: bureau.release("R1")),
}
GOOD: dict[str, tuple[int, dict[str, Any]]] = {
    "check": (200, DONE),
    "lookup": (200, DONE),
    "commit": (200, {"status": "COMMITTED"}),
    "release": (200, {"status": "RELEASED"}),
}


@pytest.mark.parametrize("name", OPERATIONS)
async def test_goes_to_the_right_place_and_signs_the_path_on_the_wire(
    name: str, bureau: CrmCredit, settings: CreditSettings, wire: respx.MockRouter
) -> None:
    method, path, run = OPERATIONS[name]
    status, body = GOOD[name]
    route = wire.request(method, path).respond(status, json=body)
    await run(bureau)
    sent = route.calls.last.request
    on_the_wire = sent.url.raw_path.decode()
    assert on_the_wire == f"/tenant-7{path}"
    expected = signature(
        method,
        on_the_wire,
        sent.headers["x-credit-timestamp"],
        sent.headers["x-credit-nonce"],
        sent.content,
        settings.secret.get_secret_value(),
    )
    assert sent.headers["x-credit-signature"] == expected


async def test_every_call_has_a_nonce_of_its_own(bureau: CrmCredit, wire: respx.MockRouter) -> None:
    route = wire.post("/credit/v1/checks").respond(json=DONE)
    await bureau.check(credit_request())
    await bureau.check(credit_request())
    first, second = (call.request.headers["x-credit-nonce"] for call in route.calls)
    assert first != second
    assert len(first) >= 16


@pytest.mark.parametrize("decision", list(CreditDecision))
async def test_a_decided_check(decision: CreditDecision, bureau: CrmCredit, wire: respx.MockRouter) -> None:
    wire.post("/credit/v1/checks").respond(json={**DONE, "decision": decision.value, "reason": "额度充足"})
    assert await bureau.check(credit_request()) == CreditAnswer(REQUEST_ID, decision, "额度充足", "R1")


async def test_the_reason_code_stands_in_for_a_reason(bureau: CrmCredit, wire: respx.MockRouter) -> None:
    wire.post("/credit/v1/checks").respond(json=DONE)
    assert (await bureau.check(credit_request())).reason == "OK"


async def test_an_undecided_check(bureau: CrmCredit, wire: respx.MockRouter) -> None:
    wire.post("/credit/v1/checks").respond(202, json=PENDING)
    assert await bureau.check(credit_request()) == CreditAnswer(REQUEST_ID, None)


async def test_an_unknown_customer_is_for_a_person_to_review(bureau: CrmCredit, wire: respx.MockRouter) -> None:
    wire.post("/credit/v1/checks").respond(404, json={"code": "CUSTOMER_NOT_FOUND"})
    assert (await bureau.check(credit_request())).decision is CreditDecision.REVIEW


@pytest.mark.parametrize("status", [200, 202])
async def test_looking_up_an_open_question(status: int, bureau: CrmCredit, wire: respx.MockRouter) -> None:
    wire.get(f"/credit/v1/checks/{REQUEST_ID}").respond(status, json=PENDING)
    assert await bureau.lookup(REQUEST_ID) == CreditAnswer(REQUEST_ID, None)


async def test_looking_up_what_was_never_asked(bureau: CrmCredit, wire: respx.MockRouter) -> None:
    wire.get(f"/credit/v1/checks/{REQUEST_ID}").respond(404, json={"code": "NOT_FOUND"})
    assert await bureau.lookup(REQUEST_ID) is None


ERRORS: list[tuple[int, str, type[PartnerError]]] = [
    (400, "INVALID_ARGUMENT", Rejected),
    (422, "INVALID_ARGUMENT", Rejected),
    (401, "BAD_SIGNATURE", Misconfigured),
    (403, "FORBIDDEN", Misconfigured),
    (405, "", Misconfigured),
    (302, "", Misconfigured),
    (409, "IDEMPOTENCY_CONFLICT", Rejected),
    (423, "MAINTENANCE", Unavailable),
    (503, "MAINTENANCE", Unavailable),
    (429, "RATE_LIMITED", Throttled),
]


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize(("status", "code", "kind"), ERRORS)
async def test_each_status_has_its_class(
    name: str, status: int, code: str, kind: type[PartnerError], bureau: CrmCredit, wire: respx.MockRouter
) -> None:
    method, path, run = OPERATIONS[name]
    wire.request(method, path).respond(status, json={"code": code, "message": "测试 13800000000"})
    with pytest.raises(PartnerError) as caught:
        await run(bureau)
    assert type(caught.value) is kind
    assert caught.value.operation == name
    assert "13800000000" not in str(caught.value)


async def test_throttled_says_for_how_long(bureau: CrmCredit, wire: respx.MockRouter) -> None:
    wire.post("/credit/v1/checks").respond(429, headers={"retry-after": "7"}, json={"code": "RATE_LIMITED"})
    with pytest.raises(Throttled) as caught:
        await bureau.check(credit_request())
    assert caught.value.retry_after == 7


LOST: dict[str, dict[str, Any]] = {
    "time-out": {"side_effect": httpx.ReadTimeout("slow")},
    "500": {"return_value": httpx.Response(500)},
    "html": {"return_value": httpx.Response(200, html="<html>login</html>")},
    "no object": {"return_value": httpx.Response(200, json=[1])},
    "other question": {"return_value": httpx.Response(200, json={**DONE, "request_id": "other"})},
    "unknown decision": {"return_value": httpx.Response(200, json={**DONE, "decision": "MAYBE"})},
    "unknown state": {"return_value": httpx.Response(200, json={"status": "LOST"})},
}


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("way", LOST)
async def test_a_lost_answer_is_unknown_for_a_write(
    name: str, way: str, bureau: CrmCredit, wire: respx.MockRouter
) -> None:
    method, path, run = OPERATIONS[name]
    wire.request(method, path).mock(**LOST[way])
    with pytest.raises(PartnerError) as caught:
        await run(bureau)
    assert type(caught.value) is (Unavailable if name == "lookup" else OutcomeUnknown)


async def test_a_stranger_that_knows_no_path_is_misconfiguration(bureau: CrmCredit, wire: respx.MockRouter) -> None:
    wire.post("/credit/v1/checks").respond(404, html="<html>not found</html>")
    wire.post("/credit/v1/reservations/R1/commit").respond(404, html="<html>not found</html>")
    with pytest.raises(Misconfigured):
        await bureau.check(credit_request())
    with pytest.raises(Misconfigured):
        await bureau.commit("R1")


async def test_an_unknown_reservation_is_rejected(bureau: CrmCredit, wire: respx.MockRouter) -> None:
    wire.post("/credit/v1/reservations/R1/release").respond(404, json={"code": "RESERVATION_NOT_FOUND"})
    with pytest.raises(Rejected) as caught:
        await bureau.release("R1")
    assert caught.value.code == "RESERVATION_NOT_FOUND"


async def test_the_other_end_state_is_no_success(bureau: CrmCredit, wire: respx.MockRouter) -> None:
    wire.post("/credit/v1/reservations/R1/commit").respond(json={"status": "RELEASED"})
    with pytest.raises(OutcomeUnknown):
        await bureau.commit("R1")
