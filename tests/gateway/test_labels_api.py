from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from gateway.app import create_app
from gateway.deps import Gateway
from store.database import Database
from tests.gateway.house import client_of
from tests.printing.scanner import pages
from tests.store.labelled import ADDRESS, change, pack, pid
from tests.store.samples import NOON

PATH = "/api/v1/staff/labels"
SINCE = "2026-03-01 12:00"


@pytest.fixture
async def staff(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(create_app(gateway), headers={"authorization": "Bearer token-of-wei"}) as http:
        yield http


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("POST", ""), ("GET", "/260301-AAAA-1"), ("POST", "/260301-AAAA-1/withdraw")]
)
async def test_nobody_gets_in_without_a_token(client: httpx.AsyncClient, method: str, path: str) -> None:
    assert (await client.request(method, PATH + path, json={})).status_code == 401


async def test_from_the_list_to_the_paper(staff: httpx.AsyncClient, database: Database) -> None:
    await pack(database, "SO1")
    await pack(database, "SO2")
    held = await pack(database, "SO3")
    await change(database, held, holds=["REFUND_PENDING"])

    view = (await staff.get(PATH, params={"since": SINCE})).json()
    [group] = view["groups"]
    assert (group["area"], group["due"], group["parcels"]) == ("浙江杭州余杭区", True, [pid("SO1"), pid("SO2")])
    assert (group["opens_at"], group["closes_at"]) == ("2026-03-01T12:00:00+08:00", "2026-03-01T12:15:00+08:00")
    assert view["held"] == [{"parcel_id": pid("SO3"), "warehouse": "WH01", "why": ["退款处理中"]}]
    assert view["sheets"] == view["taken_off"] == []

    assert (await staff.post(PATH, json={"since": SINCE, "warehouse": "WH02"})).status_code == 204
    printed = await staff.post(PATH, json={"since": SINCE, "size": "100x180"})
    assert (printed.status_code, printed.headers["content-type"]) == (200, "application/pdf")
    assert printed.headers["cache-control"] == "no-store"
    [page] = pages(printed.content)
    assert (page.width_mm, page.height_mm) == pytest.approx((100, 180), abs=0.001)
    assert len(page.of("Code 128")) == 2
    assert all(code.startswith(f"{ADDRESS}/l/") for code in page.of("QR Code"))

    assert (await staff.post(PATH, json={"since": SINCE, "size": "100x180"})).status_code == 204
    again = await staff.post(PATH, json={"since": SINCE, "size": "100x180", "again": True})
    sheet_id = printed.headers["x-label-sheets"]
    one = await staff.get(f"{PATH}/{sheet_id}")
    assert printed.content == again.content == one.content

    [sheet] = (await staff.get(PATH, params={"since": SINCE})).json()["sheets"]
    assert (sheet["sheet_id"], sheet["printed_by"], sheet["size"]) == (sheet_id, "wei", "100x180")
    withdrawn = await staff.post(f"{PATH}/{sheet_id}/withdraw")
    assert withdrawn.json() == {
        "result": "done",
        "parcels": 2,
        "text": f"面单 {sheet_id} 已作废，2 个包裹可重新打印",
    }
    [page] = pages((await staff.get(f"{PATH}/{sheet_id}")).content)
    assert page.of("Code 128") == []
    off = (await staff.get(PATH, params={"since": SINCE})).json()["taken_off"]
    assert [one["why"] for one in off] == ["withdrawn", "withdrawn"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_is_not_there_and_what_is_not_right(staff: httpx.AsyncClient) -> None:
    for answer in (await staff.get(f"{PATH}/260301-AAAA-1"), await staff.post(f"{PATH}/260301-AAAA-1/withdraw")):
        assert (answer.status_code, answer.json()["detail"]) == (404, "没有这张面单")
    for body in ({"size": "10x10"}, {"unknown": 1}, {"warehouse": "x" * 300}):
        assert (await staff.post(PATH, json=body)).status_code == 422
    assert (await staff.post(PATH, json={"since": "yesterday"})).status_code == 409
    assert (await staff.get(PATH, params={"since": "yesterday"})).status_code == 409
    assert NOON.isoformat(sep=" ").startswith(SINCE)
