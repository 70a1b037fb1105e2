"""Settings: the table `[tool.flake8-async-orm]` of the nearest pyproject.toml, and what the command line puts on top of it."""

from __future__ import annotations

import dataclasses
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NoReturn

from flake8_async_orm import __version__, baseline, codes
from flake8_async_orm.patterns import Patterns
from flake8_async_orm.records import record

TABLE = "flake8-async-orm"
DEFAULT_EXCLUDE = tuple(
    ".bzr .direnv .eggs .flake8_async_orm_cache .git .git-rewrite .hg .ipynb_checkpoints .mypy_cache .nox .pants.d .pyenv "
    ".pytest_cache .pytype .ruff_cache .svn .tox .venv .vscode __pycache__ __pypackages__ _build buck-out build dist "
    "node_modules site-packages venv".split()
)
GIVES = (
    "async-session",
    "session",
    "async-connection",
    "connection",
    "async-engine",
    "engine",
    "async-factory",
    "factory",
)
HOW = ("call", "await", "context-manager", "async-generator", "decorator", "attribute")
SEVERITIES = ("error", "warning", "info", "hint")


class ConfigError(Exception):
    """Settings that cannot be used. The message is one line that names the file, if there is one."""


@record
class SessionProvider:
    """Something out of sight that gives sessions: its dotted `name`, what it `gives`, and `how` one gets it."""

    name: str
    gives: str
    how: str
    expire_on_commit: bool | None = None


@dataclass(frozen=True)
class Config:
    """Every setting. `root` is the absolute directory that relative paths and patterns start from, `file` the file read."""

    root: str = field(default_factory=os.getcwd)
    file: str | None = None
    select: tuple[str, ...] = (codes.PREFIX,)
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    exclude: tuple[str, ...] = DEFAULT_EXCLUDE
    extend_exclude: tuple[str, ...] = ()
    sqlalchemy_version: str | None = None
    expire_on_commit: bool | None = None
    report_guesses: bool = False
    maybe_paths: bool = False
    baseline: str | None = None
    severity: tuple[tuple[str, str], ...] = ()
    preview: bool = False
    required_version: str | None = None
    src: tuple[str, ...] = ()
    cache_dir: str | None = None
    session_providers: tuple[SessionProvider, ...] = ()

    def enabled(self, code: str, default_on: bool = True, preview: bool = False) -> bool:
        """Whether findings of `code` are wanted.

        Of `select` and `ignore` the longer prefix decides, and `ignore` between equals. A code that is off by default, or
        in preview, has to be named: by itself, by its rule's name, or by a prefix of more than `AOR`.
        """
        chosen = _strength(code, (*self.select, *self.extend_select))
        if chosen < 0 or _strength(code, self.ignore) >= chosen:
            return False
        return (default_on and (self.preview or not preview)) or chosen > len(codes.PREFIX)

    @property
    def enabled_codes(self) -> tuple[str, ...]:
        """Every code whose findings are wanted."""
        return tuple(row.code for row in codes.table().values() if self.enabled(row.code, row.default, row.preview))

    def ignored_in(self, path: str, code: str) -> bool:
        """Whether `per-file-ignores` takes findings of `code` out of the file at `path` (absolute)."""
        for negated, patterns, prefixes in self._per_file:
            if code.startswith(prefixes) and patterns.matches(path) != negated:
                return True
        return False

    @cached_property
    def _per_file(self) -> list[tuple[bool, Patterns, tuple[str, ...]]]:
        rows = (
            (pattern.startswith("!"), pattern.removeprefix("!"), prefixes)
            for pattern, prefixes in self.per_file_ignores
        )
        return [(negated, Patterns([pattern], self.root), prefixes) for negated, pattern, prefixes in rows]

    @cached_property
    def excluded(self) -> Patterns:
        """What `exclude` and `extend-exclude` leave out."""
        return Patterns([*self.exclude, *self.extend_exclude], self.root)

    @property
    def baseline_path(self) -> str | None:
        """Where the baseline is (absolute), if there is one."""
        return None if self.baseline is None else os.path.normpath(os.path.join(self.root, self.baseline))

    def severity_of(self, code: str) -> str:
        """error, warning, info or hint; the longest prefix decides."""
        fitting = [(len(prefix), level) for prefix, level in self.severity if code.startswith(prefix)]
        return max(fitting)[1] if fitting else "error"

    def settings(self) -> dict[str, object]:
        """Every option by the name that it has in pyproject.toml."""
        names = [one.name for one in dataclasses.fields(self) if one.name not in ("root", "file")]
        return {name.replace("_", "-"): getattr(self, name) for name in names}


def _strength(code: str, prefixes: tuple[str, ...]) -> int:
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=-1)


# -- one reader per kind of value: it gives the value, or raises ValueError with the rest of a sentence ------------------


def _refuse(expected: str, value: object) -> NoReturn:
    kinds = {str: "a string", bool: "a boolean", int: "an integer", float: "a float", list: "an array", dict: "a table"}
    raise ValueError(f"must be {expected}, found {kinds.get(type(value), 'a date or time')}")


def _flag(value: object) -> bool:
    return value if isinstance(value, bool) else _refuse("true or false", value)


def _text(value: object) -> str:
    return value if isinstance(value, str) else _refuse("a string", value)


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        _refuse("a list of strings", value)
    return tuple(value)


def _codes(value: object) -> tuple[str, ...]:
    found: list[str] = []
    for text in _texts(value):
        code = codes.resolve(text)
        if code is None:
            raise ValueError(f"has the {codes.refusal(text)}")
        found.append(code)
    return tuple(found)


def _per_file_ignores(value: object) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(value, dict):
        _refuse("a table of patterns and lists of codes", value)
    return tuple((pattern, _codes(listed)) for pattern, listed in value.items())


def _severity(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        _refuse("a table of codes and levels", value)
    return tuple((_codes([code])[0], _one_of(SEVERITIES, level)) for code, level in value.items())


def _one_of(known: tuple[str, ...], value: object) -> str:
    if _text(value) not in known:
        raise ValueError(f"has the unknown value `{value}`{_guess(str(value), known)}; known are {', '.join(known)}")
    return str(value)


_CLAUSE = re.compile(r"\s*(==|!=|>=|<=|>|<|~=)?\s*(\d+(?:\.\d+)*)(?:\.\*)?\s*")


def _version(value: object) -> str:
    if not all(_CLAUSE.fullmatch(clause) for clause in _text(value).split(",")):
        raise ValueError(f"must be a version or a range such as `2.0` or `>=1.4,<2.1`, found `{value}`")
    return str(value)


def _providers(value: object) -> tuple[SessionProvider, ...]:
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        _refuse("an array of tables", value)
    return tuple(_provider(row) for row in value)


def _provider(row: dict[str, Any]) -> SessionProvider:
    known = ("name", "gives", "how", "expire-on-commit")
    for key in row:
        if key not in known:
            raise ValueError(f"has the unknown key `{key}`{_guess(key, known)}")
    if not isinstance(row.get("name"), str):
        raise ValueError("needs a `name` in each of its tables")
    expires = _flag(row["expire-on-commit"]) if "expire-on-commit" in row else None
    gives, how = row.get("gives", "async-session"), row.get("how", "call")
    return SessionProvider(row["name"], _one_of(GIVES, gives), _one_of(HOW, how), expires)


READERS: dict[str, Callable[[object], Any]] = {
    "select": _codes,
    "ignore": _codes,
    "extend-select": _codes,
    "per-file-ignores": _per_file_ignores,
    "exclude": _texts,
    "extend-exclude": _texts,
    "sqlalchemy-version": _version,
    "expire-on-commit": _flag,
    "report-guesses": _flag,
    "maybe-paths": _flag,
    "baseline": _text,
    "severity": _severity,
    "preview": _flag,
    "required-version": _version,
    "src": _texts,
    "cache-dir": _text,
    "session-providers": _providers,
}


def _guess(word: str, known: tuple[str, ...] | Mapping[str, object]) -> str:
    import difflib

    found = difflib.get_close_matches(word.replace("_", "-").lower(), list(known), n=1)
    return f"; did you mean `{found[0]}`?" if found else ""


def read_options(options: Mapping[str, object], where: str) -> dict[str, Any]:
    """Check options by their names in pyproject.toml; give them by their names in Config. Raises ConfigError."""
    read: dict[str, Any] = {}
    for name, value in options.items():
        if name not in READERS:
            raise ConfigError(f"{where}: unknown option `{name}`{_guess(name, READERS)}")
        try:
            read[name.replace("-", "_")] = READERS[name](value)
        except ValueError as error:
            raise ConfigError(f"{where}: `{name}` {error}") from None
    return read


def satisfies(version: str, wanted: str) -> bool:
    """Whether a version is in a range: `>=0.1,<2`; a bare version means itself and what is more exact."""
    return all(_holds(_numbers(version), *_operands(clause)) for clause in wanted.split(","))


def _operands(clause: str) -> tuple[str, tuple[int, ...]]:
    found = _CLAUSE.fullmatch(clause)
    assert found is not None, clause
    return found[1] or "==", _numbers(found[2])


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version.partition("+")[0])[:4])


def _holds(version: tuple[int, ...], operator: str, wanted: tuple[int, ...]) -> bool:
    if operator in ("==", "!="):
        return (version[: len(wanted)] == wanted) == (operator == "==")
    width = max(len(version), len(wanted))
    one, other = (numbers + (0,) * (width - len(numbers)) for numbers in (version, wanted))
    if operator == "~=":
        return one >= other and version[: len(wanted) - 1] == wanted[:-1]
    return {">=": one >= other, "<=": one <= other, ">": one > other, "<": one < other}[operator]


# -- files ---------------------------------------------------------------------------------------------------------------


def read(path: str) -> Config | None:
    """The settings in the TOML file at `path`; None if it has no table of ours. Raises ConfigError."""
    path = os.path.abspath(path)
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from None
    # parsing TOML costs more than looking at all files of a small project
    if TABLE.encode() not in data:
        return None
    table = _parse(path, data)
    tools = table.get("tool", {})
    ours = tools.get(TABLE) if isinstance(tools, dict) else None
    if ours is None:
        return None
    if not isinstance(ours, dict):
        raise ConfigError(f"{path}: `tool.{TABLE}` must be a table")
    root = os.path.dirname(path)
    options = read_options(ours, path)
    for name in ("src", "cache_dir"):
        if name in options:
            options[name] = _below(root, options[name])
    return _checked(Config(root=root, file=path, **options), path)


def _below(root: str, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
    if isinstance(value, str):
        return os.path.normpath(os.path.join(root, value))
    return tuple(os.path.normpath(os.path.join(root, item)) for item in value)


def _parse(path: str, data: bytes) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        text = data.decode("utf-8")
        return tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        raise ConfigError(f"{path}:{line}:{column}: the file is not in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        what, _, place = str(error).partition(" (at ")
        found = re.match(r"line (\d+), column (\d+)", place)
        end = (text.count("\n") + 1, len(text) - text.rfind("\n"))
        line, column = (int(found[1]), int(found[2])) if found else end
        raise ConfigError(f"{path}:{line}:{column}: {what[:1].lower()}{what[1:]}") from None


def _checked(config: Config, where: str) -> Config:
    if config.required_version is not None and not satisfies(__version__, config.required_version):
        raise ConfigError(f"{where}: `required-version` is `{config.required_version}`, but this is {__version__}")
    return config


def load(start_path: str) -> Config:
    """The settings for a file or directory: of the nearest pyproject.toml upwards that has our table. Raises ConfigError."""
    return Finder().config_for(os.path.abspath(start_path))


class Finder:
    """The settings for each path of one run; every file is read once.

    `explicit` names the one file to use, `isolated` uses none. `override` is put over whatever is found.
    """

    def __init__(
        self, explicit: str | None = None, isolated: bool = False, override: Callable[[Config], Config] | None = None
    ) -> None:
        self._change = override or (lambda config: config)
        self._memo: dict[str, Config] = {}
        self._only: Config | None = None
        if explicit is not None:
            found = read(explicit)
            if found is None:
                raise ConfigError(f"{explicit}: no table [tool.{TABLE}]")
            self._only = self._override(found)
        elif isolated:
            self._only = self._override(Config())

    def _override(self, config: Config) -> Config:
        changed = self._change(config)
        if changed.baseline_path is not None:
            try:
                baseline.load(changed.baseline_path)
            except baseline.BaselineError as error:
                raise ConfigError(str(error)) from None
        return changed

    def config_for(self, path: str) -> Config:
        """The settings for the file or directory at `path` (absolute). Raises ConfigError."""
        if self._only is not None:
            return self._only
        directory = path if os.path.isdir(path) else os.path.dirname(path)
        return self._above(directory)

    def _above(self, directory: str) -> Config:
        found = self._memo.get(directory)
        if found is None:
            candidate = os.path.join(directory, "pyproject.toml")
            own = read(candidate) if os.path.isfile(candidate) else None
            above = os.path.dirname(directory)
            if own is not None:
                found = self._override(own)
            elif above != directory:
                found = self._above(above)
            else:
                found = self._override(Config())
            self._memo[directory] = found
        return found
