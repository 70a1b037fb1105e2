"""The files that are being worked on: each read once, and again only when it has changed.

Paths are made absolute (links are not followed); text that an editor has not saved stands in for a file's own.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Protocol

from flake8_async_orm import consulted
from flake8_async_orm.consulted import Consulted
from flake8_async_orm.project.definitions import ModuleDefinition
from flake8_async_orm.project.files import Located, Locator, Tree
from flake8_async_orm.project.project import Project
from flake8_async_orm.project.scan import Words, words
from flake8_async_orm.source import Source, SourceError

#: bytes of source whose trees are kept, for the next files often ask for the same ones. A tree takes some 55 times as much
#: memory as its source.
ROOM = 3_500_000


class HasSourceRoots(Protocol):
    """What of the configuration matters here: the configured source roots, absolute or from the current directory."""

    @property
    def src(self) -> Sequence[str]: ...


class Workspace:
    """All files and projects of one run or one editor. Nothing here raises for what files hold or lack."""

    def __init__(self, config: HasSourceRoots | None = None, consulted: Consulted | None = None) -> None:
        self.tree = Tree(() if config is None else config.src, consulted)
        self._overlays: dict[str, str] = {}
        self._fresh: set[str] = set()
        self._stamps: dict[str, object] = {}
        #: the hash of what was read of a file, kept when its tree is released
        self._read: dict[str, int] = {}
        #: in the order of their last use
        self._sources: dict[str, Source] = {}
        self._definitions: dict[str, ModuleDefinition | None] = {}
        self._words: dict[str, Words] = {}
        self._projects: dict[str, Project] = {}

    # -- projects ---------------------------------------------------------------------------------------------------

    def project_for(self, path: str) -> Project:
        """The project that the file at `path` is part of. Files of one source root share it."""
        path = os.path.abspath(path)
        root = self.tree.own_root(path)
        boundary = self.tree.boundary(os.path.dirname(path))
        if boundary is not None:
            declared = self.tree.declared_roots(boundary)
            # a project's tests, scripts and sources are one program
            root = declared[0] if root in declared else root
        if root not in self._projects:
            self._projects[root] = Project(self, Locator(self.tree, root))
        return self._projects[root]

    # -- changes ----------------------------------------------------------------------------------------------------

    def overlay(self, path: str, text: str | None) -> None:
        """Let `text` stand in for the file at `path`; None gives the file back."""
        path = os.path.abspath(path)
        if text is None:
            self._overlays.pop(path, None)
        else:
            self._overlays[path] = text
        self._drop(path)
        self._forget_answers()

    def adopt(self, source: Source) -> None:
        """Use `source` as what its path holds, so that it is not read and parsed a second time."""
        path = os.path.abspath(source.path)
        known = self._sources.get(path)
        if known is source or (known is not None and known.data == source.data):
            return
        stale = path in self._read and self._read[path] != hash(source.data)
        if stale:
            self._drop(path)
        self._sources[path] = source
        self._read[path] = hash(source.data)
        self._stamps[path] = self._stamp(path)
        self._fresh.add(path)
        if stale:
            self._forget_answers()

    def refresh(self) -> None:
        """Files may have changed on disk: look again when they are next asked for."""
        self._fresh.clear()
        self.tree.forget()
        self._forget_answers()

    def forget_trees(self, keep: int = 0) -> None:
        """Release the syntax trees but for the `keep` files used last. Definitions stay."""
        for path in list(self._sources)[: len(self._sources) - keep]:
            del self._sources[path]

    def make_room(self, room: int = ROOM) -> None:
        """Release the syntax trees but for those used last that `room` holds, in bytes of their sources, and what has no
        tree. Definitions stay."""
        kept: list[tuple[str, Source]] = []
        for path, source in reversed(self._sources.items()):
            if source.has_tree:
                room -= len(source.data)
                if room < 0:
                    break
                kept.append((path, source))
        self._sources = dict(reversed(kept))

    def _forget_answers(self) -> None:
        for project in self._projects.values():
            project.forget()

    def _drop(self, path: str) -> None:
        for kept in (self._sources, self._definitions, self._words, self._stamps, self._read):
            kept.pop(path, None)
        self._fresh.discard(path)

    def _stamp(self, path: str) -> object:
        if path in self._overlays:
            return self._overlays[path]
        try:
            status = os.stat(path)
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size

    def _validate(self, path: str) -> None:
        """Drop what is kept of a file that has changed since."""
        if path not in self._fresh:
            stamp = self._stamp(path)
            if self._stamps.get(path, stamp) != stamp:
                self._drop(path)
            self._stamps[path] = stamp
            self._fresh.add(path)

    # -- files ------------------------------------------------------------------------------------------------------

    def _data(self, path: str) -> bytes | None:
        overlay = self._overlays.get(path)
        if overlay is not None:
            return overlay.encode("utf-8", "surrogatepass")
        data = consulted.read(path)
        if self.tree.consulted is not None:
            self.tree.consulted.file(path, data)
        return data

    def source_at(self, path: str) -> Source | None:
        """The source of the file at `path` (absolute), None if it cannot be read."""
        self._validate(path)
        source = self._sources.pop(path, None)
        if source is None:
            overlay = self._overlays.get(path)
            data = self._data(path) if overlay is None else b""
            if overlay is None and data is None:
                return None
            source = Source.from_text(path, overlay) if overlay is not None else Source.from_bytes(path, data or b"")
            self._read[path] = hash(source.data)
        self._sources[path] = source
        return source

    def text_at(self, path: str) -> str | None:
        """What the file at `path` (absolute) holds, whatever it is, if that is UTF-8."""
        self._validate(path)
        data = self._data(path)
        try:
            return None if data is None else data.decode("utf-8")
        except UnicodeDecodeError:
            return None

    def definition_at(self, path: str) -> ModuleDefinition | None:
        """The definitions of the file at `path` (absolute), None if it is no Python."""
        self._validate(path)
        if path not in self._definitions:
            self._definitions[path] = self._collect(path)
        return self._definitions[path]

    def has_parsed(self, path: str) -> bool:
        """Whether the file at `path` (absolute) was asked for its definitions already, and is Python."""
        self._validate(path)
        return self._definitions.get(path) is not None

    def _collect(self, path: str) -> ModuleDefinition | None:
        from flake8_async_orm.project.collect import collect

        source = self.source_at(path)
        if source is None:
            return None
        located = self.located(path)
        try:
            return collect(source, located.name, located.is_package, path)
        except (SourceError, RecursionError):
            return None

    def located(self, path: str) -> Located:
        """The module at `path` (absolute) under the name that its own root gives it."""
        is_package = os.path.basename(path) in ("__init__.py", "__init__.pyi")
        return Located(self.tree.module_name(path), path, is_package)

    def words_at(self, path: str) -> Words:
        """What a glance at the bytes of the file at `path` (absolute) shows."""
        self._validate(path)
        found = self._words.get(path)
        if found is None:
            found = self._words[path] = words(self._data(path) or b"")
        return found

    def mentions(self, path: str, name: str) -> bool:
        """Whether the file at `path` (absolute) may bind `name`: the word is in it, or a star."""
        return self.says(path, (name, "*"))

    def says(self, path: str, words: Sequence[str]) -> bool:
        """Whether the file at `path` (absolute) holds one of `words`."""
        self._validate(path)
        source = self._sources.get(path)
        data = source.data if source is not None else (self._data(path) or b"")
        return any(word.encode() in data for word in words)
