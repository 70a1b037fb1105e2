"""The findings that a project knows of, and does not want to hear about until they are mended.

A file of sorted JSON with an entry a line, so that changes of several people go together. An entry has no line number:
it is the path from the file's own directory, the code, the function, the text of the expression, and how many of them.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

VERSION = 1


class BaselineError(Exception):
    """A baseline that cannot be read. The message is one line that names the file."""


class Key(NamedTuple):
    """What tells a finding from others though lines move. `path` has slashes."""

    path: str
    code: str
    function: str
    expression: str


class Baseline:
    """The entries of the file at `path` (absolute)."""

    def __init__(self, path: str, counts: Mapping[Key, int]) -> None:
        self.path = path
        self.counts = counts

    def key(self, path: str, code: str, function: str, expression: str) -> Key:
        """The key of a finding in the file at `path` (absolute)."""
        return Key(relative(path, self.path), code, function, expression)


def relative(path: str, baseline: str) -> str:
    """The path (absolute) of a file from the directory of a baseline, with slashes."""
    try:
        found = os.path.relpath(path, os.path.dirname(baseline))
    except ValueError:  # another drive
        found = path
    return found.replace(os.sep, "/")


def load(path: str) -> Baseline:
    """The baseline at `path` (absolute), read again only when it has changed. Raises BaselineError."""
    try:
        status = os.stat(path)
    except OSError as error:
        raise BaselineError(f"{path}: {error.strerror or error}") from None
    return _loaded(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=16)
def _loaded(path: str, changed: int, size: int) -> Baseline:
    try:
        with open(path, encoding="utf-8") as file:
            table = json.load(file)
    except OSError as error:
        raise BaselineError(f"{path}: {error.strerror or error}") from None
    except json.JSONDecodeError as error:
        reason = error.msg[:1].lower() + error.msg[1:]
        raise BaselineError(f"{path}:{error.lineno}:{error.colno}: {reason}") from None
    except (UnicodeDecodeError, RecursionError):
        raise BaselineError(f"{path}: this is no baseline: it is not JSON in UTF-8") from None
    if not isinstance(table, dict) or not isinstance(table.get("findings"), list):
        raise BaselineError(f"{path}: this is no baseline: it has no list of `findings`")
    if table.get("version") != VERSION:
        raise BaselineError(f"{path}: the baseline has version {table.get('version')!r}, only {VERSION} is understood")
    counts: Counter[Key] = Counter()
    for number, row in enumerate(table["findings"], start=1):
        key, count = _entry(row, f"{path}: the entry number {number}")
        # two branches may each have brought the same one
        counts[key] = max(counts[key], count)
    return Baseline(path, counts)


def _entry(row: Any, where: str) -> tuple[Key, int]:
    if not isinstance(row, dict):
        raise BaselineError(f"{where} is no table")
    for name in Key._fields:
        if not isinstance(row.get(name), str):
            raise BaselineError(f"{where} needs a text `{name}`")
    count = row.get("count", 1)
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise BaselineError(f"{where} needs a `count` of 1 or more")
    return Key(*(row[name] for name in Key._fields)), count


def dumps(counts: Mapping[Key, int]) -> str:
    """The text of a baseline file."""
    rows = [
        json.dumps({**key._asdict(), "count": count}, ensure_ascii=True) for key, count in sorted(counts.items()) if count
    ]
    listed = ",\n".join(f"    {row}" for row in rows)
    return f'{{\n  "version": {VERSION},\n  "findings": [\n{listed}\n  ]\n}}\n' if rows else (
        f'{{\n  "version": {VERSION},\n  "findings": []\n}}\n'
    )
