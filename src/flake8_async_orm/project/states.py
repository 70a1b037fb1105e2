"""Where a project puts something on the `state` of an application or a request: `app.state.db = db`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import libcst as cst

from flake8_async_orm.project.syntax import dotted_name
from flake8_async_orm.source import SourceError

if TYPE_CHECKING:
    from flake8_async_orm.project.factories import Factories
    from flake8_async_orm.project.project import Project

#: what a request is called; what has another name is the application
_REQUESTS = frozenset({"request", "req", "websocket", "ws", "conn", "connection", "http_connection"})


def state_of(owner: cst.BaseExpression) -> str | None:
    """Whose state `owner` is, the left of `request.app.state.x`: "app" or "request"; None where it is no such state."""
    if type(owner) is not cst.Attribute or owner.attr.value != "state":
        return None
    name = dotted_name(owner.value)
    return None if name is None else "request" if name.rpartition(".")[2].lower() in _REQUESTS else "app"


class States:
    """The assignments to states in one project, tests left out: which functions make them."""

    def __init__(self, project: Project, factories: Factories) -> None:
        self._project = project
        self._factories = factories
        self._writers: dict[str, list[tuple[str, str]]] | None = None

    def writers(self, kind: str, name: str) -> list[tuple[str, str]]:
        """The module and the outermost function ("" for the module itself) of each that assigns `name`."""
        if self._writers is None:
            self._writers = {}
            for path in self._factories.files():
                if self._project.workspace.words_at(path).sets_state:
                    for key, where in self._written_in(path):
                        self._writers.setdefault(key, []).append(where)
        return list(dict.fromkeys(self._writers.get(f"{kind}.{name}", ())))

    def _written_in(self, path: str) -> Iterator[tuple[str, tuple[str, str]]]:
        source = self._project.workspace.source_at(path)
        module = self._project.module_name(path)
        definition = self._project.definition(module)
        try:
            nodes = source.nodes if source is not None else ()
        except (SourceError, RecursionError):
            return
        if source is None or definition is None:
            return
        outer = [(source.span(f.node), f.qualname) for f in definition.functions.values() if "<locals>" not in f.qualname]
        for target in _targets(nodes):
            kind = state_of(target.value)
            if kind is not None:
                start = source.span(source.number(target)).start
                function = next((name for span, name in outer if span.start <= start < span.end), "")
                yield f"{kind}.{target.attr.value}", (module, function)


def _targets(nodes: list[cst.CSTNode] | tuple[cst.CSTNode, ...]) -> Iterator[cst.Attribute]:
    for node in nodes:
        found = [one.target for one in node.targets] if type(node) is cst.Assign else []
        if type(node) is cst.AnnAssign and node.value is not None:
            found.append(node.target)
        yield from (target for target in found if type(target) is cst.Attribute)



