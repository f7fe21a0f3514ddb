"""`.env.example` names every setting, and nothing else; the defaults that it shows are the real ones."""

from __future__ import annotations

import json
import re
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Union, get_args, get_origin

import pytest
from dotenv import dotenv_values
from pydantic import BaseModel, SecretStr, TypeAdapter
from pydantic.fields import FieldInfo

from sandbox.settings import SandboxSettings
from settings import Settings, load_settings

NO_TEMPLATES = {"clerk": "", "scan": "", "approval": "", "declaration": ""}
EXAMPLE = Path(__file__).parents[2] / ".env.example"
_LINE = re.compile(r"^(?P<default># )?(?P<name>ORDERHUB_[A-Z0-9_]+)=(?P<value>.*)$")
_MISSING = object()


def group_in(annotation: Any) -> type[BaseModel] | None:
    """The group of settings that a field holds, also behind `| None`; None for a leaf (a table of groups is one)."""
    inside = get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)
    return next((part for part in inside if isinstance(part, type) and issubclass(part, BaseModel)), None)


def leaves(model: type[BaseModel], prefix: str, default: object = _MISSING) -> Iterator[tuple[str, FieldInfo, object]]:
    """Every leaf below `model`: its variable, its field, and the value that it has when nothing is set."""
    for name, field in model.model_fields.items():
        value = (
            getattr(default, name) if isinstance(default, BaseModel) else field.get_default(call_default_factory=True)
        )
        if field.is_required() and not isinstance(default, BaseModel):
            value = _MISSING
        group = group_in(field.annotation)
        if group is None:
            yield f"{prefix}{name.upper()}", field, value
        else:
            yield from leaves(group, f"{prefix}{name.upper()}__", value)


def all_leaves() -> dict[str, tuple[FieldInfo, object]]:
    found = [*leaves(Settings, "ORDERHUB_"), *leaves(SandboxSettings, "ORDERHUB_SANDBOX__")]
    return {name: (field, default) for name, field, default in found}


def shown() -> dict[str, tuple[bool, str]]:
    """Every variable of the example: whether it is shown as a default, and its value as a shell reads it."""
    lines = [_LINE.match(line) for line in EXAMPLE.read_text(encoding="utf-8").splitlines()]
    return {hit["name"]: (bool(hit["default"]), hit["value"].strip("'")) for hit in lines if hit}


LEAVES = all_leaves()


def test_leaves_are_found_in_every_kind_of_group() -> None:
    assert {
        "ORDERHUB_LANGUAGE",  # at the top
        "ORDERHUB_TEMPORAL__ADDRESS",  # in a group with a default
        "ORDERHUB_KDNIAO__LIMITS__PER_SECOND",  # in a group in a required group
        "ORDERHUB_SF__SENDER__NAME",  # in a group in an optional group
        "ORDERHUB_OWN__SHOPS",  # a table
        "ORDERHUB_SANDBOX__SF__CHECK_WORD",
    } <= set(LEAVES)
    assert LEAVES["ORDERHUB_KDNIAO__LIMITS__PER_SECOND"][1] == 10.0
    assert LEAVES["ORDERHUB_SF__SENDER__NAME"][1] is _MISSING


def test_every_setting_is_named_and_every_name_is_a_setting() -> None:
    assert set(shown()) == set(LEAVES)


def test_no_variable_stands_there_twice() -> None:
    names = [hit["name"] for hit in map(_LINE.match, EXAMPLE.read_text(encoding="utf-8").splitlines()) if hit]
    assert len(names) == len(set(names))


def with_defaults() -> list[str]:
    return sorted(name for name, (_, default) in LEAVES.items() if default is not _MISSING)


@pytest.mark.parametrize("name", with_defaults())
def test_the_default_shown_is_the_default(name: str) -> None:
    field, default = LEAVES[name]
    is_default, raw = shown()[name]
    assert is_default, "it has a default: it must be shown as one"
    annotation: Any = field.annotation
    kind: TypeAdapter[Any] = TypeAdapter(annotation)
    is_json = get_origin(field.annotation) in (dict, list)
    value = kind.validate_python(json.loads(raw) if is_json else raw)
    plain = [each.get_secret_value() if isinstance(each, SecretStr) else each for each in (value, default)]
    assert plain[0] == plain[1]


def test_what_must_be_filled_in_is_empty() -> None:
    filled = {
        name: raw
        for name, (is_default, raw) in shown().items()
        if LEAVES[name][1] is _MISSING
        and (
            raw not in {"", "{}", "[]", '{"clerk": "", "scan": "", "approval": "", "declaration": ""}'}
            or "base_url" in raw
        )
    }
    assert filled == {}


def test_only_what_every_installation_must_fill_in_is_switched_on() -> None:
    switched_on = {name for name, (is_default, _) in shown().items() if not is_default}
    optional = {f"ORDERHUB_{name.upper()}__" for name, field in Settings.model_fields.items() if field.default is None}
    required = {name for name, (_, default) in LEAVES.items() if default is _MISSING}
    assert switched_on == {name for name in required if not name.startswith((*optional, "ORDERHUB_SANDBOX__"))}


def test_an_untouched_copy_is_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in LEAVES:
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".env").write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        load_settings()
    assert end.value.code == 2
    assert "setting ORDERHUB_ENCRYPTION__KEYS: " in capsys.readouterr().err


def test_a_filled_in_copy_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in LEAVES:
        monkeypatch.delenv(name, raising=False)
    key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    filled = EXAMPLE.read_text(encoding="utf-8")
    filled = filled.replace("ORDERHUB_ENCRYPTION__KEYS='{}'", f'ORDERHUB_ENCRYPTION__KEYS=\'{{"k": "{key}"}}\'')
    filled = filled.replace("ORDERHUB_ENCRYPTION__ACTIVE=", "ORDERHUB_ENCRYPTION__ACTIVE=k")
    filled = re.sub(r"^(ORDERHUB_\w+)=$", r"\1=made-up-and-long-enough", filled, flags=re.MULTILINE)
    (tmp_path / ".env").write_text(filled, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    settings = load_settings()
    assert settings.sf is None
    assert list(settings.encryption.keys) == ["k"]
    assert settings.sms.templates == NO_TEMPLATES
    assert set(dotenv_values(tmp_path / ".env")) == {
        name for name, (is_default, _) in shown().items() if not is_default
    }
