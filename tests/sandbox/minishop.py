"""A merchant with a mini-program on the sandbox's WeChat: the whole sandbox runs, and a hub takes what it is sent."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sandbox.app import create_app
from sandbox.settings import SandboxSettings, WechatSettings
from sandbox.wechat import WechatPlatform
from sandbox.world import World
from tests.sandbox.stage import HUB, make_settings, until
from tests.sandbox.town import Heard, Hub, draft

APPID, MCHID, SERIAL = "wx0000000000000001", "1900000001", "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
APIV3_KEY = "0123456789abcdef0123456789ABCDEF"
PLATFORM_KEY_ID = "PUB_KEY_ID_0000000000000000000000000000001"


@cache
def private_key(owner: str) -> rsa.RSAPrivateKey:
    """A key pair of the whole test run, by its owner's name."""
    assert owner
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(owner: str) -> str:
    """The owner's private key as text."""
    form, encryption = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return private_key(owner).private_bytes(serialization.Encoding.PEM, form, encryption).decode()


def public_pem(owner: str) -> str:
    """The owner's public key as text."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return private_key(owner).public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def signed_by_platform(headers: httpx.Headers, body: bytes) -> None:
    """Raise InvalidSignature unless WeChat Pay signed these bytes with its own key."""
    assert headers["wechatpay-serial"] == PLATFORM_KEY_ID
    assert headers["wechatpay-signature-type"] == "WECHATPAY2-SHA256-RSA2048"
    stamp, nonce = headers["wechatpay-timestamp"], headers["wechatpay-nonce"]
    text = f"{stamp}\n{nonce}\n".encode() + body + b"\n"
    signature = base64.b64decode(headers["wechatpay-signature"])
    private_key("platform").public_key().verify(signature, text, padding.PKCS1v15(), hashes.SHA256())
    assert abs(time.time() - int(stamp)) <= 300


def opened(heard: Heard) -> tuple[str, dict[str, Any]]:
    """The event and the content of a notification whose signature is right."""
    signed_by_platform(heard.headers, heard.body)
    notice = heard.json()
    resource = notice["resource"]
    assert (notice["resource_type"], resource["algorithm"]) == ("encrypt-resource", "AEAD_AES_256_GCM")
    sealed, nonce = base64.b64decode(resource["ciphertext"]), resource["nonce"].encode()
    plain = AESGCM(APIV3_KEY.encode()).decrypt(nonce, sealed, resource["associated_data"].encode())
    return notice["event_type"], json.loads(plain)


@dataclass
class MiniShop:
    """The shop's developers: they call WeChat, and look at what the hub heard."""

    http: httpx.AsyncClient
    world: World
    wechat: WechatPlatform
    hub: Hub
    handed_over: list[tuple[str, str]] = field(default_factory=list)
    token: str = ""

    async def control(self, path: str, content: object = None, status: int = 204) -> Any:
        """One call of the controls, whose status is checked."""
        response = await self.http.post(f"/control{path}", json=content)
        assert response.status_code == status, response.text
        return response.json() if response.content else None

    async def order(self, *drafts: dict[str, Any]) -> list[str]:
        """Place orders; their numbers."""
        placed = await self.control("/orders", list(drafts) or [draft(channel="wechat")], 200)
        return [entry["order_no"] for entry in placed]

    async def paid(self, *drafts: dict[str, Any]) -> list[str]:
        """Place orders and wait until they are paid and all is told; their numbers."""
        numbers = await self.order(*drafts)
        await until(lambda: not self.world.pending)
        return numbers

    def notices(self) -> list[tuple[str, dict[str, Any]]]:
        """The notifications that the hub heard, opened."""
        return [opened(heard) for heard in self.hub.at("/hooks/wechat")]

    def documents(self) -> list[dict[str, Any]]:
        """The orders that the shop's backend sent, one after the other."""
        contents = [heard.json() for heard in self.hub.at("/api/v1/orders")]
        return [order for content in contents for order in content.get("orders", [content])]

    def entry(self, number: str) -> dict[str, Any]:
        """An order in the book."""
        [found] = [order for order in self.wechat.book()["orders"] if order["order_no"] == number]
        return dict(found)

    async def pay(self, target: str, *, signed: str | None = None, **changes: str) -> httpx.Response:
        """One signed call of WeChat Pay; `changes` go into the Authorization, `signed` is signed for `target`."""
        stamp, nonce = str(int(time.time())), "593BEC0C930BF1AFEB40B4A08C8FB242"
        fields = {"mchid": MCHID, "nonce_str": nonce, "timestamp": stamp, "serial_no": SERIAL} | changes
        text = f"GET\n{signed or target}\n{fields['timestamp']}\n{fields['nonce_str']}\n\n".encode()
        owner = fields.pop("owner", "merchant")
        signature = private_key(owner).sign(text, padding.PKCS1v15(), hashes.SHA256())
        fields = {"signature": base64.b64encode(signature).decode()} | fields
        value = ",".join(f'{name}="{text}"' for name, text in fields.items())
        headers = {"Authorization": f"WECHATPAY2-SHA256-RSA2048 {value}", "Accept": "application/json"}
        return await self.http.get(f"/wechat{target}", headers=headers)

    async def found(self, target: str) -> dict[str, Any]:
        """What WeChat Pay answers, its signature checked."""
        response = await self.pay(target)
        assert response.status_code == 200, response.text
        signed_by_platform(response.headers, response.content)
        return dict(response.json())

    async def call(self, path: str, content: object, *, token: str | None = None) -> dict[str, Any]:
        """One call of the mini-program's server, JSON in plain UTF-8 unless it is bytes already."""
        body = content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()
        query = {"access_token": self.token if token is None else token}
        response = await self.http.post(f"/wechat{path}", params=query, content=body)
        assert response.status_code == 200
        return dict(response.json())

    async def renew(self, **changes: object) -> dict[str, Any]:
        """Ask for the token."""
        asked = {"grant_type": "client_credential", "appid": APPID, "secret": "wx-secret"} | changes
        return await self.call("/cgi-bin/stable_token", asked, token="")


def wechat_settings(pace: dict[str, float] | None = None, **changes: Any) -> SandboxSettings:
    """The tests' settings with a mini-program, whose WeChat sends nothing twice unless it is asked to."""
    given = {
        "app_secret": "wx-secret",
        "merchant_serial": SERIAL,
        "merchant_public_key": public_pem("merchant"),
        "apiv3_key": APIV3_KEY,
        "platform_private_key": private_pem("platform"),
        "rest_secret": "rest-secret",
        "duplicate_share": 0,
        "probe_share": 0,
    }
    settings = make_settings(**{"pay_s": 0.0} | (pace or {}))
    wechat = WechatSettings.model_validate(given | changes)
    return settings.model_copy(update={"only": ["wechat"], "wechat": wechat})


@asynccontextmanager
async def minishop(pace: dict[str, float] | None = None, **changes: Any) -> AsyncIterator[MiniShop]:
    """Run the sandbox with a mini-program; the shop has a token."""
    app = create_app(wechat_settings(pace, **changes))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://sandbox.test") as http,
    ):
        world, hub = app.state.world, Hub()
        await world._hub.aclose()
        world._hub = httpx.AsyncClient(transport=httpx.ASGITransport(hub.app()), base_url=HUB)
        shop = MiniShop(http, world, app.state.partners["wechat"], hub)
        world.on_hand_over(lambda carrier, number: shop.handed_over.append((carrier, number)))
        shop.token = (await shop.renew())["access_token"]
        yield shop
