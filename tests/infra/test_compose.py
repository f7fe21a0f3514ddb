"""compose.yaml is valid, runs real commands, and holds no secret."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft201909Validator

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "infra" / "compose.yaml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "infra/Containerfile" in str(service.get("build"))}
VALIDATOR = Draft201909Validator(json.loads(Path(__file__).with_name("compose-spec.json").read_text(encoding="utf-8")))


def problems(compose: dict[str, Any]) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(compose)]


def test_it_fits_the_compose_specification() -> None:
    assert problems(COMPOSE) == []


def test_the_schema_finds_mistakes() -> None:
    broken = copy.deepcopy(COMPOSE)
    broken["services"]["gateway"]["comand"] = ["gateway"]
    broken["services"]["setup"]["depends_on"]["temporal"]["condition"] = "service_ready"
    assert len(problems(broken)) == 2


def test_the_parts_of_orderhub_are_there() -> None:
    assert {name: service["command"][0] for name, service in OURS.items()} == {
        "setup": "setup",
        "gateway": "gateway",
        "worker": "worker",
    }


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_command_is_a_real_one(name: str) -> None:
    command = [sys.executable, "-c", "import cli; cli.main()", *OURS[name]["command"], "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_command_that_does_not_exist_would_be_noticed() -> None:
    command = [sys.executable, "-c", "import cli; cli.main()", "no-such-command", "--help"]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 2


def test_every_variable_is_documented_and_every_documented_one_is_used() -> None:
    used = set(re.findall(r"\$\{(\w+)", TEXT))
    example = (ROOT / "infra" / ".env.example").read_text(encoding="utf-8")
    assert set(re.findall(r"^(\w+)=", example, re.MULTILINE)) == used


def test_secrets_are_required_and_never_written_down() -> None:
    required = {name for name, sign in re.findall(r"\$\{(\w+)(:\?|:-|\})", TEXT) if sign == ":?"}
    secret = {name for name in re.findall(r"\$\{(\w+)", TEXT) if "PASSWORD" in name or "SECRET" in name}
    assert secret <= required
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|PWD|SECRET|KEY", name):
                assert re.fullmatch(r"\$\{\w+:\?.+\}", value), name
    example = (ROOT / "infra" / ".env.example").read_text(encoding="utf-8")
    assert {name for name, value in re.findall(r"^(\w+)=(.*)$", example, re.MULTILINE) if not value} == required


def test_defaults_in_compose_are_those_of_the_example() -> None:
    example = dict(re.findall(r"^(\w+)=(.+)$", (ROOT / "infra" / ".env.example").read_text("utf-8"), re.MULTILINE))
    assert dict(re.findall(r"\$\{(\w+):-([^}]+)\}", TEXT)) == example


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_restarts_and_pins_its_version(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] in {"unless-stopped", "on-failure"}
    tag = service["image"].partition(":")[2]
    assert tag
    assert "latest" not in tag


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_ports_are_open_on_loopback_only(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_who_is_waited_for_healthy_can_tell_its_health(name: str) -> None:
    for other, how in SERVICES[name].get("depends_on", {}).items():
        if how["condition"] == "service_healthy":
            assert SERVICES[other]["healthcheck"]["test"]
        if how["condition"] == "service_completed_successfully":
            assert SERVICES[other]["restart"] == "on-failure"


def test_the_files_it_mounts_exist() -> None:
    mounts = [mount for service in SERVICES.values() for mount in service.get("volumes", [])]
    files = [mount.partition(":")[0] for mount in mounts if mount.startswith("./")]
    assert files
    assert all((ROOT / "infra" / file).is_file() for file in files)


def test_data_lives_in_named_volumes() -> None:
    for name in ("postgres", "temporal-postgres"):
        (mount,) = SERVICES[name]["volumes"]
        assert mount.partition(":")[0] in COMPOSE["volumes"]
