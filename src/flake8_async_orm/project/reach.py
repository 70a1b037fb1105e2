"""Which files can matter, told from their bytes: those that do something asynchronous and reach an async ORM by imports.

Everything else need not be parsed. Where the bytes leave a doubt, the file is said to matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flake8_async_orm.project.project import Project

_ASYNC = re.compile(rb"async|await", re.IGNORECASE)
#: sqlalchemy, advanced_alchemy, fastapi_users_db_sqlalchemy ..., and the databases layer of fastapi-users
_ORM = (b"alchemy", b"sqlmodel", b"fastapi_users")
# a statement begins a line or stands behind `;` or `:`; brackets may hold comments, which may hold brackets
_IMPORT = re.compile(
    rb"(?:^|[;:])[ \t\f]*(?:"
    rb"from[ \t]*(?P<module>[.\w \t]+?)[ \t]*\bimport\b[ \t]*(?:\((?P<inside>(?:[^)#]|#[^\n]*)*)|(?P<names>[^\n;#]*))"
    rb"|import[ \t]+(?P<modules>[^\n;#]*))",
    re.MULTILINE,
)
_CONTINUED = re.compile(rb"\\\r?\n")
_COMMENT = re.compile(rb"#[^\n]*")
_DOTTED = re.compile(rb"[\w.]+")


def imports(data: bytes) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The imports that a file's bytes seem to hold: `(module, names)`; no names for `import module`.

    Relative ones begin with dots. Text in strings may look like an import and is given too.
    """
    for found in _IMPORT.finditer(_CONTINUED.sub(b" ", data)):
        if found["module"] is None:
            for part in found["modules"].split(b","):
                words = _DOTTED.findall(part)
                if words:
                    yield _text(words[0]), ()
            continue
        listed = _COMMENT.sub(b"", found["inside"] or found["names"] or b"")
        words = [_DOTTED.findall(part) for part in listed.split(b",")]
        module = _text(b"".join(found["module"].split()))
        yield module, tuple(_text(word[0]) for word in words if word) or ("*",)


def _text(word: bytes) -> str:
    return word.decode("utf-8", "replace")


class Reach:
    """What files of one project reach by their imports, each file read once. `words` are further names that matter."""

    def __init__(self, project: Project, words: Iterable[str] = ()) -> None:
        self._project = project
        self._words = (*_ORM, *(word.encode().lower() for word in words))
        self._generation = project.generation
        self._known: dict[str, bool] = {}
        self._imported: dict[str, tuple[str, ...] | None] = {}

    def matters(self, path: str, data: bytes) -> bool:
        """Whether the file at `path` (absolute) with the bytes `data` must be interpreted."""
        if not _ASYNC.search(data):
            return False
        if self._generation != self._project.generation:
            self._generation = self._project.generation
            self._known.clear()
            self._imported.clear()
        if self._names_orm(data):
            return True
        targets = self._targets(path, data)
        return targets is None or any(self._reaches(target) for target in targets)

    def _names_orm(self, data: bytes) -> bool:
        lower = data.lower()
        return any(word in lower for word in self._words)

    def reaches(self, path: str) -> bool:
        """Whether the file at `path` (absolute), or one that it imports at any remove, mentions an async ORM, or may."""
        return self._reaches(path)

    def _reaches(self, start: str) -> bool:
        """Whether the file at `start`, or one that it imports at any remove, mentions an async ORM."""
        parents: dict[str, str | None] = {start: None}
        waiting = [start]
        while waiting:
            path = waiting.pop()
            known = self._known.get(path)
            targets = () if known is not None else self._look(path)
            if known or targets is None:
                step: str | None = path
                while step is not None:
                    self._known[step] = True
                    step = parents[step]
                return True
            for target in targets:
                if target not in parents:
                    parents[target] = path
                    waiting.append(target)
        self._known.update(dict.fromkeys(parents, False))
        return False

    def _look(self, path: str) -> tuple[str, ...] | None:
        """The files that the file at `path` imports; None if it mentions an async ORM itself, or may."""
        if path not in self._imported:
            source = self._project.workspace.source_at(path)
            data = b"" if source is None else source.data
            self._imported[path] = None if self._names_orm(data) else self._targets(path, data)
        return self._imported[path]

    def _targets(self, path: str, data: bytes) -> tuple[str, ...] | None:
        """The project's files that `data` imports; None if it imports one that the project should have and has not."""
        found: dict[str, None] = {}
        for module, names in imports(data):
            wanted = self._absolute(path, module)
            if wanted is None:
                return None
            if not names:
                # `import a.b.c` makes `a` and `a.b` reachable as well
                parts = wanted.split(".")
                modules = [".".join(parts[:count]) for count in range(1, len(parts) + 1)]
            else:
                modules = [wanted]
            for dotted in modules:
                located = self._project.locator.locate(dotted, path)
                if located is None and self._project.locator.owns(dotted, path):
                    return None
                if located is not None and located.path is not None:
                    found[located.path] = None
            for name in names:
                submodule = self._project.locator.locate(f"{wanted}.{name}", path) if name != "*" else None
                if submodule is not None and submodule.path is not None:
                    found[submodule.path] = None
        found.pop(path, None)
        return tuple(found)

    def _absolute(self, path: str, module: str) -> str | None:
        """The absolute name of a module imported by the file at `path`; None if it would lie outside its tree."""
        name = module.lstrip(".")
        dots = len(module) - len(name)
        if not dots:
            return name
        located = self._project.workspace.located(path)
        package = located.name.split(".")
        package = package[: len(package) - (dots - located.is_package)]
        if not package and not name:
            return None
        return ".".join([*package, name] if name else package)
