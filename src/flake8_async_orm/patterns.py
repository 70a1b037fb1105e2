"""Glob patterns for paths, as people know them from ruff and flake8.

A pattern without a slash is the name of a file or directory at any depth; one with a slash starts at the pattern's root.
What a pattern says of a directory holds for everything below it. `*` crosses slashes, `**/` is any number of directories.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator

_GLOB = re.compile(r"\*\*/|\*+|\?|\[!?\]?[^\]]*\]")
_SPECIAL = re.compile(r"[*?\[]")


def translate(pattern: str) -> str:
    """The regular expression, to be matched in full, of a glob pattern."""
    pieces: list[str] = []
    position = 0
    for found in _GLOB.finditer(pattern):
        pieces.append(re.escape(pattern[position : found.start()]))
        position = found.end()
        glob = found[0]
        if glob == "**/":
            pieces.append("(?:.*/)?")
        elif glob[0] == "*":
            pieces.append(".*")
        elif glob == "?":
            pieces.append("[^/]")
        else:
            pieces.append(_character_class(glob))
    pieces.append(re.escape(pattern[position:]))
    return "".join(pieces)


def _character_class(glob: str) -> str:
    negated, body = ("^", glob[2:-1]) if glob.startswith("[!") else ("", glob[1:-1])
    expression = f"[{negated}{body.replace(chr(92), chr(92) * 2).replace('[', chr(92) + '[')}]"
    try:
        re.compile(expression)
    except re.error:
        return re.escape(glob)
    return expression


class Patterns:
    """Patterns below `root`, an absolute path."""

    def __init__(self, patterns: Iterable[str], root: str) -> None:
        self.root = _slashed(root).rstrip("/")
        names: set[str] = set()
        expressions: list[str] = []
        rooted: list[str] = []
        for given in patterns:
            pattern = _slashed(given).rstrip("/").removeprefix("./")
            if "/" in pattern:
                base = "" if _is_absolute(pattern) else re.escape(self.root + "/")
                rooted.append(base + translate(pattern))
            elif _SPECIAL.search(pattern):
                expressions.append(translate(pattern))
            elif pattern:
                names.add(pattern)
        self._names = names
        self._expression = re.compile("|".join(expressions), re.DOTALL) if expressions else None
        self._rooted = re.compile("|".join(rooted), re.DOTALL) if rooted else None

    def matches_entry(self, path: str) -> bool:
        """Whether a pattern fits this very file or directory (an absolute path), whatever it stands in."""
        path = _slashed(path)
        name = path.rsplit("/", 1)[-1]
        return (
            name in self._names
            or (self._expression is not None and self._expression.fullmatch(name) is not None)
            or (self._rooted is not None and self._rooted.fullmatch(path) is not None)
        )

    def matches(self, path: str) -> bool:
        """Whether a pattern fits the file at `path` (absolute) or a directory between it and the root."""
        return any(self.matches_entry(entry) for entry in self._upwards(_slashed(path)))

    def _upwards(self, path: str) -> Iterator[str]:
        yield path
        if not path.startswith(self.root + "/"):
            return
        while (path := path.rsplit("/", 1)[0]) != self.root and path:
            yield path


def _slashed(path: str) -> str:
    return path.replace("\\", "/") if os.sep == "\\" else path


def _is_absolute(pattern: str) -> bool:
    return pattern.startswith("/") or bool(re.match(r"[A-Za-z]:/", pattern))
