"""What a directory's packaging files say about where its modules are: read, never run."""

from __future__ import annotations

import configparser
import importlib
import os
import re
from collections.abc import Iterable, Mapping
from typing import Any

from flake8_async_orm.records import record

#: files that make a directory the top of a project
MARKERS = ("pyproject.toml", "setup.cfg", "setup.py", ".git")
#: files that stand at the top of a repository, whose history need not be there
TOPS = ("mypy.ini", "ruff.toml", "tox.ini", "uv.lock")
#: files that are read for where the modules are
PACKAGING = ("pyproject.toml", "setup.cfg")

#: tables and keys of pyproject.toml whose values are directories that hold modules
_ROOT_KEYS = (
    "tool.setuptools.packages.find.where",
    "tool.setuptools.package-dir.",
    "tool.hatch.build.sources",
    "tool.hatch.build.targets.wheel.sources",
    "tool.hatch.build.dev-mode-dirs",
    "tool.uv.build-backend.module-root",
    "tool.pdm.build.package-dir",
    "tool.pytest.ini_options.pythonpath",
)
#: those that other tools are told of: they hold unless they are packages themselves
_HINT_KEYS = ("tool.mypy.mypy_path", "tool.pyright.extraPaths", "tool.ruff.src")
#: those whose values are the packages themselves
_PACKAGE_KEYS = (
    "tool.hatch.build.packages",
    "tool.hatch.build.targets.wheel.packages",
    "tool.hatch.build.targets.wheel.only-include",
)


@record
class Packaging:
    """`roots`: directories that hold modules, relative to the file's; `hints`: such that may be meant otherwise.

    `members`: glob patterns of sibling projects. `declared`: import names that the project's dependencies look like.
    """

    roots: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    declared: frozenset[str] = frozenset()


def read_packaging(directory: str, names: Iterable[str]) -> Packaging:
    """The packaging of `directory`, which lists `names`. Files that cannot be read say nothing."""
    roots: list[str] = []
    hints: list[str] = []
    members: list[str] = []
    declared: set[str] = set()
    present = set(names)
    if "pyproject.toml" in present:
        table = _toml(os.path.join(directory, "pyproject.toml"))
        roots += _pyproject_roots(table)
        hints += [text for key in _HINT_KEYS for text in _texts(_at(table, key))]
        members += _texts(_at(table, "tool.uv.workspace.members"))
        declared |= _declared(table)
    if "setup.cfg" in present:
        roots += _setup_cfg_roots(os.path.join(directory, "setup.cfg"))
    return Packaging(_clean(roots), _clean(hints), tuple(members), frozenset(declared))


def _clean(directories: Iterable[str]) -> tuple[str, ...]:
    """Relative directories, each once."""
    relative = (text.removeprefix("$MYPY_CONFIG_FILE_DIR").lstrip("/") if "$" in text else text for text in directories)
    return tuple(dict.fromkeys(os.path.normpath(text) for text in relative if text and not os.path.isabs(text)))


def _toml(path: str) -> Mapping[str, Any]:
    for library in ("tomllib", "tomli"):
        try:
            module = importlib.import_module(library)
        except ImportError:
            continue
        try:
            with open(path, "rb") as file:
                table: dict[str, Any] = module.load(file)
                return table
        except (OSError, ValueError):
            return {}
    return {}


def _at(table: Mapping[str, Any], dotted: str) -> Any:
    """The value at a dotted path; a final dot means the key that is empty."""
    value: Any = table
    for key in dotted.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def _texts(value: Any) -> list[str]:
    """The strings in a value that is a string or a list; the keys of a table (hatch's `sources`)."""
    if isinstance(value, str):
        return [part for part in re.split(r"[:,]", value) if part.strip()]
    return [item for item in value if isinstance(item, str)] if isinstance(value, (list, Mapping)) else []


def _pyproject_roots(table: Mapping[str, Any]) -> list[str]:
    roots = [text for key in _ROOT_KEYS for text in _texts(_at(table, key))]
    packages = [text for key in _PACKAGE_KEYS for text in _texts(_at(table, key))]
    roots += [os.path.dirname(os.path.normpath(package)) or "." for package in packages]
    poetry = _at(table, "tool.poetry.packages")
    for package in poetry if isinstance(poetry, list) else ():
        if isinstance(package, Mapping) and isinstance(package.get("from"), str):
            roots.append(package["from"])
    return roots


def _declared(table: Mapping[str, Any]) -> set[str]:
    lines = _texts(_at(table, "project.dependencies")) + _texts(_at(table, "tool.poetry.dependencies"))
    groups = [_at(table, "project.optional-dependencies"), _at(table, "dependency-groups")]
    for group in groups:
        for members in group.values() if isinstance(group, Mapping) else ():
            lines += _texts(members)
    names = (re.match(r"[A-Za-z0-9._-]+", line.strip()) for line in lines)
    return {re.sub(r"[-.]+", "_", found[0]).lower() for found in names if found}


def _setup_cfg_roots(path: str) -> list[str]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, OSError, ValueError):
        return []
    roots = [line.strip() for line in parser.get("options.packages.find", "where", fallback="").splitlines()]
    for line in parser.get("options", "package_dir", fallback="").splitlines():
        package, _, directory = line.partition("=")
        if directory and not package.strip():
            roots.append(directory.strip())
    return roots
