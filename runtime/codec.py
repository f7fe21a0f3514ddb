"""Payload encryption: everything that a workflow's history holds is sealed, summaries and details included."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from temporalio.api.common.v1 import Payload
from temporalio.converter import DataConverter, DefaultPayloadConverter, PayloadCodec

from runtime.keys import KeyRing

ENCODING = b"binary/encrypted"
_CONTEXT = b"temporal-payload"


class EncryptionCodec(PayloadCodec):
    """AES-256-GCM over whole payloads; the key's id is in the metadata, so keys can be rotated."""

    def __init__(self, keys: KeyRing) -> None:
        super().__init__()
        self._keys = keys

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Seal each payload."""
        return [self._seal(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Open each payload; what was never sealed passes through."""
        return [self._open(payload) for payload in payloads]

    def _seal(self, payload: Payload) -> Payload:
        metadata = {"encoding": ENCODING, "encryption-key-id": self._keys.active.encode()}
        return Payload(metadata=metadata, data=self._keys.seal(payload.SerializeToString(), _CONTEXT))

    def _open(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        key_id = payload.metadata["encryption-key-id"].decode()
        return Payload.FromString(self._keys.open(key_id, payload.data, _CONTEXT))


def data_converter(keys: KeyRing | None) -> DataConverter:
    """The converter of all clients and workers; without keys (tests of single workflows) nothing is sealed."""
    base = DataConverter(payload_converter_class=DefaultPayloadConverter)
    return base if keys is None else dataclasses.replace(base, payload_codec=EncryptionCodec(keys))
