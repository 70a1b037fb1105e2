"""What the body of one class declares to the mapper, before inheritance."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING

import libcst as cst

from flake8_async_orm.knowledge import mapping
from flake8_async_orm.project.annotations import Shape, shape_of
from flake8_async_orm.project.defaults import origin_of_value
from flake8_async_orm.project.definitions import (
    Assignment,
    AttributeDefinition,
    ClassDefinition,
    FunctionDefinition,
    MappedAttribute,
)
from flake8_async_orm.project.names import ExternalName, Found
from flake8_async_orm.project.relationships import Arguments, Declared, Relationships, truth
from flake8_async_orm.project.syntax import (
    dotted_name,
    keywords,
    literal,
    mapping_items,
    positional,
    string_value,
    subscript_items,
)
from flake8_async_orm.records import record
from flake8_async_orm.source import Source, SourceError

if TYPE_CHECKING:
    from flake8_async_orm.project.project import Project

#: functions that return one another's column are followed so far
_DEPTH = 3


@record
class Body:
    """A class body's mapped attributes; None for a name that hides one of a base. `options`: its `__...__` attributes."""

    attributes: dict[str, Declared | None] = field(default_factory=dict)
    options: dict[str, cst.BaseExpression | None] = field(default_factory=dict)


class Reader:
    """Reads the class bodies of one module."""

    def __init__(self, project: Project, module: str) -> None:
        self.project = project
        self.module = module
        self.relationships = Relationships(project, module)

    @property
    def source(self) -> Source:
        """The module's source. Raises SourceError if it has gone since its definitions were read."""
        source = self.project.source(self.module)
        if source is None:
            raise SourceError("the file cannot be read")
        return source

    def body(self, cls: ClassDefinition, sqlmodel: bool) -> Body:
        """What `cls` declares; with `sqlmodel`, plain annotations are columns."""
        body = Body()
        nodes = self.source.nodes
        for name, methods in cls.methods.items():
            if not name.startswith("__"):
                body.attributes[name] = self.method(name, methods)
            elif self.is_declared(methods[-1]):
                body.options[name] = self.returned(methods[-1])
        for name, definitions in cls.attributes.items():
            definition = definitions[-1]
            node = None if definition.value is None else nodes[definition.value]
            value = node if isinstance(node, cst.BaseExpression) else None
            if name.startswith("__"):
                body.options[name] = value
            else:
                body.attributes[name] = self.attribute(name, definition, value, sqlmodel)
        return body

    def properties(self, items: Mapping[str, cst.BaseExpression]) -> Iterator[Declared]:
        """What the `properties` of an imperative mapping declare."""
        for name, value in items.items():
            if type(value) is cst.Call:
                yield self.called(MappedAttribute(name, "column", module=self.module), value, None)
            else:
                yield Declared(MappedAttribute(name, "column", module=self.module))

    # -- methods ----------------------------------------------------------------------------------------------------

    def is_declared(self, method: FunctionDefinition) -> bool:
        names = [name for name in method.decorator_names if name]
        return any(part in ("declared_attr", "declared_property") for name in names for part in name.split("."))

    def method(self, name: str, methods: Sequence[FunctionDefinition]) -> Declared | None:
        first = methods[0]
        blank = MappedAttribute(name, "other", node=first.node, module=self.module)
        decorators = {(decorator or "").rpartition(".")[2] for decorator in first.decorator_names}
        if decorators & mapping.HYBRIDS:
            return Declared(replace(blank, kind="hybrid"))
        if self.is_declared(first):
            value = self.returned(methods[-1])
            shape = None
            if first.returns is not None:
                shape = shape_of(self.source.nodes[first.returns])
            if type(value) is cst.Call:
                return self.called(blank, value, shape)
            return Declared(blank)
        return None

    def returned(self, method: FunctionDefinition) -> cst.BaseExpression | None:
        """What a method returns where it has one `return`, else None."""
        nodes = self.source.nodes
        within = range(method.node, self.source.last_below(method.node) + 1)
        returns = [node.value for node in map(nodes.__getitem__, within) if type(node) is cst.Return]
        return returns[0] if len(returns) == 1 else None

    # -- attributes -------------------------------------------------------------------------------------------------

    def attribute(
        self, name: str, definition: AttributeDefinition, value: cst.BaseExpression | None, sqlmodel: bool
    ) -> Declared | None:
        if name in mapping.RESERVED:
            return None
        blank = MappedAttribute(name, "column", node=definition.node, module=self.module)
        shape = None if definition.annotation is None else shape_of(self.source.nodes[definition.annotation])
        if type(value) is cst.Call:
            mapped = shape is not None and (sqlmodel or shape.wrapper in mapping.MAPPED)
            return self.called(blank, value, shape, sqlmodel) if mapped or self.constructor(value)[0] else None
        if shape is None:
            return None
        if shape.wrapper in mapping.MAPPED:
            read = self.annotated(blank, shape)
            return self.with_value(read, value)
        if sqlmodel and shape.wrapper != "ClassVar" and not name.startswith("_"):
            return self.with_value(self.annotated(blank, shape), value)
        return None

    def with_value(self, read: Declared, value: cst.BaseExpression | None) -> Declared:
        """`x: Mapped[int] = 3` of a mapped dataclass or an SQLModel."""
        if value is None or type(value) is cst.Ellipsis:
            return read
        return replace(read, attribute=replace(read.attribute, default="python"))

    def annotated(self, blank: MappedAttribute, shape: Shape) -> Declared:
        """A column known by its annotation, with what `Annotated[...]` behind it says."""
        call = self.annotated_call(shape)
        if call is not None:
            read = self.called(blank, call, None)
            if read.attribute.kind == "column":
                return read
        if shape.wrapper in mapping.LAZY_BY_WRAPPER:
            return Declared(replace(blank, kind="other"))
        return Declared(blank)

    def annotated_call(self, shape: Shape) -> cst.Call | None:
        """The `mapped_column(...)` in the `Annotated[...]` that an annotation is or names."""
        if shape.extras:
            return next((extra for extra in shape.extras if type(extra) is cst.Call), None)
        if shape.name is None or shape.quoted or shape.collection:
            return None
        found = self.project.resolve(self.module, shape.name)
        if not (isinstance(found, Found) and isinstance(found.binding, Assignment) and found.binding.origin):
            return None
        source = self.project.source(found.module)
        if source is None or found.binding.value is None or found.binding.origin.rpartition(".")[2] != "Annotated":
            return None
        node = source.nodes[found.binding.value]
        items = subscript_items(node)[1:] if type(node) is cst.Subscript else []
        return next((item for item in items if type(item) is cst.Call), None)

    # -- calls ------------------------------------------------------------------------------------------------------

    def constructor(self, call: cst.Call, depth: int = 0) -> tuple[str, dict[str, cst.BaseExpression]]:
        """What kind of attribute a call makes ("" : none, "other": cannot be known), and arguments given beforehand.

        Those are given by `partial`, or by a function of the project that does nothing but return a column.
        """
        written = dotted_name(call.func)
        found = self.project.resolve(self.module, written) if written else None
        if isinstance(found, ExternalName):
            package, _, _ = found.name.partition(".")
            last = found.name.rpartition(".")[2]
            if package in mapping.PACKAGES:
                return mapping.CONSTRUCTORS.get(last, ""), {}
            return ("" if package in sys.stdlib_module_names else "other"), {}
        if not isinstance(found, Found) or depth > _DEPTH:
            return "other", {}
        other = Reader(self.project, found.module)
        if isinstance(found.binding, FunctionDefinition):
            inner = other.returned(found.binding)
            if type(inner) is cst.Call:
                kind, given = other.constructor(inner, depth + 1)
                if kind == "column":
                    return kind, {**given, **keywords(inner)[0]}
        elif isinstance(found.binding, Assignment) and (found.binding.call or "").rpartition(".")[2] == "partial":
            made = None if found.binding.value is None else other.source.nodes[found.binding.value]
            first = next(iter(positional(made)), None) if type(made) is cst.Call else None
            target = other.project.resolve(found.module, dotted_name(first) or "") if first is not None else None
            if type(made) is cst.Call and isinstance(target, ExternalName):
                return mapping.CONSTRUCTORS.get(target.name.rpartition(".")[2], "other"), keywords(made)[0]
        return "other", {}

    def called(self, blank: MappedAttribute, call: cst.Call, shape: Shape | None, sqlmodel: bool = False) -> Declared:
        """The attribute that a call gives."""
        kind, given = self.constructor(call)
        named, starred = keywords(call)
        arguments = {**given, **named}
        if kind == "column":
            return self.column(blank, call, arguments, starred, shape)
        if kind == "field":
            return self.field(blank, call, arguments, starred)
        if kind == "deferred":
            inner = next(iter(positional(call)), None)
            read = self.called(blank, inner, shape) if type(inner) is cst.Call else Declared(blank)
            group = string_value(arguments.get("group"))
            return replace(read, attribute=replace(read.attribute, deferred=True, deferred_group=group))
        if kind in ("relationship", "sqlmodel-relationship"):
            return self.relationships.read(blank, call, arguments, starred, shape, kind)
        if kind == "dynamic":
            read = self.relationships.read(blank, call, arguments, starred, shape, "relationship")
            return replace(read, attribute=replace(read.attribute, lazy="dynamic", uselist=True), uselist_open=False)
        if kind in ("association_proxy", "synonym"):
            through = string_value(next(iter(positional(call)), None))
            return Declared(replace(blank, kind=kind, through=through))
        if kind in ("column_property", "composite", "query_expression", "hybrid"):
            deferred = truth(arguments.get("deferred"), False)
            return Declared(replace(blank, kind=kind, deferred=deferred))
        if kind == "" and sqlmodel and shape is not None and shape.wrapper != "ClassVar":
            return Declared(replace(blank, default="python"))
        return Declared(replace(blank, kind="other", lazy=None, deferred=None))

    def column(
        self, blank: MappedAttribute, call: cst.Call, arguments: Arguments, starred: bool, shape: Shape | None
    ) -> Declared:
        base = blank
        beneath = self.annotated_call(shape) if shape is not None and shape.wrapper in mapping.MAPPED else None
        if beneath is not None and beneath is not call:
            base = self.called(blank, beneath, None).attribute
        read = self.column_attribute(base, positional(call), arguments)
        if starred:
            default, onupdate = _unless_known(read.default), _unless_known(read.onupdate)
            read = replace(read, default=default, onupdate=onupdate, deferred=None)
        return Declared(read)

    def column_attribute(
        self, base: MappedAttribute, given: Sequence[cst.BaseExpression], arguments: Arguments
    ) -> MappedAttribute:
        """A column made with the positional arguments `given` and `arguments`; what they do not say is as in `base`."""
        changes: dict[str, object] = {"kind": "column"}
        for argument in given:
            changes.update(self.positional_column(argument))
        for keyword, attribute in (("insert_default", "default"), ("default", "default"), ("onupdate", "onupdate")):
            if keyword in arguments and not (keyword == "default" and "insert_default" in arguments):
                origin = origin_of_value(self.project, self.module, arguments[keyword])
                empty = keyword == "default" and literal(arguments[keyword]) is None
                changes[attribute] = "none" if empty else origin
        for keyword in ("server_default", "server_onupdate"):
            if keyword in arguments and literal(arguments[keyword]) is not None:
                changes[keyword] = True
        if "default_factory" in arguments:
            changes.update(default_factory=True, default="python")
        if "primary_key" in arguments:
            changes["primary_key"] = literal(arguments["primary_key"]) is True
        if "deferred" in arguments:
            changes["deferred"] = truth(arguments["deferred"], None)
        if "deferred_group" in arguments:
            changes.update(deferred=True, deferred_group=string_value(arguments["deferred_group"]))
        if "init" in arguments:
            changes["init"] = literal(arguments["init"]) is not False
        return replace(base, **changes)  # type: ignore[arg-type]

    def positional_column(self, argument: cst.BaseExpression) -> dict[str, object]:
        """What a positional argument of a column says: `ForeignKey(...)`, `Computed(...)`, `Identity()` ..."""
        if type(argument) is not cst.Call:
            return {}
        last = (dotted_name(argument.func) or "").rpartition(".")[2]
        if last == "ForeignKey":
            first = next(iter(positional(argument)), None) or keywords(argument)[0].get("column")
            return {"foreign_key": True, "references": string_value(first)}
        return dict(mapping.SCHEMA_ITEMS.get(last, {}))

    def field(self, blank: MappedAttribute, call: cst.Call, arguments: Arguments, starred: bool) -> Declared:
        """SQLModel's `Field(...)`."""
        column = arguments.get("sa_column")
        if type(column) is cst.Call:
            return self.called(blank, column, None)
        if column is not None:
            return Declared(replace(blank, onupdate="unknown", default="unknown", deferred=None))
        extra = arguments.get("sa_column_kwargs")
        items = {} if extra is None else mapping_items(extra)
        read = self.column_attribute(blank, (), items or {})
        if items is None or starred:
            read = replace(read, onupdate="unknown", default="unknown", deferred=None)
        default = arguments.get("default") or next(iter(positional(call)), None)
        if default is not None and literal(default) is not None and type(default) is not cst.Ellipsis:
            read = replace(read, default="python")
        if "default_factory" in arguments:
            read = replace(read, default="python", default_factory=True)
        key = arguments.get("foreign_key")
        return Declared(
            replace(
                read,
                primary_key=literal(arguments.get("primary_key")) is True,
                foreign_key=read.foreign_key or key is not None,
                references=read.references or string_value(key),
            )
        )


def _unless_known(origin: str) -> str:
    return "unknown" if origin == "none" else origin
