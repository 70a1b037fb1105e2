"""Classes that are mapped by a call, and tables that are written out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import libcst as cst

from flake8_async_orm.knowledge import frameworks
from flake8_async_orm.project.declared import Reader
from flake8_async_orm.project.definitions import Assignment, ClassDefinition, MappedAttribute
from flake8_async_orm.project.names import ExternalName, Found
from flake8_async_orm.project.syntax import called_name, dotted_name, keywords, mapping_items, positional, string_value
from flake8_async_orm.project.targets import scope_of
from flake8_async_orm.records import record
from flake8_async_orm.source import SourceError

if TYPE_CHECKING:
    from flake8_async_orm.project.project import Project

_LIMIT = 6000


@record
class MappingCall:
    """`registry.map_imperatively(cls, table, properties={...})` in `module`; `complete`: all of it could be read."""

    module: str
    table: cst.BaseExpression | None
    properties: dict[str, cst.BaseExpression]
    complete: bool


class Imperative:
    """The mapping calls of a project, looked for below the outermost package of the class that is asked for."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._calls: dict[str, dict[str, MappingCall]] = {}

    def mapping_of(self, dotted: str) -> MappingCall | None:
        """The call that maps a class of the project, None if there is none."""
        found = self.project.class_definition(dotted)
        scope = scope_of(self.project, found[0]) if found is not None else None
        if scope is None:
            return None
        if scope[1] not in self._calls:
            self._calls[scope[1]] = {}
            self._calls[scope[1]] = dict(self._search(scope[1]))
        return self._calls[scope[1]].get(dotted)

    def _search(self, directory: str) -> Iterator[tuple[str, MappingCall]]:
        workspace = self.project.workspace
        for path in workspace.tree.modules(directory, _LIMIT):
            if not workspace.words_at(path).imperative:
                continue
            module = self.project.module_name(path)
            source = self.project.source(module)
            try:
                calls = [node for node in source.nodes if type(node) is cst.Call] if source is not None else []
            except SourceError:
                continue
            for call in calls:
                if self._maps(module, call):
                    yield from self._read(module, call)

    def _maps(self, module: str, call: cst.Call) -> bool:
        written = called_name(call.func) or ""
        method = written.rpartition(".")[2]
        if method in frameworks.REGISTRY_MAPPERS:
            return True
        if method != "mapper" and written != "mapper":
            return False
        found = self.project.resolve(module, written)
        return isinstance(found, ExternalName) and found.name in frameworks.MAPPERS

    def _read(self, module: str, call: cst.Call) -> Iterator[tuple[str, MappingCall]]:
        named, starred = keywords(call)
        given = positional(call)
        cls = given[0] if given else named.get("class_")
        name = dotted_name(cls) if cls is not None else None
        found = self.project.resolve(module, name) if name else None
        if not (isinstance(found, Found) and isinstance(found.binding, ClassDefinition)):
            return
        table = given[1] if len(given) > 1 else named.get("local_table")
        properties = mapping_items(named["properties"]) if "properties" in named else {}
        complete = not starred and properties is not None
        yield found.name, MappingCall(module, table, properties or {}, complete)

    # -- tables -----------------------------------------------------------------------------------------------------

    def columns(self, module: str, table: cst.BaseExpression | None) -> tuple[list[MappedAttribute], bool]:
        """The columns of a table that is written out, or assigned to a module-level name; and whether that is all."""
        name = dotted_name(table) if table is not None else None
        if name is not None:
            found = self.project.resolve(module, name)
            if not (isinstance(found, Found) and isinstance(found.binding, Assignment)):
                return [], False
            source = self.project.source(found.module)
            value = source.nodes[found.binding.value] if source and found.binding.value is not None else None
            module, table = found.module, value if isinstance(value, cst.Call) else None
        reader = Reader(self.project, module)
        if not isinstance(table, cst.Call) or (dotted_name(table.func) or "").rpartition(".")[2] != "Table":
            return [], False
        columns: list[MappedAttribute] = []
        for argument in positional(table)[2:]:
            first = next(iter(positional(argument)), None) if isinstance(argument, cst.Call) else None
            column = string_value(first)
            if isinstance(argument, cst.Call) and column is not None:
                read = reader.called(MappedAttribute(column, "column", module=module), argument, None)
                if read.attribute.kind == "column":
                    columns.append(read.attribute)
        starred = any(argument.star for argument in table.args)
        return columns, not starred
