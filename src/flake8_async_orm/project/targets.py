"""Which class the target of a relationship is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from flake8_async_orm.knowledge import frameworks
from flake8_async_orm.project.definitions import Assignment, ClassDefinition
from flake8_async_orm.project.names import ExternalName, Found

if TYPE_CHECKING:
    from flake8_async_orm.project.project import Project

#: modules that are looked through for the class that a string names
_LIMIT = 6000


def declarative_root(project: Project, dotted: str) -> str | None:
    """Which registry a class belongs to: the name of the declarative base that holds it; None if it has none."""
    for base in project.mro(dotted)[0]:
        row = frameworks.BASES.get(base)
        if row is not None and (row.declarative or row.sqlmodel):
            return base.partition(".")[0]
        if makes_root(project, base):
            return base
    return None


def makes_root(project: Project, dotted: str) -> bool:
    """Whether a class or variable of the project is a declarative base with a registry of its own."""
    match project.find(dotted):
        case Found(binding=Assignment() as assignment, module=module):
            return project.makes_base(module, assignment)
        case Found(binding=ClassDefinition() as cls, module=module):
            bases = {project.base(module, cls, written) for written in cls.base_names}
            rows = {name: frameworks.BASES[name] for name in bases if name in frameworks.BASES}
            if any(row.declarative and name.startswith("sqlalchemy.") for name, row in rows.items()):
                return True
            return _decorated(project, module, cls) or _has_metaclass(project, module, cls)
    return False


def _decorated(project: Project, module: str, cls: ClassDefinition) -> bool:
    for written in cls.decorator_names:
        owner, _, method = (written or "").rpartition(".")
        if method in frameworks.REGISTRY_BASE_DECORATORS and project.is_registry(module, owner):
            return True
        found = project.resolve(module, written) if written else None
        if isinstance(found, ExternalName) and found.name in frameworks.BASE_DECORATORS:
            return True
    return False


def _has_metaclass(project: Project, module: str, cls: ClassDefinition) -> bool:
    from flake8_async_orm.project.syntax import dotted_name

    for keyword, number in cls.keywords:
        source = project.source(module) if keyword == "metaclass" else None
        name = dotted_name(source.nodes[number]) if source is not None else None
        found = project.resolve(module, name) if name else None
        if isinstance(found, ExternalName) and found.name in frameworks.BASE_METACLASSES:
            return True
    return False


def scope_of(project: Project, module: str) -> tuple[str, str] | None:
    """The directories that hold the neighbours of a module: its own, and that of its outermost package (or root)."""
    path = project.module_path(module)
    if path is None:
        return None
    directory = os.path.dirname(path)
    root = project.workspace.tree.own_root(path)
    relative = os.path.relpath(directory, root)
    first = relative.split(os.sep)[0]
    return directory, root if first in (".", "..") else os.path.join(root, first)


class Targets:
    """Finds classes by the names that relationships use. `is_mapped` tells whether a class of the project is mapped."""

    def __init__(self, project: Project, is_mapped: Callable[[str], bool]) -> None:
        self.project = project
        self.is_mapped = is_mapped
        self._by_name: dict[tuple[str, str], tuple[str, ...]] = {}

    def find(self, module: str, written: str, quoted: bool, owner: str) -> str | None:
        """The full name of the class `written` in `module` for a relationship of the class `owner`; None if unknown."""
        found = self.project.resolve(module, written)
        if isinstance(found, Found) and isinstance(found.binding, ClassDefinition):
            return found.name
        last = written.rpartition(".")[2]
        if owner.rpartition(".")[2] == last:
            return owner
        nested = self.project.class_definition(f"{owner.rpartition('.')[0]}.{written}")
        if nested is not None:
            return f"{nested[0]}.{nested[1].qualname}"
        if not quoted and found is not None:
            return None
        return self._registered(module, written, owner)

    def _registered(self, module: str, written: str, owner: str) -> str | None:
        """The mapped class that the registry of `owner` knows by this name."""
        prefix, _, last = written.rpartition(".")
        root = declarative_root(self.project, owner)
        for home in dict.fromkeys((owner_module(self.project, owner) or module, module)):
            for directory in dict.fromkeys(scope_of(self.project, home) or ()):
                candidates = [name for name in self._named(directory, last) if self.is_mapped(name)]
                if prefix:
                    candidates = [name for name in candidates if f".{name}".endswith(f".{written}")]
                if root is not None:
                    candidates = [name for name in candidates if declarative_root(self.project, name) == root]
                if candidates:
                    return candidates[0] if len(candidates) == 1 else None
        return None

    def _named(self, directory: str, name: str) -> tuple[str, ...]:
        """The classes called `name` in the modules below `directory`."""
        key = (directory, name)
        if key not in self._by_name:
            self._by_name[key] = tuple(dict.fromkeys(self._search(directory, name)))
        return self._by_name[key]

    def _search(self, directory: str, name: str) -> Iterator[str]:
        for path in self.project.workspace.tree.modules(directory, _LIMIT):
            if name not in self.project.workspace.words_at(path).classes:
                continue
            module = self.project.module_name(path)
            definition = self.project.definition(module)
            for qualname in definition.classes if definition is not None else ():
                if qualname == name or qualname.endswith(f".{name}"):
                    found = self.project.class_definition(f"{module}.{qualname}")
                    if found is not None:
                        yield f"{found[0]}.{found[1].qualname}"


def owner_module(project: Project, dotted: str) -> str | None:
    """The module that holds a class."""
    found = project.class_definition(dotted)
    return None if found is None else found[0]
