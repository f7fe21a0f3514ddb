"""JD's order exports, fetched from the sandbox's FTP server as a client does."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import PurePosixPath
from typing import Any

import aioftp
import pytest

from embedded.environment import free_ports
from sandbox.digest import receiver_digest
from sandbox.faults import Fault, FaultKind, FaultPlan
from sandbox.settings import JdSettings
from tests.sandbox.town import draft
from tests.sandbox.vendor import Vendor, vendor

PAID = {"placed_at": "2026-03-01T09:05:00+08:00", "paid_at": "2026-03-01T09:05:30+08:00"}


@asynccontextmanager
async def served() -> AsyncIterator[tuple[Vendor, aioftp.Client]]:
    """The sandbox with its FTP server, and a client that has logged in."""
    [port] = free_ports(1)
    async with vendor(ftp_port=port) as shop, aioftp.Client.context("127.0.0.1", port, "jd", "jd-ftp") as client:
        yield shop, client


async def names(client: aioftp.Client, path: str = "/") -> list[str]:
    """The files in a folder, that have a size and a time."""
    found = []
    async for entry, facts in client.list(path):
        if facts["type"] == "file":
            assert facts["modify"]
            found.append((entry.name, int(facts["size"])))
    return sorted(name for name, _ in found)


async def fetched(client: aioftp.Client, path: str) -> bytes:
    async with client.download_stream(path) as stream:
        return b"".join([block async for block in stream.iter_by_block()])


async def exported(shop: Vendor, *numbers: str, **wish: object) -> str:
    name: str = (await shop.control("/jd/export", {"order_nos": list(numbers), **wish}))["name"]
    return name


def rows(content: bytes, encoding: str) -> list[dict[str, Any]]:
    return list(csv.DictReader(io.StringIO(content.decode(encoding))))


async def test_an_export_tells_orders_in_clear_text_article_by_article() -> None:
    async with served() as (shop, client):
        one, two = await shop.order(draft(channel="jd", buyer_note="快点", **PAID), draft(channel="jd", **PAID))
        name = await exported(shop, one, two)
        assert name.startswith("JD_10001_20")
        assert await names(client) == [name, f"{name}.ok"]
        content = await fetched(client, name)
        assert content == (shop.jd.files.root / name).read_bytes()
        table = rows(content, "gbk")
        assert [row["订单号"] for row in table] == [f'="{one}"'] * 3 + [f'="{two}"'] * 3
        mug, towel, gift = table[:3]
        assert (mug["商家SKUID"], mug["订购数量"], mug["京东价"]) == ("MUG-01", "2", "￥49.50")
        assert (gift["货号"], gift["京东价"]) == ("GIFT-TOTE", "￥0.00")
        totals = ("订单金额", "结算金额", "运费金额", "应付金额")
        assert {tuple(row[total] for total in totals) for row in table} == {
            ("￥132.33", "￥131.32", "￥6.00", "￥137.32")
        }
        assert (towel["客户姓名"], towel["联系电话"]) == ("测试", '="13800000000"')
        assert (towel["客户地址"], towel["订单状态"]) == ("浙江省杭州市余杭区示例路1号", "等待出库")
        assert (towel["下单时间"], towel["付款确认时间"]) == ("2026-03-01 09:05:00", "2026-03-01 09:05:30")
        assert (towel["订单备注"], towel["商家备注"], towel["下单帐号"]) == ("快点", "老客户 冷链配送", "C1")
        sku = (await shop.detail(one))["itemInfoList"][0]["skuId"]
        assert mug["商品ID"] == f'="{sku}"'


@pytest.mark.parametrize(
    ("encoding", "number", "price", "moment", "bom"),
    [
        ("gbk", '="{}"', "￥1,234.50", "2026-03-01 09:05:00", False),
        ("utf-8", "'{}", "1234.50", "2026-03-01 09:05:00", False),
        ("utf-8-sig", "{}\t", "1234.50", "2026/3/1 9:05", True),
    ],
)
async def test_an_export_looks_like_the_program_that_wrote_it(
    encoding: str, number: str, price: str, moment: str, bom: bool
) -> None:
    async with vendor() as shop:
        line = {"sku": "MUG-01", "title": "马克杯", "unit_price_fen": 123450}
        [order_no] = await shop.order(draft(channel="jd", lines=[line], **PAID))
        name = await exported(shop, order_no, encoding=encoding)
        content = (shop.jd.files.root / name).read_bytes()
        [row] = rows(content, encoding)
        assert (row["订单号"], row["京东价"], row["下单时间"]) == (number.format(order_no), price, moment)
        assert row["商品名称"] == "马克杯"
        assert content.startswith(b"\xef\xbb\xbf") is bom


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("ship", "等待确认收货"),
        ("refund", "锁定"),
        ("cancel", "(删除)等待出库"),
    ],
)
async def test_an_export_says_where_an_order_stands(path: str, words: str) -> None:
    async with vendor() as shop:
        [number] = await shop.order()
        if path == "ship":
            await shop.ship(number)
        else:
            await shop.http.post(f"/control/jd/{number}/{path}")
        name = await exported(shop, number)
        assert {row["订单状态"] for row in rows((shop.jd.files.root / name).read_bytes(), "gbk")} == {words}


async def test_a_torn_upload_has_no_marker_until_it_is_complete() -> None:
    async with served() as (shop, client):
        [number] = await shop.order()
        name = await exported(shop, number, partly=True, name="JD_10001_20260301090500_1.csv")
        assert await names(client) == [name]
        half = await fetched(client, name)
        await shop.control(f"/jd/files/{name}/complete", None, 204)
        whole = await fetched(client, name)
        assert whole[: len(half)] == half
        assert len(rows(whole, "gbk")) == 3
        assert await names(client) == [name, f"{name}.ok"]
        await shop.control(f"/jd/files/{name}/complete", None, 409)
        await shop.control("/jd/files/other.csv/complete", None, 404)
        await shop.control("/jd/export", {"order_nos": [number], "name": name}, 409)
        await shop.control("/jd/export", {"order_nos": [number], "name": "../x.csv"}, 422)
        await shop.control("/jd/export", {"order_nos": ["404"]}, 404)


async def test_the_same_content_comes_under_another_name() -> None:
    async with served() as (shop, client):
        [number] = await shop.order()
        name = await exported(shop, number)
        again = (await shop.control(f"/jd/files/{name}/again"))["name"]
        assert again != name
        assert await fetched(client, again) == await fetched(client, name)
        assert f"{again}.ok" in await names(client)
        await shop.control("/jd/files/other.csv/again", None, 404)


@pytest.mark.parametrize("bad_rows", [1, 4])
async def test_bad_rows_stand_among_good_ones(bad_rows: int) -> None:
    async with vendor() as shop:
        numbers = await shop.order(draft(channel="jd"), draft(channel="jd"))
        name = await exported(shop, *numbers, bad_rows=bad_rows)
        table = rows((shop.jd.files.root / name).read_bytes(), "gbk")
        ours = {f'="{number}"' for number in numbers}
        good = [row for row in table if row["订单号"] in ours]
        assert (len(good), len(table)) == (6, 6 + bad_rows)
        assert table[0] in good
        assert table[1] not in good
        assert all(row["客户姓名"] for row in good)


async def test_the_client_archives_files_and_uploads_rejects() -> None:
    async with served() as (shop, client):
        [number] = await shop.order()
        name, kept, lost = [await exported(shop, number) for _ in range(3)]
        await client.make_directory("/archive/20260301")
        for suffix in ("", ".ok"):
            await client.rename(f"/{name}{suffix}", f"/archive/20260301/{name}{suffix}")
            await client.remove_file(f"/{lost}{suffix}")
        async with client.upload_stream(f"/error/{name}.rejects.csv") as stream:
            await stream.write("原因\r\n".encode("gbk"))
        assert await names(client) == [kept, f"{kept}.ok"]
        assert await names(client, str(PurePosixPath("/archive/20260301"))) == [name, f"{name}.ok"]
        files = {entry["name"]: entry["where"] for entry in shop.book("files")}
        assert files == {name: "archive", kept: "inbox", lost: "gone", f"error/{name}.rejects.csv": "client"}
        digest = hashlib.sha256(await fetched(client, kept)).hexdigest()
        assert [entry["sha256"] for entry in shop.book("files")][:2] == [digest, digest]


async def test_an_order_that_only_exports_tell_of_cannot_be_read_but_be_shipped() -> None:
    async with vendor() as shop:
        [number] = await shop.order(draft(channel="jd", by_export=True))
        assert await shop.ids() == []
        content = await shop.call("pop.order.get", order_id=number, optional_fields="orderId")
        assert "orderInfo" not in content["orderDetailInfo"]
        await exported(shop, number)
        [entry] = shop.book("orders")
        assert (entry["encrypted"], entry["sent"]) == (False, 1)
        # The province by its short name: on one line nobody can tell how it was written.
        assert entry["receiver_digest"] == receiver_digest(
            "测试", "13800000000", "浙江", "杭州市", "余杭区", "示例路1号"
        )
        assert (await shop.ship(number))["success"] is True


async def test_the_book_follows_the_first_that_told_of_an_order() -> None:
    async with vendor() as shop:
        read, unread = await shop.order(draft(channel="jd"), draft(channel="jd"))
        await shop.detail(read)
        await exported(shop, read, unread)
        assert [entry["encrypted"] for entry in shop.book("orders")] == [True, False]


async def test_a_stranger_is_not_let_in_and_neither_is_anybody_in_an_outage() -> None:
    async with served() as (shop, client):
        port = client.server_port
        with pytest.raises(aioftp.StatusCodeError):
            async with aioftp.Client.context("127.0.0.1", port, "jd", "wrong"):
                pass
        fault = Fault(partner="jd", kind=FaultKind.OUTAGE, operation="ftp.login", times=1)
        shop.world.faults.set_plan(FaultPlan(faults=[fault]))
        with pytest.raises(aioftp.StatusCodeError):
            async with aioftp.Client.context("127.0.0.1", port, "jd", "jd-ftp"):
                pass
        async with aioftp.Client.context("127.0.0.1", port, "jd", "jd-ftp"):
            assert shop.world.calls["jd.ftp.login"] == 4


async def test_the_server_closes_on_whoever_is_there(caplog: pytest.LogCaptureFixture) -> None:
    [port] = free_ports(1)
    client = aioftp.Client()
    async with vendor(ftp_port=port):
        await client.connect("127.0.0.1", port)
        await client.login("jd", "jd-ftp")
    with pytest.raises(ConnectionError):
        await client.command("NOOP", "200")
    client.close()
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_nothing_is_left_of_the_files() -> None:
    async with vendor() as shop:
        [number] = await shop.order()
        await exported(shop, number)
        root = shop.jd.files.root
        assert root.is_dir()
    assert not root.exists()


def test_a_server_has_a_password() -> None:
    good = {"app_key": "k", "app_secret": "s", "access_token": "a", "refresh_token": "r"}
    assert JdSettings.model_validate(good).ftp_port == 0
    with pytest.raises(ValueError, match="ftp_password"):
        JdSettings.model_validate(good | {"ftp_port": 2121})
