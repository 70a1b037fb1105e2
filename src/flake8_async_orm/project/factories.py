"""What the session factories of a project agree on about `expire_on_commit`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import libcst as cst

from flake8_async_orm.knowledge import names
from flake8_async_orm.project import testing
from flake8_async_orm.project.names import ExternalName
from flake8_async_orm.project.syntax import dotted_name, keywords, literal
from flake8_async_orm.source import SourceError

if TYPE_CHECKING:
    from flake8_async_orm.project.project import Project

#: more files than this are not looked at
FILES = 5000
_TEST_DIRECTORIES = frozenset({"test", "tests", "testing", "conftest"})
_OPTION = "expire_on_commit"


class Factories:
    """The places of one project where async sessions and their factories are made, tests left out. Asked lazily, once."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._expires: bool | None = None
        self._reconfigures: bool | None = None
        self._asked = False

    def is_test(self, path: str) -> bool:
        """Whether the file at `path` is part of the tests, by its name and where it lies in the project."""
        path = os.path.abspath(path)
        top = self.project.workspace.tree.boundary(os.path.dirname(path)) or self.project.locator.root
        parts = os.path.relpath(path, top).split(os.sep)
        return not _TEST_DIRECTORIES.isdisjoint(parts[:-1]) or testing.is_test(path)

    def expires(self) -> bool | None:
        """What all of them say; None where they do not agree, cannot be read, or are none."""
        if not self._asked:
            self._asked = True
            self._expires = self._agreed()
        return self._expires

    def reconfigures(self) -> bool:
        """Whether some file sets the option on a factory after it was made."""
        if self._reconfigures is None:
            self._reconfigures = any(self.project.workspace.words_at(path).reconfigures for path in self.files())
        return self._reconfigures

    def files(self) -> Iterator[str]:
        """The paths of the project's modules, tests left out."""
        workspace = self.project.workspace
        for path in workspace.tree.modules(self.project.locator.root, FILES):
            if not self.is_test(path):
                yield path

    def _agreed(self) -> bool | None:
        found: set[bool | None] = set()
        for path in self.files():
            words = self.project.workspace.words_at(path)
            if words.reconfigures or words.says_otherwise:
                found.add(False if words.says_otherwise else None)
            if words.makes_sessions:
                found.update(self._made_in(path))
            if None in found or len(found) > 1:
                return None
        return found.pop() if found else None

    def _made_in(self, path: str) -> Iterator[bool | None]:
        """What each making of an async session or factory in a file says."""
        source = self.project.workspace.source_at(path)
        module = self.project.module_name(path)
        try:
            nodes = source.nodes if source is not None else ()
        except (SourceError, RecursionError):
            return
        for node in nodes:
            if type(node) is cst.Call:
                func = node.func.value if type(node.func) is cst.Subscript else node.func
                if self._makes(module, func, node):
                    arguments, starred = keywords(node)
                    yield None if starred else _said(arguments.get(_OPTION))

    def _makes(self, module: str, func: cst.BaseExpression, node: cst.Call) -> bool:
        name = dotted_name(func)
        if name is None or not name.rpartition(".")[2].lower().endswith(("session", "sessionmaker")):
            return False
        found = self.project.resolve(module, name)
        made = names.api_class(found.name) if isinstance(found, ExternalName) else None
        if made == "sessionmaker":
            wanted = dotted_name(keywords(node)[0].get("class_", cst.Name("None")))
            found = self.project.resolve(module, wanted) if wanted else None
            made = names.api_class(found.name) if isinstance(found, ExternalName) else None
        return made == "async_sessionmaker" or made in names.ASYNC_SESSIONS - {"async_scoped_session"}


def _said(node: cst.BaseExpression | None) -> bool | None:
    if node is None:
        return True
    value = literal(node)
    return value if isinstance(value, bool) else None
