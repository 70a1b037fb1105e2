"""Which files are linted: the named ones, and the Python files below the named directories."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flake8_async_orm.records import record

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

    from flake8_async_orm.config import Config

SUFFIXES = (".py", ".pyi")


@record
class Discovered:
    """`files` as they are shown: relative to the current directory where they are below it, sorted, each once.

    `missing` are named paths that do not exist; `problems` are lines about what had to be left out.
    """

    files: tuple[str, ...]
    missing: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def shown(path: str) -> str:
    """The path as people want to see it: relative to the current directory if it is below it, else absolute."""
    absolute = os.path.abspath(path)
    below = os.path.join(os.getcwd(), "")
    return absolute.removeprefix(below)


def discover(paths: Iterable[str], config_for: Callable[[str], Config], force_exclude: bool = False) -> Discovered:
    """Find the files for the arguments `paths`. A named file is linted whatever it is called and wherever it is,
    unless `force_exclude` applies the exclusions to it too. Raises ConfigError where a directory's settings are wrong.
    """
    files: dict[str, None] = {}
    missing: list[str] = []
    walk = _Walk(config_for)
    for path in paths:
        absolute = os.path.abspath(path)
        if os.path.isdir(absolute):
            if not (force_exclude and config_for(absolute).excluded.matches(absolute)):
                files.update(dict.fromkeys(walk.files(absolute)))
        elif not os.path.lexists(absolute):
            missing.append(path)
        elif absolute.endswith(".ipynb"):
            walk.problems.append(f"{shown(absolute)}: notebooks are not linted")
        elif not (force_exclude and config_for(absolute).excluded.matches(absolute)):
            files[absolute] = None
    return Discovered(tuple(shown(path) for path in _once(files)), tuple(missing), tuple(walk.problems))


def _once(paths: Iterable[str]) -> list[str]:
    """The paths sorted, those that lead to one file only once: under a name that is no link, else the first."""
    seen: dict[str, str] = {}
    for path in sorted(paths):
        real = os.path.realpath(path)
        if real not in seen or not os.path.islink(path):
            seen[real] = path
    return sorted(seen.values())


@dataclass(slots=True)
class _Ignore:
    """The patterns of one `.gitignore`, which hold below `directory`."""

    directory: str
    spec: GitIgnoreSpec

    def decides(self, path: str, is_directory: bool) -> bool | None:
        relative = os.path.relpath(path, self.directory).replace(os.sep, "/")
        return self.spec.check_file(relative + "/" * is_directory).include


@dataclass(slots=True)
class _Walk:
    config_for: Callable[[str], Config]
    problems: list[str] = field(default_factory=list)

    def files(self, top: str) -> Iterator[str]:
        """The Python files below the directory `top`. Links to directories are not followed, so there are no loops."""
        root = _repository(top)
        ignores = [] if root is None else self._around(root, top)
        waiting = [(top, ignores, root is not None)]
        while waiting:
            directory, ignores, tracked = waiting.pop()
            try:
                with os.scandir(directory) as listed:
                    entries = sorted(listed, key=lambda entry: entry.name)
            except OSError as error:
                self.problems.append(f"{shown(directory)}: {error.strerror or error}")
                continue
            names = {entry.name for entry in entries}
            if ".git" in names and directory != top:
                # a repository of its own inside
                ignores, tracked = [], True
            if tracked and ".gitignore" in names and directory != root:
                ignores = [*ignores, *self._read(directory, ".gitignore")]
            excluded = self.config_for(directory).excluded
            for entry in entries:
                is_directory = _is_directory(entry)
                if not is_directory and not (entry.name.endswith(SUFFIXES) and _is_file(entry)):
                    continue
                if excluded.matches_entry(entry.path) or _ignored(ignores, entry.path, is_directory):
                    continue
                if is_directory:
                    waiting.append((entry.path, ignores, tracked))
                else:
                    yield entry.path

    def _around(self, root: str, top: str) -> list[_Ignore]:
        """The patterns of the repository that hold in `top`; none if `top` itself is ignored: it was asked for by name."""
        ignores = [*self._read(root, os.path.join(".git", "info", "exclude")), *self._read(root, ".gitignore")]
        directory = root
        for name in [] if top == root else os.path.relpath(top, root).split(os.sep):
            directory = os.path.join(directory, name)
            if _ignored(ignores, directory, True):
                return []
            if directory != top:
                ignores += self._read(directory, ".gitignore")
        return ignores

    def _read(self, directory: str, name: str) -> list[_Ignore]:
        path = os.path.join(directory, name)
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                lines = file.read().splitlines()
        except OSError:
            return []
        from pathspec import GitIgnoreSpec

        try:
            return [_Ignore(directory, GitIgnoreSpec.from_lines(lines))]
        except ValueError as error:
            self.problems.append(f"{shown(path)}: {error}")
            return []


def _repository(directory: str) -> str | None:
    """The nearest directory upwards, itself included, that holds `.git`."""
    while not os.path.lexists(os.path.join(directory, ".git")):
        above = os.path.dirname(directory)
        if above == directory:
            return None
        directory = above
    return directory


def _ignored(ignores: list[_Ignore], path: str, is_directory: bool) -> bool:
    """What the innermost `.gitignore` that speaks of `path` says."""
    for ignore in reversed(ignores):
        decided = ignore.decides(path, is_directory)
        if decided is not None:
            return decided
    return False


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _is_file(entry: os.DirEntry[str]) -> bool:
    # a link that leads nowhere is no file (editors leave such locks behind)
    try:
        return entry.is_file()
    except OSError:
        return False
