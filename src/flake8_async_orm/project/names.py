"""What names mean, across the files of a project.

A name is followed through imports, re-exports, stars and plain aliases to the definition it stands for. Nothing is
imported or run. A question that comes back to itself (an import cycle) finds nothing on that way and goes on with
the next.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import TYPE_CHECKING

from flake8_async_orm.knowledge import frameworks
from flake8_async_orm.knowledge.names import is_sqlalchemy
from flake8_async_orm.project.definitions import (
    Assignment,
    AttributeDefinition,
    Binding,
    ClassDefinition,
    FunctionDefinition,
    Import,
    ModuleDefinition,
    TypeAlias,
)
from flake8_async_orm.project.files import Located, Locator
from flake8_async_orm.project.lookup import getter, merge
from flake8_async_orm.records import record

if TYPE_CHECKING:
    from flake8_async_orm.project.workspace import Workspace

_BUILTINS = frozenset(dir(builtins))
_LOCALS = "<locals>"


@record
class Found:
    """A definition of the project: the module that holds it, and what it is."""

    module: str
    binding: Binding | AttributeDefinition

    @property
    def name(self) -> str:
        """The full dotted name; of a class attribute only the module and the attribute's name."""
        binding = self.binding
        own = binding.qualname if isinstance(binding, (FunctionDefinition, ClassDefinition)) else binding.name
        return f"{self.module}.{own}"


@record
class ModuleFound:
    """A module of the project."""

    name: str


@record
class ExternalName:
    """Something outside the project, by the name that the project uses for it."""

    name: str


Meaning = Found | ModuleFound | ExternalName


class Names:
    """The names of one project. Every answer is remembered until `forget()`."""

    def __init__(self, workspace: Workspace, locator: Locator) -> None:
        self.workspace = workspace
        self.locator = locator
        self.forget()

    def forget(self) -> None:
        """Drop what was remembered: files have changed."""
        self.locator.forget()
        self._paths: dict[str, str] = {}
        self._resolved: dict[tuple[str, str], Meaning | None] = {}
        self._found: dict[str, Meaning | None] = {}
        self._attributes: dict[tuple[str, str], Meaning | None] = {}
        self._orders: dict[str, tuple[list[str], bool]] = {}
        self._open: set[tuple[str, str]] = set()
        #: how often a question came back to itself: an answer got meanwhile is not remembered
        self._cut = 0

    # -- modules ----------------------------------------------------------------------------------------------------

    def module_path(self, module: str) -> str | None:
        """The absolute path of a module's file; None for a namespace package or no module of the project."""
        path = self._paths.get(module)
        if path is None:
            located = self.locator.locate(module)
            if located is not None and located.path is not None:
                path = self._paths[module] = located.path
        return path

    def definition(self, module: str) -> ModuleDefinition | None:
        """What a module declares; None if it is not there or cannot be read."""
        path = self.module_path(module)
        return None if path is None else self.workspace.definition_at(path)

    # -- names ------------------------------------------------------------------------------------------------------

    def resolve(self, module: str, dotted: str) -> Meaning | None:
        """What `dotted` means at the module level of `module`; None where that is not known."""
        key = (module, dotted)
        if key in self._resolved:
            return self._resolved[key]
        first, *rest = dotted.split(".")
        cut = self._cut
        found = self._attribute(module, first)
        if found is None and first in _BUILTINS and not self._binds(module, first):
            found = ExternalName(f"builtins.{first}")
        answer = self._descend(found, rest)
        if cut == self._cut or not self._open:
            self._resolved[key] = answer
        return answer

    def find(self, dotted: str) -> Meaning | None:
        """What a full dotted name means (`app.models.User`, `app.crud.Repo.get`); None if the project lacks it."""
        if dotted in self._found:
            return self._found[dotted]
        if is_sqlalchemy(dotted):
            # where the project is SQLAlchemy itself: tables tell more of it than its source
            return ExternalName(dotted)
        cut = self._cut
        answer = self._find(dotted)
        if cut == self._cut or not self._open:
            self._found[dotted] = answer
        return answer

    def _find(self, dotted: str) -> Meaning | None:
        parts = dotted.split(".")
        for end in range(len(parts), 0, -1):
            located = self.locator.locate(".".join(parts[:end]))
            if located is None:
                continue
            if end == len(parts):
                return ModuleFound(located.name)
            found = self._descend(self._member(located, parts[end]), parts[end + 1 :])
            if found is not None:
                return found
            break
        else:
            return ExternalName(dotted)
        first = self.locator.locate(parts[0])
        if first is None or first.path is None:
            return None if located.path is not None else ExternalName(dotted)
        return self._descend(ModuleFound(first.name), parts[1:])

    def _binds(self, module: str, name: str) -> bool:
        definition = self.definition(module)
        return definition is not None and name in definition.bindings

    def _attribute(self, module: str, name: str) -> Meaning | None:
        """What the module-level name `name` of `module` stands for, without builtins and submodules."""
        key = (module, name)
        if key in self._attributes:
            return self._attributes[key]
        if key in self._open:
            self._cut += 1
            return None
        definition = self.definition(module)
        if definition is None:
            return None
        cut = self._cut
        self._open.add(key)
        try:
            bindings = definition.bindings.get(name)
            found = self._chosen(module, definition, bindings) if bindings else self._starred(definition, name)
        finally:
            self._open.discard(key)
        if cut == self._cut or not self._open:
            self._attributes[key] = found
        return found

    def _chosen(self, module: str, definition: ModuleDefinition, bindings: Sequence[Binding]) -> Meaning | None:
        """Which of a name's bindings holds: the last certain one and those that may follow it, if they agree."""
        ranked = [binding for binding in bindings if binding.node not in definition.fallbacks]
        fallbacks = [binding for binding in bindings if binding.node in definition.fallbacks]
        lasting: list[Binding] = []
        for binding in reversed(ranked):
            lasting.append(binding)
            if binding.node not in definition.conditional and not (
                isinstance(binding, Assignment) and binding.function is not None
            ):
                break
        sole = len(ranked) == 1
        meanings = [self._meaning(module, definition, binding, sole) for binding in lasting]
        known = [meaning for meaning in meanings if meaning is not None]
        if known:
            same = all(meaning == known[0] for meaning in known)
            joinable = all(isinstance(m, Found) and isinstance(m.binding, Assignment) for m in known)
            return known[0] if same or joinable else None
        for binding in [*reversed(ranked), *fallbacks]:
            meaning = None if binding in lasting else self._meaning(module, definition, binding, False)
            if meaning is not None:
                return meaning
        return None

    def _meaning(self, module: str, definition: ModuleDefinition, binding: Binding, sole: bool) -> Meaning | None:
        if isinstance(binding, Import):
            return self._imported(definition, binding)
        if isinstance(binding, (Assignment, TypeAlias)) and binding.alias is not None and sole:
            first, *rest = binding.alias.split(".")
            target = self._attribute(module, first)
            if target is None and first in _BUILTINS and first not in definition.bindings:
                target = ExternalName(f"builtins.{first}")
            meaning = self._descend(target, rest)
            if meaning is not None:
                return meaning
        return Found(module, binding)

    def _imported(self, definition: ModuleDefinition, binding: Import) -> Meaning | None:
        located = self.locator.locate(binding.module, definition.path)
        if located is None:
            if self.locator.owns(binding.module, definition.path):
                return None
            return ExternalName(binding.module if binding.name is None else f"{binding.module}.{binding.name}")
        if binding.name is None:
            return ModuleFound(located.name)
        return self._member(located, binding.name)

    def _starred(self, definition: ModuleDefinition, name: str) -> Meaning | None:
        """What the star imports of a module bring as `name`: the last that does."""
        foreign: list[str] = []
        for star in reversed(definition.stars):
            located = self.locator.locate(star, definition.path)
            if located is None:
                if not self.locator.owns(star, definition.path):
                    foreign.append(star)
                continue
            other = self.definition(located.name)
            if other is None or not _is_exported(other, name):
                continue
            found = self._attribute(located.name, name)
            if found is not None:
                return found
        if len(foreign) == 1 and name not in _BUILTINS and not name.startswith("_"):
            return ExternalName(f"{foreign[0]}.{name}")
        return None

    def _member(self, located: Located, name: str) -> Meaning | None:
        """What `name` of a module means: what it binds, else its submodule."""
        child = self.locator.child(located, name)
        if located.path is None:
            return ModuleFound(child.name) if child is not None else ExternalName(f"{located.name}.{name}")
        # a package that does not even mention the name of its submodule need not be parsed
        if child is None or self.workspace.mentions(located.path, name):
            found = self._attribute(located.name, name)
            if found is not None:
                return found
        return None if child is None else ModuleFound(child.name)

    def _descend(self, found: Meaning | None, rest: Sequence[str]) -> Meaning | None:
        """What the attributes `rest` of something mean."""
        index = 0
        while found is not None and index < len(rest):
            name = rest[index]
            if isinstance(found, ExternalName):
                return ExternalName(".".join([found.name, *rest[index:]]))
            if isinstance(found, ModuleFound):
                located = self.locator.locate(found.name)
                found = None if located is None else self._member(located, name)
            elif isinstance(found.binding, ClassDefinition):
                found = self.class_member(found.name, name)
            elif isinstance(found.binding, FunctionDefinition) and name == _LOCALS and index + 1 < len(rest):
                index += 1
                found = self._local(found.module, f"{found.binding.qualname}.{_LOCALS}.{rest[index]}")
            else:
                return None
            index += 1
        return found

    def _local(self, module: str, qualname: str) -> Found | None:
        definition = self.definition(module)
        if definition is None:
            return None
        binding = definition.functions.get(qualname) or definition.classes.get(qualname)
        return None if binding is None else Found(module, binding)

    # -- classes ----------------------------------------------------------------------------------------------------

    def class_definition(self, dotted: str) -> tuple[str, ClassDefinition] | None:
        """The module and the definition of a class of the project, by its full name."""
        found = self.find(dotted)
        if isinstance(found, Found) and isinstance(found.binding, ClassDefinition):
            return found.module, found.binding
        return None

    def class_member(self, dotted: str, name: str) -> Found | None:
        """The method, class or attribute that `name` finds on a class, in its body or in those of its bases."""
        for base in self.mro(dotted)[0]:
            found = self.class_definition(base)
            if found is None:
                continue
            module, definition = found
            if name in definition.methods:
                return Found(module, getter(definition.methods[name]))
            if name in definition.classes:
                return Found(module, definition.classes[name])
            if name in definition.attributes:
                return Found(module, definition.attributes[name][-1])
        return None

    def mro(self, dotted: str) -> tuple[list[str], bool]:
        """The classes in which an attribute of `dotted` is looked up, by full name, itself first.

        Foreign bases are in the list under the names that the project uses; what is above them is not. The second
        is False when a base cannot be named, or is a foreign class of which nothing is known.
        """
        known = self._orders.get(dotted)
        if known is not None:
            return known
        key = ("mro", dotted)
        if key in self._open:
            self._cut += 1
            return [dotted], False
        cut = self._cut
        self._open.add(key)
        try:
            answer = self._order(dotted)
        finally:
            self._open.discard(key)
        if cut == self._cut or not self._open:
            self._orders[dotted] = answer
        return answer

    def _order(self, dotted: str) -> tuple[list[str], bool]:
        match self.find(dotted):
            case ExternalName(name=name):
                return [name], frameworks.is_known_base(name)
            case Found(binding=ClassDefinition() as definition, module=module) as found:
                bases = [self.base(module, definition, name) for name in definition.base_names]
                return self._linear(found.name, bases)
            case Found(binding=Assignment() as assignment, module=module) as found:
                if assignment.origin is not None:
                    return self._linear(found.name, [self.base(module, None, assignment.origin)])
                if self.makes_base(module, assignment):
                    return self._linear(found.name, self._made_from(module, assignment))
                return [found.name], False
        return [dotted], False

    def _linear(self, dotted: str, bases: Sequence[str | None]) -> tuple[list[str], bool]:
        orders = [self.mro(base) for base in bases if base is not None]
        complete = all(base is not None for base in bases) and all(order[1] for order in orders)
        direct = [order[0][0] for order in orders]
        return [dotted, *merge([*(list(order[0]) for order in orders), direct])], complete

    def base(self, module: str, definition: ClassDefinition | None, written: str | None) -> str | None:
        """The full name of a base written in the head of a class, None where it has none."""
        if written is None:
            return None
        scope = definition.qualname.rpartition(".")[0] if definition is not None else ""
        while scope:
            local = self._local(module, f"{scope}.{written}")
            if local is not None and isinstance(local.binding, ClassDefinition):
                return local.name
            scope = scope.rpartition(".")[0]
        match self.resolve(module, written):
            case ExternalName(name=name):
                return name
            case Found(binding=binding) as found if not isinstance(binding, AttributeDefinition):
                return found.name
        return None

    def makes_base(self, module: str, assignment: Assignment) -> bool:
        """Whether the value of a module-level assignment is a new declarative base."""
        called = assignment.call or ""
        owner, _, method = called.rpartition(".")
        if method in frameworks.REGISTRY_BASES:
            return self.is_registry(module, owner)
        target = self.resolve(module, called) if called else None
        return isinstance(target, ExternalName) and target.name in frameworks.BASE_MAKERS

    def is_registry(self, module: str, written: str) -> bool:
        """Whether `written` (a name, or `f()` for a call) is a registry of SQLAlchemy."""
        if written.endswith("()"):
            target = self.resolve(module, written[:-2])
            return isinstance(target, ExternalName) and target.name in frameworks.REGISTRIES
        match self.resolve(module, written) if written else None:
            case Found(binding=Assignment(call=called), module=home) if called:
                maker = self.resolve(home, called)
                return isinstance(maker, ExternalName) and maker.name in frameworks.REGISTRIES
            case ExternalName(name=name):
                return name.rpartition(".")[2].endswith("registry")
        return False

    def _made_from(self, module: str, assignment: Assignment) -> list[str | None]:
        """The class that a declarative base is made from: `declarative_base(cls=X)`."""
        from flake8_async_orm.project.syntax import dotted_name, keywords

        path = self.module_path(module)
        source = None if path is None else self.workspace.source_at(path)
        call = None if source is None or assignment.value is None else source.nodes[assignment.value]
        written = keywords(call)[0].get("cls") if call is not None else None  # type: ignore[arg-type]
        return [] if written is None else [self.base(module, None, dotted_name(written))]


def _is_exported(definition: ModuleDefinition, name: str) -> bool:
    return not name.startswith("_") if definition.exports is None else name in definition.exports
