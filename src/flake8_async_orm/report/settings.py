"""The settings in force, as they would stand in pyproject.toml."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flake8_async_orm.config import Config

#: settings that are tables of keys and values
_TABLES = ("per-file-ignores", "severity")


def settings(config: Config) -> str:
    """Every setting in TOML, unset ones as comments."""
    lines = [f"# from {config.file}" if config.file else "# no pyproject.toml has settings", "[tool.flake8-async-orm]"]
    for name, value in config.settings().items():
        lines.append(f"# {name} is not set" if value is None else f"{name} = {_toml(value, name in _TABLES)}")
    return "\n".join(lines) + "\n"


def _toml(value: object, table: bool = False) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        row = {key.replace("_", "-"): item for key, item in dataclasses.asdict(value).items() if item is not None}
        return _inline(row)
    assert isinstance(value, tuple), value
    return _inline(dict(value)) if table else f"[{', '.join(map(_toml, value))}]"


def _inline(row: Mapping[str, object]) -> str:
    items = (
        f"{key if re.fullmatch('[A-Za-z0-9_-]+', key) else json.dumps(key)} = {_toml(item)}"
        for key, item in row.items()
    )
    return f"{{{', '.join(items)}}}"
