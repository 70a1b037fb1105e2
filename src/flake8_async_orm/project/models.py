"""Mapped classes: what a class's body, its bases, and the relationships of others give it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import libcst as cst

from flake8_async_orm.knowledge import frameworks
from flake8_async_orm.project.declared import Body, Reader
from flake8_async_orm.project.definitions import ClassDefinition, Import, MappedAttribute, MappedClass
from flake8_async_orm.project.imperative import Imperative
from flake8_async_orm.project.names import ExternalName, Found
from flake8_async_orm.project.relationships import Declared
from flake8_async_orm.project.syntax import (
    dotted_name,
    keywords,
    literal,
    mapping_items,
    positional,
    string_value,
    strings,
)
from flake8_async_orm.project.targets import Targets, declarative_root, makes_root, scope_of
from flake8_async_orm.source import SourceError

if TYPE_CHECKING:
    from flake8_async_orm.project.project import Project

_EMPTY = Body()


class Models:
    """The mapped classes of one project, each read once."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.targets = Targets(project, self.is_mapped)
        self.imperative = Imperative(project)
        self._mapped: dict[str, MappedClass | None] = {}
        self._is_mapped: dict[str, bool] = {}
        self._bodies: dict[tuple[str, bool], Body] = {}
        self._readers: dict[str, Reader | None] = {}
        self._backrefs: dict[str, tuple[tuple[str, MappedAttribute], ...]] = {}

    def mapped(self, dotted: str) -> MappedClass | None:
        """The mapping of a class by its full name; None if it is not mapped, or not known to be."""
        if dotted not in self._mapped:
            found = self.project.class_definition(dotted)
            name = None if found is None else f"{found[0]}.{found[1].qualname}"
            if name is None or found is None:
                self._mapped[dotted] = None
            else:
                if name not in self._mapped:
                    self._mapped[name] = self._map(name, found[0], found[1])
                self._mapped[dotted] = self._mapped[name]
        return self._mapped[dotted]

    # -- which classes ----------------------------------------------------------------------------------------------

    def is_mapped(self, dotted: str) -> bool:
        """Whether a class of the project is mapped declaratively."""
        if dotted not in self._is_mapped:
            self._is_mapped[dotted] = False
            found = self.project.class_definition(dotted)
            self._is_mapped[dotted] = found is not None and self._declarative(dotted, found[0], found[1])
        return self._is_mapped[dotted]

    def _declarative(self, dotted: str, module: str, cls: ClassDefinition) -> bool:
        if any(self._maps(module, written) for written in cls.decorator_names):
            return True
        if declarative_root(self.project, dotted) is None:
            return False
        if self._is_sqlmodel(dotted):
            return self._is_table(dotted)
        if makes_root(self.project, dotted):
            return False
        body = self.body(dotted, False)
        abstract = body.options.get("__abstract__")
        if abstract is not None and literal(abstract) is True:
            return False
        for base in self.project.mro(dotted)[0]:
            row = frameworks.BASES.get(base)
            other = self.body(base, False)
            if (row is not None and row.columns) or {"__tablename__", "__table__"} & other.options.keys():
                return True
            if any(read is not None for read in other.attributes.values()):
                return True
        return False

    def _maps(self, module: str, written: str | None) -> bool:
        """Whether a class decorator maps the class: `@registry.mapped`, `@mapped_as_dataclass(registry)`."""
        owner, _, method = (written or "").rpartition(".")
        if method in frameworks.REGISTRY_DECORATORS and owner and self.project.is_registry(module, owner):
            return True
        found = self.project.resolve(module, written) if written else None
        return isinstance(found, ExternalName) and found.name in frameworks.MAPPING_DECORATORS

    def _is_sqlmodel(self, dotted: str) -> bool:
        return any(frameworks.BASES[base].sqlmodel for base in self.project.mro(dotted)[0] if base in frameworks.BASES)

    def _is_table(self, dotted: str) -> bool:
        """Whether `table=True` stands in the head of an SQLModel, or of one of its bases."""
        for base in self.project.mro(dotted)[0]:
            found = self.project.class_definition(base)
            number = dict(found[1].keywords).get("table") if found is not None else None
            source = self.project.source(found[0]) if found is not None and number is not None else None
            if source is not None and number is not None:
                return literal(source.nodes[number]) is True
        return False

    # -- bodies -----------------------------------------------------------------------------------------------------

    def body(self, dotted: str, sqlmodel: bool) -> Body:
        """What the body of a class of the project declares; nothing for any other class."""
        key = (dotted, sqlmodel)
        if key not in self._bodies:
            self._bodies[key] = _EMPTY
            found = self.project.class_definition(dotted)
            reader = self.reader(found[0]) if found is not None else None
            if found is not None and reader is not None:
                self._bodies[key] = reader.body(found[1], sqlmodel)
        return self._bodies[key]

    def reader(self, module: str) -> Reader | None:
        if module not in self._readers:
            source = self.project.source(module)
            self._readers[module] = Reader(self.project, module) if source is not None else None
        return self._readers[module]

    # -- one class --------------------------------------------------------------------------------------------------

    def _map(self, name: str, module: str, cls: ClassDefinition) -> MappedClass | None:
        try:
            if self.is_mapped(name):
                return self._build(name)
            return self._imperative(name)
        except (SourceError, RecursionError):
            return None

    def _build(self, name: str) -> MappedClass:
        order, complete = self.project.mro(name)
        sqlmodel = self._is_sqlmodel(name)
        rows = [frameworks.BASES[base] for base in order if base in frameworks.BASES]
        declared: dict[str, Declared] = {}
        for base in reversed(order):
            for read in self._given_by(base, sqlmodel):
                if isinstance(read, str):
                    declared.pop(read, None)
                else:
                    declared[read.attribute.name] = read
        table = self._option(order, "__table__")
        if table is not None:
            columns, readable = self.imperative.columns(self._home(order, "__table__"), table)
            complete = complete and readable
            for column in columns:
                declared.setdefault(column.name, Declared(column))
        attributes = self._finished(name, declared)
        mapper = self._mapper_arguments(order)
        return MappedClass(
            name,
            attributes,
            complete,
            tuple(order[1:]),
            async_attrs=any(row.async_attrs for row in rows),
            dataclass=any(row.dataclass for row in rows) or self._is_dataclass(order),
            sqlmodel=sqlmodel,
            eager_defaults=_eager(mapper),
            polymorphic=self._is_polymorphic(order, mapper),
            table=self._table_name(order, sqlmodel),
        )

    def _given_by(self, base: str, sqlmodel: bool) -> Iterator[Declared | str]:
        """What one class of the order gives; the bare name where it takes an attribute away."""
        row = frameworks.BASES.get(base)
        for column in row.columns if row is not None else ():
            yield Declared(
                MappedAttribute(
                    column.name,
                    "column",
                    primary_key=column.primary_key,
                    foreign_key=column.foreign_key,
                    default=column.default,
                    onupdate=column.onupdate,
                )
            )
        for attribute, read in self.body(base, sqlmodel).attributes.items():
            yield attribute if read is None else read

    def _finished(self, name: str, declared: dict[str, Declared]) -> dict[str, MappedAttribute]:
        """The attributes of a class with what follows from the whole: targets, directions, backrefs."""
        attributes: dict[str, MappedAttribute] = {}
        for key, read in declared.items():
            attribute = read.attribute
            if attribute.kind == "relationship":
                target = self._target(name, read)
                uselist = attribute.uselist
                if read.uselist_open and target is not None:
                    uselist = self._many(name, target, declared, read)
                attribute = replace(attribute, target=target, uselist=uselist)
            attributes[key] = attribute
        for made in self._backrefs_of(name):
            attributes.setdefault(made.name, made)
        return attributes

    def _target(self, owner: str, read: Declared) -> str | None:
        if read.target is None:
            return None
        return self.targets.find(read.attribute.module, read.target, read.quoted, owner)

    def _many(self, owner: str, target: str, declared: dict[str, Declared], read: Declared) -> bool | None:
        """Whether a relationship that does not say so holds many: by the side that has the foreign key."""
        if owner == target or target in self.project.mro(owner)[0]:
            return not read.remote_side
        if read.foreign is not None:
            if read.foreign in ("", owner.rpartition(".")[2]):
                return False
            if read.foreign == target.rpartition(".")[2]:
                return True
        here = _referenced(declared.values()) | self._constrained(owner)
        order = self.project.mro(target)[0]
        sqlmodel = self._is_sqlmodel(target)
        theirs = {base: self.body(base, sqlmodel) for base in order}
        there = _referenced(read for body in theirs.values() for read in body.attributes.values() if read is not None)
        there |= self._constrained(target)
        to_there = self._table_name(order, sqlmodel) in here
        to_here = self._table_name(self.project.mro(owner)[0], self._is_sqlmodel(owner)) in there
        if to_there == to_here:
            return None
        return to_here

    def _constrained(self, name: str) -> set[str]:
        """The tables that the `ForeignKeyConstraint(...)` among a class's table arguments refer to."""
        node = self._option(self.project.mro(name)[0], "__table_args__")
        found: set[str] = set()
        for element in node.elements if type(node) is cst.Tuple else ():
            call = element.value
            if type(call) is cst.Call and (dotted_name(call.func) or "").endswith("ForeignKeyConstraint"):
                named, given = keywords(call)[0], positional(call)
                columns = given[1] if len(given) > 1 else named.get("refcolumns")
                found |= {_table(column) for column in (strings(columns) if columns is not None else None) or ()}
        return found

    # -- options ----------------------------------------------------------------------------------------------------

    def _home(self, order: list[str], option: str) -> str:
        for base in order:
            if self.body(base, False).options.get(option) is not None:
                found = self.project.class_definition(base)
                return found[0] if found is not None else ""
        return ""

    def _option(self, order: list[str], option: str) -> cst.BaseExpression | None:
        for base in order:
            options = self.body(base, False).options
            if option in options:
                return options[option]
        return None

    def _table_name(self, order: list[str], sqlmodel: bool) -> str | None:
        for base in order:
            options = self.body(base, False).options
            if "__tablename__" in options:
                return string_value(options["__tablename__"])
        return order[0].rpartition(".")[2].lower() if sqlmodel else None

    def _mapper_arguments(self, order: list[str]) -> dict[str, cst.BaseExpression] | None:
        """The items of the nearest `__mapper_args__`; None where they cannot be read."""
        for base in order:
            options = self.body(base, False).options
            if "__mapper_args__" in options:
                value = options["__mapper_args__"]
                return None if value is None else mapping_items(value)
        return {}

    def _is_polymorphic(self, order: list[str], mapper: dict[str, cst.BaseExpression] | None) -> bool:
        if mapper is None or any(key.startswith("polymorphic") or key == "concrete" for key in mapper):
            return True
        return any(self.is_mapped(base) for base in order[1:])

    def _is_dataclass(self, order: list[str]) -> bool:
        for base in order:
            found = self.project.class_definition(base)
            for written in found[1].decorator_names if found is not None else ():
                if (written or "").rpartition(".")[2] == "mapped_as_dataclass":
                    return True
        return False

    # -- the other side ---------------------------------------------------------------------------------------------

    def _backrefs_of(self, name: str) -> Iterator[MappedAttribute]:
        """The attributes that relationships of neighbours make on a class."""
        order = set(self.project.mro(name)[0])
        found = self.project.class_definition(name)
        if found is None:
            return
        for path in self._neighbours(found[0]):
            for target, made in self._backrefs_in(path):
                if target in order:
                    yield made

    def _neighbours(self, module: str) -> list[str]:
        """The files of a module's directory and of what it imports, that speak of backrefs."""
        workspace = self.project.workspace
        scope = scope_of(self.project, module)
        paths = dict.fromkeys(workspace.tree.modules(scope[0], 500) if scope is not None else ())
        definition = self.project.definition(module)
        for bindings in definition.bindings.values() if definition is not None else ():
            for binding in bindings:
                if isinstance(binding, Import) and definition is not None:
                    located = self.project.locator.locate(binding.module, definition.path)
                    if located is not None and located.path is not None:
                        paths[located.path] = None
        return [path for path in paths if workspace.words_at(path).backref]

    def _backrefs_in(self, path: str) -> tuple[tuple[str, MappedAttribute], ...]:
        """The (target, attribute) that the relationships of a file make on the other side."""
        if path not in self._backrefs:
            self._backrefs[path] = ()
            self._backrefs[path] = tuple(self._read_backrefs(path))
        return self._backrefs[path]

    def _read_backrefs(self, path: str) -> Iterator[tuple[str, MappedAttribute]]:
        module = self.project.module_name(path)
        definition = self.project.definition(module)
        for qualname in definition.classes if definition is not None else ():
            owner = f"{module}.{qualname}"
            if not self.is_mapped(owner):
                continue
            declared = {
                read.attribute.name: read
                for base in reversed(self.project.mro(owner)[0])
                for read in self.body(base, False).attributes.values()
                if read is not None
            }
            for read in declared.values():
                target = self._target(owner, read) if read.backref is not None else None
                if read.backref is None or target is None:
                    continue
                uselist = read.backref.uselist
                if uselist is None:
                    forward = read.attribute.uselist
                    if forward is None and read.uselist_open:
                        forward = self._many(owner, target, declared, read)
                    uselist = None if forward is None else not forward
                yield target, replace(read.backref, target=owner, uselist=uselist)

    # -- imperative -------------------------------------------------------------------------------------------------

    def _imperative(self, name: str) -> MappedClass | None:
        order, complete = self.project.mro(name)
        foreign = [base for base in order if not isinstance(self.project.find(base), Found)]
        if any(base.partition(".")[0] not in ("builtins", "abc", "typing", "dataclasses") for base in foreign):
            return None
        for base in order:
            call = self.imperative.mapping_of(base)
            if call is None:
                continue
            reader = self.reader(call.module)
            if reader is None:
                return None
            declared = {read.attribute.name: read for read in reader.properties(call.properties)}
            columns, readable = self.imperative.columns(call.module, call.table)
            for column in columns:
                declared.setdefault(column.name, Declared(column))
            attributes = self._finished(name, declared)
            readable = readable and complete and call.complete
            return MappedClass(name, attributes, readable, tuple(order[1:]), polymorphic=base != name)
        return None


def _referenced(reads: Iterable[Declared]) -> set[str]:
    """The tables that the foreign keys among some attributes refer to."""
    found: set[str] = set()
    for read in reads:
        if read.attribute.references:
            found.add(_table(read.attribute.references))
    return found


def _table(column: str) -> str:
    """The table's name in `schema.table.column`."""
    return column.rpartition(".")[0].rpartition(".")[2]


def _eager(mapper: dict[str, cst.BaseExpression] | None) -> bool | None:
    if mapper is None:
        return True
    value = literal(mapper["eager_defaults"]) if "eager_defaults" in mapper else None
    if value == "auto":
        return None
    return value if isinstance(value, bool) or value is None else True
