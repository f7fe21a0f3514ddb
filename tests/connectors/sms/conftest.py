from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import respx

from connectors.sms import AliyunSms, SmsSettings

BASE = "https://dysmsapi.aliyuncs.com"
RECEIPT_SECRET = "receipt-secret-0001"


def sms_settings() -> SmsSettings:
    return SmsSettings.model_validate(
        {
            "access_key_id": "testId",
            "access_key_secret": "testSecret",
            "sign_name": "测试签名",
            "templates": {"clerk_waybill": "SMS_000000001"},
            "receipt_secret": RECEIPT_SECRET,
        }
    )


@pytest.fixture
def settings() -> SmsSettings:
    return sms_settings()


@pytest.fixture
def wire() -> Iterator[respx.MockRouter]:
    with respx.mock(base_url=BASE) as router:
        yield router


@pytest.fixture
async def messenger(settings: SmsSettings) -> AsyncIterator[AliyunSms]:
    client = AliyunSms(settings)
    yield client
    await client.close()
