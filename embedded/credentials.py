"""The settings of one embedded installation: what hub and sandbox must both know, told to both from one place."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from runtime.keys import new_key

TAOBAO_SHOP = "tb-main"
JD_SHOP = "10001"
PDD_SHOP = "100001"
XIAOHONGSHU_SHOP = "xhs-main"
WECHAT_APP = "wx0000000000000001"

CONSENTS = {"jd": JD_SHOP, "pdd": PDD_SHOP, "xiaohongshu": XIAOHONGSHU_SHOP}
"""Shops whose owner must consent before they can be read, by channel."""

_SENDER = {"province": "浙江省", "city": "杭州市", "district": "余杭区", "detail": "文一西路示例仓 1 号"}
_PHONE = "13800001234"

_SECRETS = (
    *("own", "douyin", "qimen", "sf", "cainiao", "kdniao", "credit", "sms", "sf_push", "sms_receipt", "staff"),
    *("taobao", "taobao_session", "jd", "jd_access", "jd_refresh", "jd_ftp", "pdd", "pdd_access", "pdd_refresh"),
    *("xiaohongshu", "pos", "b2b", "wechat", "wechat_apiv3", "wechat_orders"),
)
_ASKED = {"pull": True, "stock": True}
"""What shops of the REST protocol want."""
_RSA_KEYS = ("wechat_platform", "wechat_merchant")
_MERCHANT_SERIAL = "7000000000000000000000000000000000000001"
_PLATFORM_SERIAL = "PUB_KEY_ID_0000000000000000000000000000001"


@dataclass(frozen=True)
class Ports:
    """Where the embedded processes listen, all on the loopback."""

    temporal: int
    temporal_ui: int
    gateway: int
    sandbox: int
    ftp: int = 0
    """The sandbox's FTP server; 0: there is none (an installation of an earlier version)."""


def new_secrets(kept: dict[str, str] | None = None) -> dict[str, str]:
    """Secrets of a new installation, or what an older one lacks beside those that it has."""
    kept = kept or {}
    secret = {name: secrets.token_hex(16) for name in _SECRETS if name not in kept}
    keys = {name: _rsa_key() for name in _RSA_KEYS if name not in kept}
    return {"encryption": new_key(), **secret, **keys, **kept}


def _rsa_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _public_half(pem: str) -> str:
    key = load_pem_private_key(pem.encode(), None).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def settings_tree(path: Path, ports: Ports, keys: dict[str, str]) -> dict[str, Any]:
    """All settings of hub and sandbox, nested as the variables are."""
    gateway, sandbox = f"http://127.0.0.1:{ports.gateway}", f"http://127.0.0.1:{ports.sandbox}"
    return {
        "database_url": f"sqlite+aiosqlite:///{path / 'orderhub.db'}",
        "temporal": {"address": f"127.0.0.1:{ports.temporal}", "ui_url": f"http://127.0.0.1:{ports.temporal_ui}"},
        "encryption": {"keys": {"embedded": keys["encryption"]}, "active": "embedded"},
        "gateway": {
            "port": ports.gateway,
            "staff": {"demo": keys["staff"]},
            "roles": {"demo": ["service", "operations", "rules", "finance"]},
        },
        "codec": {"open_on_loopback": True, "allow_origins": [f"http://127.0.0.1:{ports.temporal_ui}"]},
        "company": {
            "sender_phone_tail": _PHONE[-4:],
            "clerk_phones": ["13800005678"],
            "manager_phones": ["13800006789"],
        },
        "telemetry": {"log_level": "INFO"},
        "own": {
            "shops": {"main": {"key_id": "shop-main", "secret": keys["own"], "base_url": f"{sandbox}/own", **_ASKED}},
        },
        "pos": {
            "shops": {
                "till": {"key_id": "shop-till", "secret": keys["pos"], "base_url": f"{sandbox}/pos", **_ASKED},
            },
        },
        "b2b": {
            "shops": {
                "trade": {"key_id": "shop-trade", "secret": keys["b2b"], "base_url": f"{sandbox}/b2b", **_ASKED},
            },
        },
        "wechat": {
            "shops": {
                WECHAT_APP: {
                    "app_secret": keys["wechat"],
                    "mchid": "1900000001",
                    "apiv3_key": keys["wechat_apiv3"],
                    "platform_keys": {_PLATFORM_SERIAL: _public_half(keys["wechat_platform"])},
                    "merchant_serial": _MERCHANT_SERIAL,
                    "merchant_private_key": keys["wechat_merchant"],
                },
            },
            "base_url": f"{sandbox}/wechat",
            "pay_url": f"{sandbox}/wechat",
        },
        "wechat_orders": {
            "shops": {
                WECHAT_APP: {
                    "key_id": "shop-wechat",
                    "secret": keys["wechat_orders"],
                    "base_url": f"{sandbox}/wechat/shop",
                    "pull": True,
                },
            },
        },
        "douyin": {
            "app_key": "7000000000000000001",
            "app_secret": keys["douyin"],
            "shops": ["123456"],
            "base_url": f"{sandbox}/douyin",
            "sender": {"name": "示例仓", "mobile": _PHONE, **_SENDER},
        },
        "taobao": {
            "app_key": "12500001",
            "app_secret": keys["taobao"],
            "shops": {TAOBAO_SHOP: {"session": keys["taobao_session"]}},
            "user_id": 2200001,
            "sender": {"name": "示例仓", "phone": _PHONE, **_SENDER},
            "agreements": {
                carrier: {"template_url": "http://cloudprint.cainiao.com/template/standard/101/1", **more}
                for carrier, more in {"SF": {"customer_code": "7551234567"}, "ZTO": {}}.items()
            },
            "base_url": f"{sandbox}/taobao/router/rest",
        },
        "jd": {
            "app_key": "jd-app-1",
            "app_secret": keys["jd"],
            "shops": {JD_SHOP: {"files": _export_files(ports, keys)} if ports.ftp else {}},
            "base_url": f"{sandbox}/jd",
            "oauth_url": f"{sandbox}/jd",
            "sender": {"name": "示例仓", "mobile": _PHONE, **_SENDER},
            "couriers": {"SF": {"settlement_code": "7550000001"}, "ZTO": {"branch_code": "ZTO00001"}},
        },
        "pdd": {
            "client_id": "pdd-client-1",
            "client_secret": keys["pdd"],
            "shops": [PDD_SHOP],
            "base_url": f"{sandbox}/pdd",
            "sender": {"name": "示例仓", "mobile": _PHONE, **_SENDER},
            "couriers": {
                "SF": {"logistics_id": 44, "wp_code": "SF", "template_url": "https://template.example/sf"},
                "ZTO": {"logistics_id": 115, "wp_code": "ZTO", "template_url": "https://template.example/zto"},
                "YTO": {"logistics_id": 85},  # no e-waybills: what a clerk ships by
            },
        },
        "xiaohongshu": {
            "app_id": "xhs-app-1",
            "app_secret": keys["xiaohongshu"],
            "shops": [XIAOHONGSHU_SHOP],
            "base_url": f"{sandbox}/xiaohongshu",
            "sender": {"name": "示例仓", "mobile": _PHONE, **_SENDER},
            "couriers": {
                "SF": {"code": "shunfeng", "template_id": 1, "customer_code": "7551234567"},
                "ZTO": {"code": "zto", "template_id": 2, "branch_code": "021001"},
                "YTO": {"code": "yuantong"},
            },
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
            "templates": {
                "clerk": "SMS_000000001",
                "scan": "SMS_000000002",
                "approval": "SMS_000000003",
                "declaration": "SMS_000000004",
            },
            "receipt_secret": keys["sms_receipt"],
        },
        "sandbox": {
            "port": ports.sandbox,
            "hub_url": gateway,
            "own": {"shop": "main", "key_id": "shop-main", "secret": keys["own"]},
            "pos": {"shop": "till", "key_id": "shop-till", "secret": keys["pos"]},
            "b2b": {"shop": "trade", "key_id": "shop-trade", "secret": keys["b2b"]},
            "wechat": {
                "appid": WECHAT_APP,
                "app_secret": keys["wechat"],
                "mchid": "1900000001",
                "merchant_serial": _MERCHANT_SERIAL,
                "merchant_public_key": _public_half(keys["wechat_merchant"]),
                "apiv3_key": keys["wechat_apiv3"],
                "platform_key_id": _PLATFORM_SERIAL,
                "platform_private_key": keys["wechat_platform"],
                "rest_key_id": "shop-wechat",
                "rest_secret": keys["wechat_orders"],
            },
            "douyin": {"app_key": "7000000000000000001", "app_secret": keys["douyin"], "shop_id": "123456"},
            "taobao": {
                "app_key": "12500001",
                "app_secret": keys["taobao"],
                "shop": TAOBAO_SHOP,
                "session": keys["taobao_session"],
            },
            "jd": {
                "app_key": "jd-app-1",
                "app_secret": keys["jd"],
                "shop": JD_SHOP,
                "vender_id": int(JD_SHOP),
                "ftp_port": ports.ftp,
                "ftp_password": keys["jd_ftp"],
                "access_token": keys["jd_access"],
                "refresh_token": keys["jd_refresh"],
            },
            "pdd": {
                "client_id": "pdd-client-1",
                "client_secret": keys["pdd"],
                "shop": PDD_SHOP,
                "mall_id": int(PDD_SHOP),
                "access_token": keys["pdd_access"],
                "refresh_token": keys["pdd_refresh"],
            },
            "xiaohongshu": {"app_id": "xhs-app-1", "app_secret": keys["xiaohongshu"], "seller_id": XIAOHONGSHU_SHOP},
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


def _export_files(ports: Ports, keys: dict[str, str]) -> dict[str, Any]:
    """Where JD's order exports lie."""
    server = {"protocol": "ftp", "host": "127.0.0.1", "port": ports.ftp, "user": "jd", "password": keys["jd_ftp"]}
    return {**server, "pattern": "JD_*.csv", "settle_s": 2}
