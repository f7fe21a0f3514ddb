from __future__ import annotations

import json
import secrets
import time
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import httpx
import pytest
from fastapi.responses import JSONResponse

from sandbox.credit import CreditBureau
from sandbox.credit.signing import signature
from sandbox.faults import FaultKind
from sandbox.road import Road
from sandbox.world import World
from tests.sandbox.stage import HUB, Stage, staged, until
from tests.vectors import vector

CHECKS = "/credit/credit/v1/checks"
CHECK: dict[str, Any] = {
    "request_id": "b2b:main:1/credit/1",
    "order_key": "b2b:main:1",
    "customer": {"external_id": "C10086", "name": "测试商贸", "tax_no": "9131000000000000XX"},
    "amount_fen": 20_000_000,
    "currency": "CNY",
    "payment_terms": "NET30",
    "order_time": "2026-03-01T10:20:30+08:00",
    "callback_url": f"{HUB}/hooks/credit",
    "reserve": True,
}


def bureau(world: World, road: Road) -> CreditBureau:
    return CreditBureau(world)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged(bureau, JSONResponse({"code": 0})) as stage:
        yield stage


def signed(method: str, path: str, body: bytes, **changed: str) -> dict[str, str]:
    timestamp = changed.get("X-Credit-Timestamp", str(int(time.time())))
    nonce = changed.get("X-Credit-Nonce", secrets.token_hex(16))
    return {
        "X-Credit-App": "orderhub",
        "X-Credit-Timestamp": timestamp,
        "X-Credit-Nonce": nonce,
        "X-Credit-Signature": signature(method, path, timestamp, nonce, body, "credit-secret"),
    } | changed


async def ask(stage: Stage, **changed: Any) -> httpx.Response:
    check = CHECK | changed
    body = json.dumps(check, ensure_ascii=False).encode()
    headers = signed("POST", CHECKS, body) | {"Idempotency-Key": str(check["request_id"])}
    return await stage.http.post(CHECKS, content=body, headers=headers)


async def look(stage: Stage, path: str, method: str = "GET") -> httpx.Response:
    return await stage.http.request(method, path, headers=signed(method, path, b""))


async def settle(stage: Stage, reservation_id: str, verb: str) -> httpx.Response:
    return await look(stage, f"/credit/credit/v1/reservations/{reservation_id}/{verb}", "POST")


def test_signature_vector() -> None:
    known = vector("credit", "proposed contract signature")
    inputs = known["inputs"]
    made = signature(
        inputs["method"],
        inputs["path"],
        inputs["timestamp"],
        inputs["nonce"],
        inputs["body"].encode(),
        inputs["secret"],
    )
    assert made == known["expected"]


@pytest.mark.parametrize(
    "changed",
    [
        {"X-Credit-App": "somebody"},
        {"X-Credit-Signature": "0" * 64},
        {"X-Credit-Timestamp": str(int(time.time()) - 3600)},
        {"X-Credit-Timestamp": "now"},
        {"X-Credit-Nonce": "short"},
    ],
)
async def test_a_bad_signature_is_refused(stage: Stage, changed: dict[str, str]) -> None:
    body = json.dumps(CHECK).encode()
    headers = signed("POST", CHECKS, body, **changed) | {"Idempotency-Key": CHECK["request_id"]}
    response = await stage.http.post(CHECKS, content=body, headers=headers)
    assert (response.status_code, response.json()["code"]) == (401, "BAD_SIGNATURE")
    assert stage.partner.book()["checks"] == []


async def test_the_path_without_the_mount_is_not_what_is_signed(stage: Stage) -> None:
    path = f"{CHECKS}/x"
    response = await stage.http.get(path, headers=signed("GET", "/credit/v1/checks/x", b""))
    assert response.status_code == 401


async def test_a_nonce_passes_once(stage: Stage) -> None:
    headers = signed("GET", f"{CHECKS}/x", b"")
    assert (await stage.http.get(f"{CHECKS}/x", headers=headers)).status_code == 404
    assert (await stage.http.get(f"{CHECKS}/x", headers=headers)).status_code == 401


async def test_a_refused_signature_does_not_spend_the_nonce(stage: Stage) -> None:
    path = f"{CHECKS}/x"
    good = signed("GET", path, b"")
    assert (await stage.http.get(path, headers=good | {"X-Credit-Signature": "0" * 64})).status_code == 401
    assert (await stage.http.get(path, headers=good)).status_code == 404


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"amount_fen": -1}, 422),
        ({"amount_fen": "100"}, 422),
        ({"currency": "USD"}, 422),
        ({"order_time": "2026-03-01T10:20:30"}, 422),
        ({"callback_url": "hooks/credit"}, 422),
        ({"customer": {"name": "测试商贸"}}, 422),
    ],
)
async def test_an_invalid_check(stage: Stage, changed: dict[str, Any], status: int) -> None:
    response = await ask(stage, **changed)
    assert (response.status_code, response.json()["code"]) == (status, "INVALID_ARGUMENT")
    assert "测试商贸" not in response.text


@pytest.mark.parametrize(("body", "key"), [(b"{", "x"), (json.dumps(CHECK).encode(), "other"), (b"{}", "x")])
async def test_no_json_and_a_wrong_idempotency_key(stage: Stage, body: bytes, key: str) -> None:
    headers = signed("POST", CHECKS, body) | {"Idempotency-Key": key}
    response = await stage.http.post(CHECKS, content=body, headers=headers)
    assert response.status_code in (400, 422)
    assert response.json()["code"] == "INVALID_ARGUMENT"


async def test_approval_reserves_within_the_limit(stage: Stage) -> None:
    first = (await ask(stage)).json()
    assert (first["status"], first["decision"]) == ("DONE", "APPROVED")
    assert (first["credit_limit_fen"], first["available_fen"]) == (50_000_000, 30_000_000)
    assert datetime.fromisoformat(first["valid_until"]).utcoffset() is not None

    without = (await ask(stage, request_id="r2", reserve=False)).json()
    assert (without["decision"], without["reservation_id"], without["available_fen"]) == ("APPROVED", "", 30_000_000)

    second = (await ask(stage, request_id="r3")).json()
    too_much = (await ask(stage, request_id="r4")).json()
    assert (too_much["decision"], too_much["reason_code"]) == ("REJECTED", "LIMIT_EXCEEDED")
    assert (await ask(stage, request_id="r5", customer={"external_id": "C2"})).json()["decision"] == "APPROVED"

    assert (await settle(stage, first["reservation_id"], "commit")).json() == {"status": "COMMITTED"}
    assert (await ask(stage, request_id="r6")).json()["decision"] == "REJECTED"
    assert (await settle(stage, second["reservation_id"], "release")).json() == {"status": "RELEASED"}
    assert (await ask(stage, request_id="r7")).json()["decision"] == "APPROVED"


async def test_the_same_question_has_one_answer_and_one_reservation(stage: Stage) -> None:
    first, second = await ask(stage), await ask(stage)
    assert (first.status_code, first.json()) == (second.status_code, second.json()) == (200, first.json())
    conflict = await ask(stage, amount_fen=1)
    assert (conflict.status_code, conflict.json()["code"]) == (409, "IDEMPOTENCY_CONFLICT")
    book = stage.partner.book()
    assert book["checks"] == [
        {
            "request_id": CHECK["request_id"],
            "order_id": "b2b:main:1",
            "amount_fen": 20_000_000,
            "status": "DONE",
            "decision": "APPROVED",
            "times": 2,
        }
    ]
    assert book["reservations"] == [
        {
            "reservation_id": first.json()["reservation_id"],
            "request_id": CHECK["request_id"],
            "amount_fen": 20_000_000,
            "status": "RESERVED",
        }
    ]


async def test_find_by_an_encoded_request_id(stage: Stage) -> None:
    path = f"{CHECKS}/b2b%3Amain%3A1%2Fcredit%2F1"
    missing = await look(stage, path)
    assert (missing.status_code, missing.json()["code"]) == (404, "CHECK_NOT_FOUND")
    answer = (await ask(stage)).json()
    assert (await look(stage, path)).json() == answer


@pytest.mark.parametrize(
    ("customer", "decision"), [("REFUSE-1", "REJECTED"), ("REVIEW-1", "REVIEW"), ("C1", "APPROVED")]
)
async def test_decisions_by_customer(stage: Stage, customer: str, decision: str) -> None:
    answer = (await ask(stage, customer={"external_id": customer})).json()
    assert answer["decision"] == decision
    assert bool(answer["reservation_id"]) == (decision == "APPROVED")


async def test_an_unknown_customer(stage: Stage) -> None:
    response = await ask(stage, customer={"external_id": "UNKNOWN"})
    assert (response.status_code, response.json()["code"]) == (404, "CUSTOMER_NOT_FOUND")
    assert stage.partner.book()["checks"] == []


@pytest.mark.parametrize(("customer", "decision"), [("LATE-1", "APPROVED"), ("LATE-REFUSE-1", "REJECTED")])
async def test_late_decisions_come_by_callback(customer: str, decision: str) -> None:
    refusals = [JSONResponse({"code": 1}), JSONResponse([]), JSONResponse({"code": 0}, status_code=404)]
    async with staged(bureau, *refusals, JSONResponse({"code": 0})) as stage:
        pending = await ask(stage, customer={"external_id": customer})
        assert pending.status_code == 202
        assert pending.json() == {
            "request_id": CHECK["request_id"],
            "check_id": pending.json()["check_id"],
            "status": "PENDING",
        }
        assert stage.partner.book()["checks"][0]["decision"] is None
        await until(lambda: len(stage.hub.pushed) == 4)

        contents = []
        for push in stage.hub.pushed:
            assert push.path == "/hooks/credit"
            given = push.headers
            assert given["X-Credit-App"] == "orderhub"
            assert given["X-Credit-Signature"] == signature(
                "POST",
                "/hooks/credit",
                given["X-Credit-Timestamp"],
                given["X-Credit-Nonce"],
                push.body,
                "credit-secret",
            )
            contents.append(json.loads(push.body))
        assert len({push.headers["X-Credit-Nonce"] for push in stage.hub.pushed}) == 4
        assert len({content.pop("event_id") for content in contents}) == 1
        assert contents[0]["decision"] == decision

        settled = await look(stage, f"{CHECKS}/b2b%3Amain%3A1%2Fcredit%2F1")
        assert (settled.status_code, settled.json()) == (200, contents[0])
        assert stage.partner.book()["checks"][0]["decision"] == decision


async def test_reservations_end_once(stage: Stage) -> None:
    reservation = (await ask(stage)).json()["reservation_id"]
    for _ in range(2):
        response = await settle(stage, reservation, "commit")
        assert (response.status_code, response.json()) == (200, {"status": "COMMITTED"})
    response = await settle(stage, reservation, "release")
    assert (response.status_code, response.json()["code"]) == (409, "RESERVATION_ENDED")
    assert (await settle(stage, "rsv-nothing", "release")).status_code == 404
    assert stage.partner.book()["reservations"][0]["status"] == "COMMITTED"


@pytest.mark.parametrize(
    ("kind", "status", "code"), [(FaultKind.ERROR, 503, "MAINTENANCE"), (FaultKind.THROTTLE, 429, "RATE_LIMITED")]
)
async def test_faults_speak_the_contract(stage: Stage, kind: FaultKind, status: int, code: str) -> None:
    stage.fail(kind, "check")
    response = await ask(stage)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert int(response.headers["Retry-After"]) >= 1
    assert stage.partner.book()["checks"] == []
