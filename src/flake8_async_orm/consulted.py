"""What a run asked of the disk, and what it was told: enough to know later whether it would be told the same."""

from __future__ import annotations

import os
from collections.abc import Mapping
from hashlib import blake2b

#: the answer to a question that was answered in two ways: it will never be the same again
CHANGED = "changed"
MISSING = "missing"
#: names with a dot in front matter nowhere but here; tools put many beside the sources
_DOTTED = frozenset({".git"})
#: names that make a directory a package or the top of a project; of the directories above, nothing else is asked
MARKS = ("__init__.py", "__init__.pyi", ".git", "pyproject.toml", "setup.cfg", "setup.py", "mypy.ini", "ruff.toml", "tox.ini", "uv.lock")


class Consulted:
    """Questions and digests of their answers, as plain text."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}

    def file(self, path: str, data: bytes | None) -> None:
        """The file at `path` (absolute) was read; None if it cannot be."""
        self.note(f"f{path}", _of_data(data))

    def directory(self, path: str, names: Mapping[str, bool]) -> None:
        """The directory at `path` (absolute) was listed: its names, and whether each is a directory itself."""
        self.note(f"d{path}", _of_names(names))

    def marks(self, path: str, names: Mapping[str, bool]) -> None:
        """Only the marks among the names in the directory at `path` (absolute) were looked for."""
        self.note(f"m{path}", _of_marks(names))

    def note(self, question: str, answer: str) -> None:
        """Take a question and a digest from another run."""
        if self.answers.setdefault(question, answer) != answer:
            self.answers[question] = CHANGED


def now(question: str) -> str:
    """What the answer to a question is now."""
    kind, path = question[0], question[1:]
    if kind == "f":
        return _of_data(read(path))
    return _of_names(listing(path)) if kind == "d" else _of_marks(listing(path))


def read(path: str) -> bytes | None:
    """What is in a file; None if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def listing(directory: str) -> dict[str, bool]:
    """The names in a directory, and whether each is a directory; nothing if it cannot be read."""
    try:
        with os.scandir(directory) as entries:
            return {entry.name: entry.is_dir() for entry in entries}
    except OSError:
        return {}


def _of_data(data: bytes | None) -> str:
    return MISSING if data is None else blake2b(data, digest_size=16).hexdigest()


def _of_names(names: Mapping[str, bool]) -> str:
    shown = sorted(f"{name}/{int(is_directory)}" for name, is_directory in names.items() if name[0] != "." or name in _DOTTED)
    return blake2b("\0".join(shown).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _of_marks(names: Mapping[str, bool]) -> str:
    return " ".join(mark for mark in MARKS if mark in names)
