from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest
import respx

from connectors.credit import CreditSettings, CrmCredit
from domain.shipping import CreditRequest

BASE = "https://crm.example/tenant-7"
NOW = datetime(2026, 3, 1, 2, 20, 31, tzinfo=UTC)


def credit_request() -> CreditRequest:
    return CreditRequest(
        request_id="b2b:main:SO1:credit:1",
        order_id="b2b:main:SO1",
        customer_id="C10086",
        customer_name="测试商贸",
        tax_no="91310000TEST",
        amount_fen=1280000,
        payment_terms="NET30",
        order_time=NOW,
    )


@pytest.fixture
def settings() -> CreditSettings:
    return CreditSettings.model_validate(
        {
            "base_url": BASE,
            "app": "orderhub",
            "secret": "creditsecret",
            "callback_url": "https://hub.example/hooks/credit",
        }
    )


@pytest.fixture
def wire() -> Iterator[respx.MockRouter]:
    with respx.mock(base_url=BASE, assert_all_called=False) as router:
        yield router


@pytest.fixture
async def bureau(settings: CreditSettings) -> AsyncIterator[CrmCredit]:
    client = CrmCredit(settings)
    yield client
    await client.close()
