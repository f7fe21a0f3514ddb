"""Settings as a process finds them: complete, nested, and one clear line for each that is wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from embedded.credentials import Ports
from embedded.environment import open_home
from runtime.keys import new_key
from settings import HELP, Settings, load_settings


@pytest.fixture(autouse=True)
def complete(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """The environment of an embedded installation, and no `.env` beside it."""
    for name in [name for name in os.environ if name.upper().startswith("ORDERHUB_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    variables = open_home(tmp_path / "home", Ports(1, 2, 3, 4)).variables
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


def _refused(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines that a process with wrong settings ends with."""
    with pytest.raises(SystemExit) as ended:
        load_settings()
    assert ended.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert lines[-len(HELP) :] == list(HELP)
    return lines[: -len(HELP)]


def test_a_complete_environment_is_read() -> None:
    settings = load_settings()
    assert settings.temporal.address == "127.0.0.1:1"
    assert settings.qimen.sender.city == "杭州市"
    assert settings.own is not None
    assert list(settings.own.shops) == ["main"]
    assert settings.intake.start_window == 10


def test_nested_names_and_structures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERHUB_TEMPORAL__PARTNER_QUEUES", '{"request_waybill": "couriers"}')
    monkeypatch.setenv("ORDERHUB_TIMINGS__STOCK_RETRY_S", "1.5")
    monkeypatch.setenv("ORDERHUB_QIMEN__LIMITS__TIMEOUT_S", "9")
    monkeypatch.setenv("orderhub_language", "en")
    settings = load_settings()
    assert settings.temporal.partner_queues == {"request_waybill": "couriers"}
    assert settings.timings.stock_retry_s == 1.5
    assert settings.qimen.limits.timeout_s == 9
    assert settings.language == "en"


def test_a_file_beside_the_process_is_read_and_the_environment_wins(tmp_path: Path, complete: dict[str, str]) -> None:
    (tmp_path / ".env").write_text(
        "ORDERHUB_TEMPORAL__NAMESPACE=shop\nORDERHUB_TEMPORAL__ADDRESS=elsewhere:1\nOTHER=1\n"
    )
    settings = load_settings()
    assert (settings.temporal.namespace, settings.temporal.address) == ("shop", "127.0.0.1:1")


def test_partners_that_are_not_configured_are_absent(monkeypatch: pytest.MonkeyPatch, complete: dict[str, str]) -> None:
    for name in complete:
        if name.startswith(("ORDERHUB_SF__", "ORDERHUB_DOUYIN__", "ORDERHUB_CAINIAO__", "ORDERHUB_OWN__")):
            monkeypatch.delenv(name)
    settings = load_settings()
    assert (settings.sf, settings.douyin, settings.cainiao, settings.own) == (None, None, None, None)


def test_no_secret_shows() -> None:
    settings = load_settings()
    shown = f"{settings!r} {settings.model_dump_json()}"
    secrets = [
        settings.qimen.app_secret,
        settings.credit.secret,
        settings.sms.access_key_secret,
        settings.encryption.keys["embedded"],
        settings.gateway.staff["demo"],
        settings.database_url,
    ]
    assert all(secret.get_secret_value() not in shown for secret in secrets)


@pytest.mark.parametrize(
    "name",
    [
        *("ORDERHUB_ENCRYPTION__KEYS", "ORDERHUB_ENCRYPTION__ACTIVE", "ORDERHUB_QIMEN__APP_SECRET"),
        *("ORDERHUB_QIMEN__SENDER__MOBILE", "ORDERHUB_KDNIAO__BUSINESS_ID", "ORDERHUB_SMS__SIGN_NAME"),
    ],
)
def test_a_missing_one_is_one_line_that_names_it(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(name)
    assert _refused(capsys) == [f"setting {name}: Field required"]


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("ORDERHUB_INTAKE__START_WINDOW", "0", "Input should be greater than 0"),
        ("ORDERHUB_INTAKE__START_WINDOW", "many", "Input should be a valid integer"),
        ("ORDERHUB_LANGUAGE", "fr", "Input should be 'zh' or 'en'"),
        ("ORDERHUB_COMPANY__SENDER_PHONE_TAIL", "12", "String should match pattern"),
        ("ORDERHUB_TEMPORAL__ADRESS", "x:1", "Extra inputs are not permitted"),
        ("ORDERHUB_ENCRYPTION__KEYS", '{"embedded": "short"}', "a key must be"),
        ("ORDERHUB_ENCRYPTION__KEYS", "{}", "at least 1 item"),
        ("ORDERHUB_ENCRYPTION__ACTIVE", "nobody", "is not among the keys"),
    ],
)
def test_a_wrong_one_is_one_line_that_names_it(
    name: str, value: str, why: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, value)
    (line,) = _refused(capsys)
    assert line.startswith(f"setting {name}: ")
    assert why in line


@pytest.mark.parametrize(
    "name", ["ORDERHUB_ENCRYPTION__KEYS", "ORDERHUB_GATEWAY__STAFF", "ORDERHUB_COMPANY__CLERK_PHONES"]
)
def test_a_structure_that_is_not_json_is_one_line_that_names_it(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, "{hunter2-secret")
    (line,) = _refused(capsys)
    assert line.startswith(f"setting {name}: ")
    assert "hunter2" not in line


@pytest.mark.parametrize("name", ["ORDERHUB_QIMEN", "ORDERHUB_ENCRYPTION"])
def test_a_group_that_is_not_json_is_one_line_that_names_it(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, "{hunter2-secret")
    (line,) = _refused(capsys)
    assert line.startswith(f"setting {name}: ")
    assert "hunter2" not in line


def test_all_wrong_ones_are_told_at_once(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("ORDERHUB_KDNIAO__APP_KEY")
    monkeypatch.setenv("ORDERHUB_SWEEPS__TRACKING_S", "-1")
    names = [line.partition(": ")[0] for line in _refused(capsys)]
    assert names == ["setting ORDERHUB_SWEEPS__TRACKING_S", "setting ORDERHUB_KDNIAO__APP_KEY"]


def test_the_message_never_holds_the_value(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("ORDERHUB_ENCRYPTION__KEYS", f'{{"embedded": "{new_key()[:-8]}"}}')
    (line,) = _refused(capsys)
    assert new_key()[:4] not in line
    assert os.environ["ORDERHUB_ENCRYPTION__KEYS"][14:30] not in line


def test_settings_cannot_be_changed() -> None:
    settings = Settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.language = "en"  # type: ignore[misc]


def test_a_key_that_two_shops_share_is_refused_whatever_their_channels(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ORDERHUB_POS__SHOPS", '{"till": {"key_id": "shop-main", "secret": "another"}}')
    [line] = _refused(capsys)
    assert line.startswith("settings: ")
    assert "own/main and pos/till share a key_id" in line
    assert "another" not in line


def test_shops_of_all_four_channels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERHUB_POS__SHOPS", '{"till": {"key_id": "k", "secret": "s"}}')
    monkeypatch.setenv("ORDERHUB_B2B__SHOPS", '{"direct": {}}')
    monkeypatch.setenv("ORDERHUB_WECHAT_ORDERS__SHOPS", '{"wx1": {"key_id": "w", "secret": "s"}}')
    shops = {(channel, name) for channel, settings in load_settings().rest().items() for name in settings.shops}
    assert shops == {("own", "main"), ("pos", "till"), ("b2b", "direct"), ("wechat", "wx1")}


@pytest.mark.parametrize(
    ("roles", "why"), [('{"demo": ["boss"]}', "service"), ('{"nobody": ["rules"]}', "without a token")]
)
def test_roles_are_those_there_are_of_people_with_a_token(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], roles: str, why: str
) -> None:
    monkeypatch.setenv("ORDERHUB_GATEWAY__ROLES", roles)
    (line,) = _refused(capsys)
    assert "ORDERHUB_GATEWAY__ROLES" in line
    assert why in line
