from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from pydantic import SecretStr

from connectors.kdniao import KdniaoPush, KdniaoSettings, KdniaoTracker
from connectors.kdniao.signing import data_sign
from connectors.ports import Push

KEY = "test-app-key"

ENTRY: dict[str, Any] = {
    "EBusinessID": "1237100",
    "ShipperCode": "YTO",
    "LogisticCode": "YT2826000000001",
    "Success": True,
    "State": "2",
    "StateEx": "202",
    "Location": "上海市",
    "DeliveryMan": "测试",
    "DeliveryManTel": "13800000000",
    "Traces": [
        {
            "AcceptTime": "2026-02-01 09:10:00",
            "AcceptStation": "【杭州市】已揽收",
            "Location": "杭州市",
            "Action": "1",
        },
        {"AcceptTime": "2026-02-02 08:00:00", "AcceptStation": "派件中", "Location": "上海市", "Action": "202"},
    ],
}


@pytest.fixture
def settings() -> KdniaoSettings:
    return KdniaoSettings(business_id="1237100", app_key=SecretStr(KEY), jd_merchant_code="JDM01")


@pytest.fixture
async def tracker(settings: KdniaoSettings) -> AsyncIterator[KdniaoTracker]:
    client = KdniaoTracker(settings)
    yield client
    await client.close()


@pytest.fixture
def source(settings: KdniaoSettings) -> KdniaoPush:
    return KdniaoPush(settings)


def push(body: bytes) -> Push:
    return Push(
        method="POST",
        path="/hooks/kdniao",
        path_secret="",
        query={},
        headers={"content-type": "application/x-www-form-urlencoded"},
        body=body,
        received_at=datetime(2026, 2, 2, 0, 0, 30, tzinfo=UTC),
    )


def signed(request_data: str, request_type: str = "102", key: str = KEY) -> Push:
    """A push as the vendor sends it."""
    form = {"RequestData": request_data, "RequestType": request_type, "DataSign": data_sign(request_data, key)}
    return push(urlencode(form).encode("ascii"))


def batch(*entries: Any, count: int | str | None = None, push_time: str = "2026-02-02 08:00:10") -> str:
    data = {"EBusinessID": "1237100", "PushTime": push_time, "Count": count or len(entries), "Data": list(entries)}
    return json.dumps(data, ensure_ascii=False)
