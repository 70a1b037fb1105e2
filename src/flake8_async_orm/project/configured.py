"""Which repositories and services of libraries a project makes otherwise than the library does: with loader options, say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import libcst as cst

from flake8_async_orm.knowledge import repositories
from flake8_async_orm.project.definitions import ClassDefinition
from flake8_async_orm.project.names import ExternalName, Found
from flake8_async_orm.project.syntax import dotted_name
from flake8_async_orm.source import SourceError

if TYPE_CHECKING:
    from flake8_async_orm.project.factories import Factories
    from flake8_async_orm.project.project import Project

#: how what matters is written in calls
_WORDS = tuple(f"{name}=" for name in sorted(repositories.CONFIGURING))


class Configured:
    """The classes for which some call in the project, tests left out, is given what configures them. Asked lazily, once.

    `Service(session, load=...)`, `Service.new(load=...)`, `provider(Service, load=...)`.
    """

    def __init__(self, project: Project, factories: Factories) -> None:
        self._project = project
        self._factories = factories
        self._names: frozenset[str] | None = None

    def names(self) -> frozenset[str]:
        """The dotted names of the classes, those of the project and those of libraries."""
        if self._names is None:
            self._names = frozenset(name for path in self._factories.files() for name in self._in(path))
        return self._names

    def _in(self, path: str) -> Iterator[str]:
        workspace = self._project.workspace
        if not workspace.says(path, _WORDS) and not workspace.says(path, ("**",)):
            return
        if not workspace.says(path, ("Service", "Repository", "Repo")):
            return
        source = workspace.source_at(path)
        module = self._project.module_name(path)
        try:
            nodes = source.nodes if source is not None else ()
        except (SourceError, RecursionError):
            return
        for node in nodes:
            if type(node) is cst.Call and any(map(_configures, node.args)):
                yield from self._classes(module, node)

    def _classes(self, module: str, node: cst.Call) -> Iterator[str]:
        owner = node.func.value if type(node.func) is cst.Attribute else None
        mentioned = [node.func, owner, *(argument.value for argument in node.args if not argument.star)]
        for each in mentioned:
            if type(each) is cst.Subscript:
                each = each.value
            name = dotted_name(each) if each is not None else None
            found = self._project.resolve(module, name) if name is not None else None
            of_library = isinstance(found, ExternalName) and repositories.repository(found.name) is not None
            of_project = isinstance(found, Found) and isinstance(found.binding, ClassDefinition)
            if isinstance(found, (ExternalName, Found)) and (of_library or of_project):
                yield found.name


def _configures(argument: cst.Arg) -> bool:
    if argument.star:
        return argument.star == "**"
    return argument.keyword is not None and argument.keyword.value in repositories.CONFIGURING
