"""The schema of the settings says what the settings are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import flake8_async_orm
from flake8_async_orm import codes
from flake8_async_orm.config import GIVES, HOW, READERS, SEVERITIES, Config, ConfigError, SessionProvider, read_options

SCHEMA: dict[str, Any] = json.loads(Path(flake8_async_orm.__file__).with_name("schema.json").read_text("utf-8"))
PROVIDER = {"name": "infra.db.transaction", "gives": "session", "how": "await", "expire-on-commit": False}


def accepted(options: dict[str, object]) -> bool:
    try:
        jsonschema.validate(options, SCHEMA, cls=jsonschema.Draft7Validator)
    except jsonschema.ValidationError:
        return False
    return True


def taken(options: dict[str, object]) -> bool:
    try:
        read_options(options, "here")
    except ConfigError:
        return False
    return True


def test_it_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)


def test_it_has_every_option_and_no_other() -> None:
    assert set(SCHEMA["properties"]) == set(READERS)
    assert all(one["description"].endswith(".") for one in SCHEMA["properties"].values())


def test_its_defaults_are_those_of_the_settings() -> None:
    defaults = {name: one["default"] for name, one in SCHEMA["properties"].items() if "default" in one}
    plain = {
        name: dict(value)
        if name in ("per-file-ignores", "severity")
        else list(value)
        if isinstance(value, tuple)
        else value  # type: ignore[call-overload]
        for name, value in Config().settings().items()
    }
    # the usual exclusions are not spelled out
    assert {name for name, value in plain.items() if value is not None} - set(defaults) == {"exclude"}
    assert all(plain[name] == value for name, value in defaults.items())


def test_its_choices_are_those_of_the_settings() -> None:
    provider = SCHEMA["definitions"]["provider"]["properties"]
    assert tuple(provider["gives"]["enum"]) == GIVES
    assert tuple(provider["how"]["enum"]) == HOW
    assert tuple(SCHEMA["properties"]["severity"]["additionalProperties"]["enum"]) == SEVERITIES
    made = SessionProvider("x", provider["gives"]["default"], provider["how"]["default"])
    assert read_options({"session-providers": [{"name": "x"}]}, "")["session_providers"] == (made,)


def test_it_takes_every_code_and_name() -> None:
    words = [word for row in codes.table().values() for word in (row.code, row.code[:4], row.name)]
    assert accepted({"select": words})
    assert taken({"select": words})


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"select": ["AOR", "AOR1", "lazy-load"], "ignore": [], "extend-select": ["AOR901"]},
        {"per-file-ignores": {"tests/*": ["AOR5"], "!src/*": []}},
        {"exclude": ["gen"], "extend-exclude": ["a/**/b.py"], "src": ["lib"]},
        *({"sqlalchemy-version": text} for text in ("2.0", ">=1.4,<2.1", "== 2.0.*", "~=2.1")),
        {"expire-on-commit": False, "report-guesses": True, "maybe-paths": True, "preview": True},
        {"baseline": "known.json", "cache-dir": ".cache", "required-version": ">=0.0.1"},
        {"severity": {"AOR5": "warning", "lazy-load": "hint"}},
        {"session-providers": [PROVIDER, {"name": "x"}]},
    ],
)
def test_both_take(options: dict[str, object]) -> None:
    assert (accepted(options), taken(options)) == (True, True)


@pytest.mark.parametrize(
    "options",
    [
        {"slect": []},
        {"per_file_ignores": {}},
        {"select": "AOR1"},
        {"select": [1]},
        {"select": ["E501"]},
        {"select": ["aor1"]},
        {"per-file-ignores": ["x"]},
        {"per-file-ignores": {"x": "AOR1"}},
        {"preview": 1},
        {"sqlalchemy-version": "two"},
        {"sqlalchemy-version": 2},
        {"sqlalchemy-version": ">=1.4,"},
        {"severity": {"AOR5": "eror"}},
        {"severity": {"E5": "error"}},
        {"baseline": ["x"]},
        {"session-providers": [{"gives": "session"}]},
        {"session-providers": [{**PROVIDER, "giv": 1}]},
        {"session-providers": [{**PROVIDER, "how": "cal"}]},
        {"session-providers": PROVIDER},
    ],
)
def test_both_refuse(options: dict[str, object]) -> None:
    assert (accepted(options), taken(options)) == (False, False)
