"""The environment of all embedded processes: addresses, and credentials that hub and sandbox share.

Made once per home folder and kept there (readable by its owner only), so that a later `up` finds its own data again.
The hub knows from these settings alone that its partners are the sandbox.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shlex
import socket
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from runtime.keys import new_key

_SENDER = {"province": "浙江省", "city": "杭州市", "district": "余杭区", "detail": "文一西路示例仓 1 号"}
_PHONE = "13800001234"
SHELL_FILE = "orderhub.env"
"""The environment for a shell: `set -a; . .orderhub/orderhub.env`."""

_FILE = "installation.json"
_LOCK = "lock"


@dataclass(frozen=True)
class Ports:
    """Where the embedded processes listen, all on the loopback."""

    temporal: int
    temporal_ui: int
    gateway: int
    sandbox: int


class HomeInUse(RuntimeError):
    """Another orderhub runs in this folder."""


@dataclass(frozen=True)
class Home:
    """One embedded installation: its folder, ports and environment. Only one process at a time may have it open."""

    path: Path
    ports: Ports
    variables: dict[str, str]

    @property
    def gateway_url(self) -> str:
        """Where the gateway is."""
        return f"http://127.0.0.1:{self.ports.gateway}"

    @property
    def sandbox_url(self) -> str:
        """Where the sandbox is."""
        return f"http://127.0.0.1:{self.ports.sandbox}"

    @property
    def ui_url(self) -> str:
        """Where the Temporal UI is."""
        return f"http://127.0.0.1:{self.ports.temporal_ui}"

    def environ(self) -> dict[str, str]:
        """The environment for a child process: what is set outside wins over our defaults."""
        return {**self.variables, **os.environ}


def open_home(path: Path, ports: Ports | None = None) -> Home:
    """The installation in `path`, made if it is not there; its ports are free ones, kept with it. Raises HomeInUse."""
    path = path.resolve()
    path.mkdir(parents=True, exist_ok=True)
    _lock(path)
    file = path / _FILE
    if file.is_file():
        kept = json.loads(file.read_text(encoding="utf-8"))
        ports, secrets_ = Ports(**kept["ports"]), dict(kept["secrets"])
    else:
        ports, secrets_ = ports or Ports(*free_ports(4)), _new_secrets()
        _write(file, json.dumps({"ports": asdict(ports), "secrets": secrets_}, indent=1))
    variables = _flatten("ORDERHUB", _tree(path, ports, secrets_))
    _write(path / SHELL_FILE, "".join(f"{name}={shlex.quote(value)}\n" for name, value in variables.items()))
    return Home(path, ports, variables)


def _write(file: Path, content: str) -> None:
    """Write a file that only its owner may read."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(content)


def _new_secrets() -> dict[str, str]:
    names = ("own", "douyin", "qimen", "sf", "cainiao", "kdniao", "credit", "sms", "sf_push", "sms_receipt", "staff")
    return {"encryption": new_key(), **{name: secrets.token_hex(16) for name in names}}


def _lock(path: Path) -> None:
    """Hold the folder for the life of this process."""
    held = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        raise HomeInUse(f"another orderhub runs in {path}: stop it, or give another folder with --home") from None


def free_ports(count: int) -> list[int]:
    """So many ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for candidate in sockets:
            candidate.bind(("127.0.0.1", 0))
        return [candidate.getsockname()[1] for candidate in sockets]
    finally:
        for candidate in sockets:
            candidate.close()


def _tree(path: Path, ports: Ports, keys: dict[str, str]) -> dict[str, Any]:
    gateway, sandbox = f"http://127.0.0.1:{ports.gateway}", f"http://127.0.0.1:{ports.sandbox}"
    return {
        "database_url": f"sqlite+aiosqlite:///{path / 'orderhub.db'}",
        "temporal": {"address": f"127.0.0.1:{ports.temporal}"},
        "encryption": {"keys": {"embedded": keys["encryption"]}, "active": "embedded"},
        "gateway": {
            "port": ports.gateway,
            "staff": {"demo": keys["staff"]},
        },
        "codec": {"open_on_loopback": True, "allow_origins": [f"http://127.0.0.1:{ports.temporal_ui}"]},
        "company": {"sender_phone_tail": _PHONE[-4:], "clerk_phones": ["13800005678"]},
        "telemetry": {"log_level": "INFO"},
        "own": {
            "shops": {"main": {"key_id": "shop-main", "secret": keys["own"], "base_url": f"{sandbox}/own"}},
        },
        "douyin": {
            "app_key": "7000000000000000001",
            "app_secret": keys["douyin"],
            "shops": ["123456"],
            "base_url": f"{sandbox}/douyin",
            "sender": {"name": "示例仓", "mobile": _PHONE, **_SENDER},
        },
        "qimen": {
            "base_url": f"{sandbox}/qimen/router/qimen/service",
            "app_key": "23000001",
            "app_secret": keys["qimen"],
            "customer_id": "C0001",
            "warehouse_code": "WH01",
            "owner_code": "OWN1",
            "sender": {
                "name": "示例仓",
                "mobile": _PHONE,
                "province": _SENDER["province"],
                "city": _SENDER["city"],
                "area": _SENDER["district"],
                "detail_address": _SENDER["detail"],
            },
        },
        "sf": {
            "base_url": f"{sandbox}/sf/std/service",
            "partner_id": "YXDEMO",
            "check_word": keys["sf"],
            "monthly_card": "7551234567",
            "push_secret": keys["sf_push"],
            "sender": {
                "name": "示例仓",
                "phone": _PHONE,
                "province": _SENDER["province"],
                "city": _SENDER["city"],
                "county": _SENDER["district"],
                "address": _SENDER["detail"],
            },
        },
        "cainiao": {
            "base_url": f"{sandbox}/cainiao/gateway/link.do",
            "token": "demo-waybill-account",
            "secret_key": keys["cainiao"],
            "user_id": 2200001,
            "sender": {"name": "示例仓", "phone": _PHONE, **_SENDER},
            "agreements": {"ZTO": {"template_url": "http://cloudprint.cainiao.com/template/standard/301/1"}},
        },
        "kdniao": {"base_url": f"{sandbox}/kdniao", "business_id": "1237100", "app_key": keys["kdniao"]},
        "credit": {
            "base_url": f"{sandbox}/credit",
            "app": "orderhub",
            "secret": keys["credit"],
            "callback_url": f"{gateway}/hooks/credit",
        },
        "sms": {
            "base_url": f"{sandbox}/sms",
            "access_key_id": "LTAIdemo",
            "access_key_secret": keys["sms"],
            "sign_name": "示例商家",
            "templates": {"clerk": "SMS_000000001"},
            "receipt_secret": keys["sms_receipt"],
        },
        "sandbox": {
            "port": ports.sandbox,
            "hub_url": gateway,
            "own": {"shop": "main", "key_id": "shop-main", "secret": keys["own"]},
            "douyin": {"app_key": "7000000000000000001", "app_secret": keys["douyin"], "shop_id": "123456"},
            "qimen": {"app_key": "23000001", "secret": keys["qimen"], "customer_id": "C0001"},
            "sf": {"partner_id": "YXDEMO", "check_word": keys["sf"], "push_secret": keys["sf_push"]},
            "cainiao": {"provider_id": "demo-waybill-account", "secret": keys["cainiao"]},
            "kdniao": {"business_id": "1237100", "app_key": keys["kdniao"]},
            "credit": {"app": "orderhub", "secret": keys["credit"]},
            "sms": {
                "access_key_id": "LTAIdemo",
                "access_key_secret": keys["sms"],
                "receipt_secret": keys["sms_receipt"],
            },
        },
    }


def _flatten(prefix: str, value: Any) -> dict[str, str]:
    """A tree of settings as environment variables. Lists, and dicts whose keys are data, travel as JSON."""
    variables: dict[str, str] = {}
    for name, part in value.items():
        variable = f"{prefix}__{name.upper()}" if prefix != "ORDERHUB" else f"ORDERHUB_{name.upper()}"
        if isinstance(part, dict) and name not in {"keys", "staff", "shops", "agreements", "templates"}:
            variables.update(_flatten(variable, part))
        elif isinstance(part, str):
            variables[variable] = part
        else:
            variables[variable] = json.dumps(part, ensure_ascii=False)
    return variables
