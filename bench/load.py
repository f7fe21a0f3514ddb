"""A shop in a hurry: signed requests made beforehand, and sent over a few connections as fast as they are answered."""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.order import PaymentTerms
from sandbox.buyers import Buyers
from sandbox.own.document import document
from sandbox.own.signing import signed_headers

PATH = "/api/v1/orders"
NEWEST = 2
"""The version in which every order comes first, so that its version 1 is stale when it comes later."""
REPEATS, STALE, OF = 2, 1, 20
"""Of so many documents, so many were sent before, and so many are an older version of an order sent before."""

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)
_TEMPLATES = 300


class LoadFailed(RuntimeError):
    """The gateway did not answer as it should."""


class Shop:
    """Makes requests: orders of made-up buyers, a part of them repeated, and older versions that come too late."""

    def __init__(self, shop: str, key_id: str, secret: str, seed: int = 1) -> None:
        self._dice = random.Random(seed)
        self._shop = shop
        self._key = (key_id, secret)
        self._numbered = 0
        drafts = [draft for draft in Buyers(seed).drafts(_TEMPLATES * 2, ["own"]) if _paid_before(draft.customer.terms)]
        self._templates = [document(draft, shop, "0") for draft in drafts[:_TEMPLATES]]

    def requests(self, orders: int, batch: int) -> list[bytes]:
        """Signed requests, good for five minutes, that bring so many new orders; `batch` documents in each."""
        documents = list(self._documents(orders))
        parts = (documents[start : start + batch] for start in range(0, len(documents), batch))
        return [self._request(part) for part in parts]

    def _documents(self, orders: int) -> Iterator[dict[str, Any]]:
        earlier: list[dict[str, Any]] = []
        not_older_yet: list[dict[str, Any]] = []
        while len(earlier) < orders:
            kind = self._dice.randrange(OF)
            if kind < REPEATS and earlier:
                yield self._dice.choice(earlier)
            elif REPEATS <= kind < REPEATS + STALE and not_older_yet:
                last = not_older_yet.pop(self._dice.randrange(len(not_older_yet)))
                yield last | {"version": 1, "buyer_note": "before the change"}
            else:
                self._numbered += 1
                order = self._dice.choice(self._templates) | {"order_no": f"B{self._numbered:08d}", "version": NEWEST}
                earlier.append(order)
                not_older_yet.append(order)
                yield order

    def _request(self, documents: Sequence[dict[str, Any]]) -> bytes:
        whole: Any = {"orders": documents} if len(documents) > 1 else documents[0]
        body = json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()
        headers = signed_headers(*self._key, "POST", PATH, body)
        head = [f"POST {PATH} HTTP/1.1", "Host: gateway", f"Content-Length: {len(body)}"]
        head += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*head, "", ""]).encode() + body


@dataclass
class Burst:
    """What came of sending: `acks_s` is how long each request waited for its answer."""

    seconds: float = 0.0
    acks_s: list[float] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)

    def results(self) -> Counter[str]:
        """How many documents were answered what."""
        return Counter(result["result"] for answer in self.answers for result in json.loads(answer)["results"])


async def send(port: int, requests: Sequence[bytes], connections: int, at_most_s: float) -> Burst:
    """Send all requests, or as many as are answered in `at_most_s`. Each connection sends its next one when the last
    one is answered. Raises LoadFailed for any answer but 200.
    """
    burst, waiting = Burst(), iter(requests)
    begun = time.perf_counter()
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(connections):
                group.create_task(_connection(port, waiting, burst, begun + at_most_s))
    except* LoadFailed as failed:
        raise failed.exceptions[0] from None
    except* (OSError, asyncio.IncompleteReadError) as broken:
        raise LoadFailed(f"the gateway broke off: {broken.exceptions[0]}") from None
    burst.seconds = time.perf_counter() - begun
    return burst


async def _connection(port: int, waiting: Iterator[bytes], burst: Burst, until: float) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for request in waiting:
            sent = time.perf_counter()
            writer.write(request)
            await writer.drain()
            answer = await _answer(reader)
            now = time.perf_counter()
            burst.acks_s.append(now - sent)
            burst.answers.append(answer)
            if now > until:
                return
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    body = await reader.readexactly(int(length[1])) if length else b""
    if not head.startswith(b"HTTP/1.1 200 "):
        raise LoadFailed(f"{head.splitlines()[0].decode()}: {body[:200].decode(errors='replace')}")
    return body


def _paid_before(terms: PaymentTerms) -> bool:
    # Orders on account would ask the credit bureau, and there is none here.
    return terms is PaymentTerms.PREPAID
