"""All settings, from the environment (prefix ORDERHUB_, nested by `__`) and from `.env`. `.env.example` lists them."""

from __future__ import annotations

import json
import os
import re
import sys
from decimal import Decimal
from typing import Any, Literal, NoReturn

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from connectors.cainiao import CainiaoSettings
from connectors.credit import CreditSettings
from connectors.douyin import DouyinSettings
from connectors.jd import JdSettings
from connectors.kdniao import KdniaoSettings
from connectors.pdd import PddSettings
from connectors.qimen import QimenSettings
from connectors.rest import Keys, OwnSettings, RestSettings
from connectors.sf import SfSettings
from connectors.sms import SmsSettings
from connectors.taobao import TaobaoSettings
from connectors.wechat import WechatSettings
from connectors.xiaohongshu import XiaohongshuSettings
from domain.order import Channel
from runtime.keys import decode_key


class Group(BaseModel):
    """A group of settings: a name that is not one of them is an error, not a silent nothing."""

    model_config = ConfigDict(extra="forbid")


class TemporalSettings(Group):
    """Where Temporal is, and how workers use it."""

    address: str = "127.0.0.1:7233"
    namespace: str = "default"
    ui_url: str = Field(
        "",
        pattern=r"^(https?://[^/\s?#]+(/[^\s?#]*)?)?$",
        description="the Temporal UI's address, for links from the order desk; empty: no links",
    )
    task_queue: str = "orders"
    sandboxed: bool = Field(
        False, description="run workflows in the SDK's sandbox (tests and CI do); costs a third of the worker's CPU"
    )
    max_cached_workflows: int = Field(5000, gt=0, description="orders kept in a worker's memory while they sleep")
    max_concurrent_activities: int = Field(100, gt=0)
    max_concurrent_workflow_tasks: int = Field(100, gt=1)
    partner_queues: dict[str, str] = Field(
        {}, description="activities that get a task queue of their own: activity name to queue"
    )
    deployment: str = Field("", description="worker deployment name; empty: workers are not versioned")
    build_id: str = Field("", description="this build's id within the deployment")

    @property
    def workflows_url(self) -> str:
        """What a workflow's page in the Temporal UI begins with; "" where that is nowhere."""
        return f"{self.ui_url.rstrip('/')}/namespaces/{self.namespace}/workflows" if self.ui_url else ""


class EncryptionSettings(Group):
    """Keys that protect payloads, tokens and links: key id to 32 bytes in base64 (`orderhub key` makes one)."""

    keys: dict[str, SecretStr] = Field(min_length=1)
    active: str = Field(description="the id of the key that new data is encrypted with")

    @field_validator("keys")
    @classmethod
    def _keys_are_keys(cls, keys: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for secret in keys.values():
            decode_key(secret.get_secret_value())
        return keys

    @field_validator("active")
    @classmethod
    def _active_is_one_of_them(cls, active: str, info: ValidationInfo) -> str:
        if active not in info.data.get("keys", {active: None}):
            raise ValueError(f"{active!r} is not among the keys")
        return active


class GatewaySettings(Group):
    """The HTTP side."""

    host: str = "127.0.0.1"
    port: int = 8300
    max_body_bytes: int = Field(5_000_000, gt=0)
    staff: dict[str, SecretStr] = Field({}, description="who may use the staff API: name to bearer token")
    roles: dict[str, list[Literal["service", "operations", "rules", "finance"]]] = Field(
        {}, description="what each of them may do beside looking; who is not in it: service and operations"
    )
    public_url: str = Field(
        "",
        pattern=r"^(https?://[^/\s?#]+(/[^\s?#]*)?)?$",
        description="what phones in the warehouse reach this gateway under; printed in the codes of labels",
    )

    @field_validator("roles")
    @classmethod
    def _roles_are_of_staff(
        cls, roles: dict[str, list[Literal["service", "operations", "rules", "finance"]]], info: ValidationInfo
    ) -> dict[str, list[Literal["service", "operations", "rules", "finance"]]]:
        if unknown := sorted(set(roles) - set(info.data.get("staff", roles))):
            raise ValueError(f"without a token in STAFF: {', '.join(unknown)}")
        return roles


class CodecSettings(Group):
    """Who may read payloads in clear text through the codec endpoint."""

    tokens: list[SecretStr] = Field([], description="bearer tokens that open it")
    open_on_loopback: bool = Field(False, description="serve callers on this machine without a token (embedded mode)")
    allow_origins: list[str] = Field([], description="origins of Temporal UIs that may ask from a browser")


class IntakeSettings(Group):
    """The dispatcher between the inbox and Temporal."""

    start_window: int = Field(10, gt=0, description="orders started that have not come to their first wait yet")
    batch: int = Field(50, gt=0, description="documents taken at once")
    poll_s: float = Field(0.2, gt=0, description="pause between two looks into an empty inbox")
    lease_s: float = Field(60, gt=0, description="after which a dead dispatcher's documents are taken by another")
    retry_s: float = Field(2, gt=0, description="first pause after a document failed; doubles up to five minutes")
    max_attempts: int = Field(50, gt=0, description="after which a document goes to quarantine")


class TimingSettings(Group):
    """How long an order waits before it asks again by itself, in seconds; taken by orders as they start."""

    stock_retry_s: float = Field(600, gt=0)
    pack_deadline_s: float = Field(24 * 3600, gt=0)
    sign_deadline_s: float = Field(72 * 3600, gt=0)
    channel_retry_s: float = Field(900, gt=0)
    address_window_s: float = Field(120 * 60, gt=0)


class SweepSettings(Group):
    """How often the sweeps run, in seconds, and what they leave."""

    waybills_s: float = Field(900, gt=0)
    tracking_s: float = Field(60, gt=0)
    pulls_s: float = Field(60, gt=0, description="how often each shop is asked for changes")
    files_s: float = Field(60, gt=0, description="how often each shop's drop is looked into")
    health_s: float = Field(60, gt=0, description="how often the health of partners' interfaces is judged")
    anomalies_s: float = Field(60, gt=0, description="how often it is counted what goes wrong, and slices are paused")
    deadlines_s: float = Field(60, gt=0, description="how often stages that are nearly or already late are looked for")
    freezes_s: float = Field(60, gt=0, description="how often transfers that were not sent in time are let go")
    stock_publish_s: float = Field(5, gt=0, description="how soon channels are told of stock that moved (class A)")
    stock_safety_s: float = Field(300, gt=0, description="how often articles are compared with their safety stock")
    stock_compare_s: float = Field(
        3600, gt=0, description="how often each article is compared with the warehouse's own figure"
    )
    stock_look_s: float = Field(
        60, gt=0, description="how soon after the warehouse told of a change, and how often while the figures differ"
    )
    transfer_booked_s: float = Field(
        24 * 3600, ge=0, description="how long a warehouse has to book a transfer before its figure counts as different"
    )
    logs_kept_days: int = Field(
        90,
        ge=1,
        description="days for which is kept what channels were told of stock, and what warehouses told of theirs",
    )


class HealthSettings(Group):
    """When a partner's interface counts as unhealthy."""

    threshold_percent: Decimal = Field(
        Decimal("99.5"), gt=0, le=100, description="alert when fewer calls than this worked, over five minutes"
    )
    min_calls: int = Field(20, gt=0, description="fewer calls than this in five minutes raise no alert")


class CompanySettings(Group):
    """What orderhub needs to know of this company."""

    warehouse: str = Field("WH01", description="the warehouse that stock is taken from")
    sender_phone_tail: str = Field("0000", pattern=r"^\d{4}$", description="last four digits of the sender's phone")
    credit_above_fen: int = Field(0, ge=0, description="check credit above this amount too; 0: only orders on account")
    clerk_phones: list[SecretStr] = Field([], description="who is sent the link to enter a waybill number")
    manager_phones: list[SecretStr] = Field(
        [], description="account managers, who are sent a message when a customs declaration lacks something"
    )
    declaration: dict[str, str] = Field(
        {}, description="fields of a customs declaration that hold for every order, like exporter_uscc"
    )
    link_hours: float = Field(12, gt=0, description="how long such a link lives")
    label_hours: float = Field(72, gt=0, description="how long the code of a printed label opens its page")
    transfer_frozen_s: float = Field(
        2 * 3600, gt=0, description="how long a transfer binds its goods before it is sent"
    )
    settle_after_s: float = Field(60, ge=0, description="how long 'not found' is not believed after a lost answer")
    track_silent_after_s: float = Field(6 * 3600, gt=0, description="when a parcel without news is asked for")


class TelemetrySettings(Group):
    """Logs, traces, metrics."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_json: bool = True
    otlp_endpoint: str = Field(
        "", description="OTLP/HTTP collector for traces, e.g. http://collector:4318; empty: none"
    )
    metrics_address: str = Field("", description="host:port of the worker's Prometheus metrics; empty: none")


class Settings(BaseSettings):
    """Everything. A missing or wrong one is one clear line that names the variable."""

    model_config = SettingsConfigDict(
        env_prefix="ORDERHUB_", env_nested_delimiter="__", env_file=".env", extra="ignore", frozen=True
    )

    language: Literal["zh", "en"] = "zh"
    database_url: SecretStr = SecretStr("sqlite+aiosqlite:///.orderhub/orderhub.db")
    temporal: TemporalSettings = TemporalSettings()
    encryption: EncryptionSettings
    gateway: GatewaySettings = GatewaySettings()
    codec: CodecSettings = CodecSettings()
    intake: IntakeSettings = IntakeSettings()
    timings: TimingSettings = TimingSettings()
    sweeps: SweepSettings = SweepSettings()
    health: HealthSettings = HealthSettings()
    company: CompanySettings = CompanySettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    own: OwnSettings | None = None
    pos: RestSettings | None = None
    b2b: RestSettings | None = None
    wechat_orders: RestSettings | None = None
    douyin: DouyinSettings | None = None
    taobao: TaobaoSettings | None = None
    jd: JdSettings | None = None
    pdd: PddSettings | None = None
    xiaohongshu: XiaohongshuSettings | None = None
    wechat: WechatSettings | None = None
    qimen: QimenSettings
    sf: SfSettings | None = None
    cainiao: CainiaoSettings | None = None
    kdniao: KdniaoSettings
    credit: CreditSettings
    sms: SmsSettings
    plugins: dict[str, dict[str, Any]] = Field(
        {}, repr=False, description="connectors of installed packages: entry point name to its own settings"
    )

    @model_validator(mode="after")
    def _keys_tell_shops_apart(self) -> Settings:
        Keys(self.rest())
        return self

    @property
    def public_url(self) -> str:
        """The gateway's address for phones; where none is set, the one that it listens at."""
        return self.gateway.public_url or f"http://{self.gateway.host}:{self.gateway.port}"

    def rest(self) -> dict[Channel, RestSettings]:
        """The channels whose shops speak our own REST protocol, as far as they are configured."""
        channels = {
            Channel.OWN: self.own,
            Channel.POS: self.pos,
            Channel.B2B: self.b2b,
            Channel.WECHAT: self.wechat_orders,
        }
        return {channel: shops for channel, shops in channels.items() if shops is not None}


HELP = (
    "see .env.example for every setting",
    "of what `up` made on this machine: set -a; . .orderhub/orderhub.env (of a demo: . .orderhub/demo/orderhub.env)",
)
"""Where to find the settings, for whoever has none."""


def load_settings() -> Settings:
    """Read the settings, or end the process with one line per wrong variable (exit code 2)."""
    try:
        return Settings()
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False)
        _refuse([("__".join(str(part) for part in problem["loc"]), problem["msg"]) for problem in problems])
    except SettingsError as error:
        _refuse([(name, "must be JSON") for name in _not_json(error)])


def _not_json(error: SettingsError) -> list[str]:
    # The library names the group only. The variable is the group's own, or one in it that opens like JSON and is none.
    found = re.search(r'field "(\w+)"', str(error))
    group = found[1] if found else ""
    names = []
    for variable, value in os.environ.items():
        name = variable.lower().removeprefix("orderhub_")
        if name == group or (name.startswith(f"{group}__") and value.lstrip().startswith(("{", "["))):
            try:
                json.loads(value)
            except ValueError:
                names.append(name)
    return names or [group]


def _refuse(problems: list[tuple[str, str]]) -> NoReturn:
    for name, why in problems:
        # What is wrong between settings belongs to no one of them, and names those that it is about.
        subject = f"setting ORDERHUB_{name.upper()}" if name else "settings"
        print(f"{subject}: {why}", file=sys.stderr)  # noqa: T201 - before logging is set up
    for line in HELP:
        print(line, file=sys.stderr)  # noqa: T201
    raise SystemExit(2)
