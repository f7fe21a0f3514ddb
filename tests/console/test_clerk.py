from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from console.clerk import ClerkPages
from console.parcel_form import CARRIER_GUESSES
from domain.couriers import plausible_number
from domain.order import Channel, CipherReceiver, Region, Requirement
from domain.shipping import Carrier
from domain.texts import text, use_language
from store.database import Database
from store.tables import WaybillRow
from tests.console.desk import CODE, NUMBER, ORDER, PARCEL, SECRET, Desk, give_number, lay_out, link
from workflows.contracts import Outcome, RecordWaybill

FORM = f"/f/{CODE}"


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub.test") as http:
        yield http


def words(answer: httpx.Response) -> str:
    """What a person reads on the page."""
    bare = re.sub(r"<(style|script).*?</\1>|<[^>]+>", " ", answer.text, flags=re.DOTALL)
    return " ".join(html.unescape(bare).split())


async def submit(client: httpx.AsyncClient, number: str = NUMBER, carrier: str = "SF") -> httpx.Response:
    return await client.post(FORM, data={"number": number, "carrier": carrier})


async def test_the_form_shows_what_the_clerk_needs_and_no_more(client: httpx.AsyncClient, database: Database) -> None:
    await lay_out(database, parcels=2)
    answer = await client.get(FORM)
    assert answer.status_code == 200
    page = words(answer)
    for shown in (
        "SO20260301000123",
        "第 1 个包裹，共 2 个",
        "测*",
        "138****0000",
        "浙江省杭州市余杭区",
        "马克杯 350ml × 2",
        "<b>明前龙井</b> 礼盒 × 1",
        "冷链 易碎品",
        "请选择 顺丰速运 中通快递",
    ):
        assert shown in page
    for hidden in ("测试", "13800000000", "示例路"):
        assert hidden not in answer.text


async def test_the_platforms_masks_of_an_encrypted_receiver(client: httpx.AsyncClient, database: Database) -> None:
    receiver = CipherReceiver(
        platform=Channel.DOUYIN,
        name_cipher="#name#cipher",
        phone_cipher="$phone$cipher",
        detail_cipher="#detail#cipher",
        name_mask="测**",
        region=Region(province="上海市", city="上海市", district="浦东新区"),
    )
    await lay_out(database, to=receiver)
    answer = await client.get(FORM)
    assert "测** *** 上海市浦东新区" in words(answer)
    assert "cipher" not in answer.text


async def test_headers_keep_the_page_to_itself(client: httpx.AsyncClient, database: Database) -> None:
    await lay_out(database)
    for answer in (await client.get(FORM), await client.get("/f/x"), await submit(client)):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "set-cookie" not in answer.headers
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; ")
        [nonce] = set(re.findall(r"'nonce-([^']+)'", policy))
        assert set(re.findall(r'nonce="([^"]+)"', answer.text)) == {nonce}
        assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", answer.text)
    assert (await client.get(FORM)).headers["content-security-policy"] != policy


async def test_a_number_is_taken(client: httpx.AsyncClient, database: Database, desk: Desk) -> None:
    await lay_out(database)
    answer = await submit(client, " sf 1000-0000 00001 ")
    assert answer.status_code == 200
    assert f"单号已录入 {NUMBER} 顺丰速运" in words(answer)
    by = f"clerk:{CODE[:6]}"
    assert desk.asked == [(ORDER, "record_waybill", RecordWaybill(PARCEL, "SF", NUMBER, by))]

    again = await submit(client)
    assert (again.status_code, f"单号已录入 {NUMBER}" in words(again)) == (200, True)
    visit = await client.get(FORM)
    assert (visit.status_code, f"该包裹已有单号 {NUMBER} 顺丰速运" in words(visit)) == (200, True)
    assert "<form" not in visit.text
    other = await submit(client, "SF1000000000002")
    assert other.status_code == 409
    assert "刚才提交的 SF1000000000002 没有录入" in words(other)
    assert NUMBER in words(other)
    assert len(desk.asked) == 1


@pytest.mark.parametrize(
    ("number", "carrier", "sentence"),
    [
        ("", "SF", "请输入运单号"),
        ("  -", "SF", "请输入运单号"),
        ("YT1234567890123", "SF", "这不像顺丰速运的单号，请核对单号和快递公司"),
        (NUMBER, "", "请选择快递公司"),
        (NUMBER, "NOBODY", "请选择快递公司"),
        ("<i>\x00", "SF", "这不像顺丰速运的单号"),
    ],
)
async def test_what_cannot_be_right_is_said_beside_the_field(
    client: httpx.AsyncClient, database: Database, desk: Desk, number: str, carrier: str, sentence: str
) -> None:
    await lay_out(database)
    answer = await submit(client, number, carrier)
    assert answer.status_code == 422
    assert sentence in words(answer)
    assert 'aria-invalid="true"' in answer.text
    assert f'value="{html.escape(number.strip())}"' in answer.text
    assert ('value="SF" selected' in answer.text) == (carrier == "SF")
    assert desk.asked == []


async def test_an_empty_post(client: httpx.AsyncClient, database: Database) -> None:
    await lay_out(database)
    answer = await client.post(FORM)
    assert answer.status_code == 422
    assert "请输入运单号" in words(answer)
    assert "请选择快递公司" in words(answer)


async def test_a_number_of_another_parcel(client: httpx.AsyncClient, database: Database) -> None:
    await lay_out(database, parcels=2)
    await give_number(database, f"{ORDER}#2", NUMBER)
    answer = await submit(client)
    assert answer.status_code == 409
    assert text("waybill.number_taken") in words(answer)
    assert f'value="{NUMBER}"' in answer.text
    assert "单号已录入 SF1000000000009" in words(await submit(client, "SF1000000000009"))


async def test_whatever_else_stands_in_the_way_is_said_in_words(
    client: httpx.AsyncClient, database: Database, desk: Desk
) -> None:
    await lay_out(database)
    desk.refuse_with = "该包裹不在等待补录"
    answer = await submit(client)
    assert answer.status_code == 409
    assert "该包裹不在等待补录" in words(answer)


async def test_a_refusal_after_which_the_parcel_has_this_very_number(
    client: httpx.AsyncClient, database: Database, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lay_out(database)
    take = desk.update

    async def too_late_to_tell(order_id: str, name: str, argument: RecordWaybill) -> Outcome:
        await take(order_id, name, argument)
        return await take(order_id, name, RecordWaybill(PARCEL, "SF", "SF1000000000002", "x"))

    monkeypatch.setattr(desk, "update", too_late_to_tell)
    answer = await submit(client)
    assert answer.status_code == 200
    assert f"单号已录入 {NUMBER}" in words(answer)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_codes_that_open_nothing(client: httpx.AsyncClient, database: Database, desk: Desk, method: str) -> None:
    await lay_out(database)
    forged = await link(database, n=2, code="a" * 24)  # written by somebody who does not know the secret
    for code in (forged, "b" * 24, CODE.upper(), CODE[:-1], "%00", "x" * 5000):
        answer = await client.request(method, f"/f/{code}", data={"number": NUMBER, "carrier": "SF"})
        assert answer.status_code == 404
        assert "链接无效" in words(answer)
        assert "SO2026" not in answer.text
    assert desk.asked == []


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_expired_link(client: httpx.AsyncClient, database: Database, desk: Desk, method: str) -> None:
    await lay_out(database)
    code = await link(database, n=2, expires_in=timedelta(seconds=-1))
    answer = await client.request(method, f"/f/{code}", data={"number": NUMBER, "carrier": "SF"})
    assert answer.status_code == 410
    assert "链接已过期" in words(answer)
    assert "SO2026" not in answer.text
    assert desk.asked == []


async def test_while_the_database_is_away() -> None:
    away = Database("postgresql+asyncpg://a:b@127.0.0.1:1/none")
    app = FastAPI()
    app.include_router(ClerkPages(away, SECRET, Desk(away)).router())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub.test") as client:
        answer = await client.get(FORM)
    await away.close()
    assert answer.status_code == 503
    assert "系统繁忙" in words(answer)


@pytest.fixture
def english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh")


@pytest.mark.usefixtures("english")
async def test_the_same_in_english(client: httpx.AsyncClient, database: Database) -> None:
    await lay_out(database)
    answer = await client.get(FORM)
    assert '<html lang="en">' in answer.text
    assert "Enter a waybill number" in words(answer)
    assert "SF Express" in words(await submit(client))


def test_every_carrier_and_requirement_has_a_name() -> None:
    names = [text(f"carrier.{carrier}") for carrier in Carrier] + [text(f"form.need.{need}") for need in Requirement]
    assert len(set(names)) == len(Carrier) + len(Requirement)


@given(st.data())
def test_what_the_page_proposes_is_possible(data: st.DataObject) -> None:
    for pattern, carrier in CARRIER_GUESSES:
        number = data.draw(st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True)).rstrip("\n")
        assert plausible_number(carrier, number)


async def test_the_number_is_live_in_the_store(client: httpx.AsyncClient, database: Database) -> None:
    await lay_out(database)
    await submit(client)
    await submit(client)
    async with database.transaction() as tx:
        rows = (await tx.execute(select(WaybillRow))).scalars().all()
    assert [(row.number, row.provider, row.status) for row in rows] == [(NUMBER, "manual", "live")]
