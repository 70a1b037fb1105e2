"""Schemas: the classes by which mapped instances are written out, and which attributes they read.

pydantic validates an instance by reading the attribute of every field, whether it has a default or not; marshmallow dumps one
by reading what each declared field names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import libcst as cst

from flake8_async_orm.knowledge import serializers
from flake8_async_orm.project.definitions import AttributeDefinition, ClassDefinition
from flake8_async_orm.project.names import Found
from flake8_async_orm.project.syntax import (
    dotted_name,
    expression,
    head_name,
    keywords,
    literal,
    mapping_items,
    positional,
    string_value,
    subscript_items,
)
from flake8_async_orm.records import record, replace
from flake8_async_orm.source import Source

if TYPE_CHECKING:
    from flake8_async_orm.project.project import Project

#: what an annotation mentions that lets None in
_NONE = re.compile(r"\b(None|Optional|Any|object)\b")


@record
class SchemaField:
    """A field: its `name`, the attributes that it reads (the first that there is), and the schema below, if it is one.

    `module` and `node` tell where it is declared. `optional`: it may be None.
    """

    name: str
    reads: tuple[str, ...]
    schema: str | None
    module: str
    node: int
    optional: bool = True


@record
class Schema:
    """What a schema reads. `complete` is False where fields may be missing (unknown bases)."""

    name: str
    fields: tuple[SchemaField, ...]
    complete: bool


class Schemas:
    """The schemas of one project, each read once."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._schemas: dict[str, Schema | None] = {}

    def schema(self, dotted: str) -> Schema | None:
        """The schema that a class of the project is, by its full name; None if it is none, or does more than read."""
        if dotted not in self._schemas:
            self._schemas[dotted] = None
            self._schemas[dotted] = self._read(dotted)
        return self._schemas[dotted]

    def named_in(self, module: str, node: cst.CSTNode) -> str | None:
        """The one schema that an annotation in `module` mentions (`list[UserRead]`, `UserRead | None`), if it is one."""
        found = {name for name in self._mentioned(module, node) if self.kind(name) is not None}
        return found.pop() if len(found) == 1 else None

    def table_in(self, module: str, node: cst.CSTNode) -> bool:
        """Whether the only mapped class that an annotation in `module` mentions is one of SQLModel's tables."""
        found = [self.project.mapped(name) for name in set(self._mentioned(module, node))]
        return len(found) == 1 and found[0] is not None and found[0].sqlmodel

    def _mentioned(self, module: str, node: cst.CSTNode) -> Iterator[str]:
        """The classes of the project that an annotation mentions, by their full names."""
        match node:
            case cst.Annotation(annotation=inner):
                yield from self._mentioned(module, inner)
            case cst.SimpleString() | cst.ConcatenatedString():
                inner_expression = expression(string_value(node) or "")
                if inner_expression is not None:
                    yield from self._mentioned(module, inner_expression)
            case cst.BinaryOperation(left=left, right=right):
                yield from self._mentioned(module, left)
                yield from self._mentioned(module, right)
            case cst.Subscript():
                items = subscript_items(node)
                if (dotted_name(node.value) or "").rpartition(".")[2] == "Annotated":
                    items = items[:1]
                for item in items:
                    yield from self._mentioned(module, item)
            case cst.Name() | cst.Attribute():
                found = self.project.resolve(module, dotted_name(node) or "")
                if isinstance(found, Found) and isinstance(found.binding, ClassDefinition):
                    yield found.name
            case _:
                pass

    def kind(self, dotted: str) -> str | None:
        """pydantic, marshmallow, msgspec, or None."""
        order = self.project.mro(dotted)[0]
        if self.project.mapped(dotted) is not None:
            return None
        if any(base in serializers.PYDANTIC_BASES for base in order):
            return "pydantic"
        if any(base in serializers.MSGSPEC_BASES for base in order):
            return "msgspec"
        return "marshmallow" if any(base in serializers.MARSHMALLOW_BASES for base in order) else None

    def _read(self, dotted: str) -> Schema | None:
        kind = self.kind(dotted)
        if kind is None:
            return None
        order, complete = self.project.mro(dotted)
        fields: dict[str, SchemaField] = {}
        by_name, renamed = False, False
        settings_found: dict[str, object] = {}
        for base in order:
            found = self.project.class_definition(base)
            source = self.project.source(found[0]) if found is not None else None
            if found is None or source is None:
                continue
            module, cls = found
            if kind == "msgspec" and any(name == "rename" for name, _ in cls.keywords):
                return None
            if kind == "pydantic":
                if _replaces(source, cls):
                    return None
                settings = _settings(source, cls)
                settings_found = settings | settings_found
                by_name = by_name or any(settings.get(name) is True for name in serializers.BY_NAME)
                renamed = renamed or bool(serializers.RENAMING & settings.keys())
            for name, declared in cls.attributes.items():
                if name in fields or name.startswith("_"):
                    continue
                field = self._marshmallow if kind == "marshmallow" else self._annotated
                read = field(module, source, declared[-1])
                if read is not None:
                    fields[name] = read
        if renamed and not by_name:
            # every field reads an attribute of another name
            return None
        if settings_found.get("extra", "ignore") not in ("ignore", "forbid"):
            complete = False
        if by_name:
            fields = {n: _also(f, n) for n, f in fields.items()}
        return Schema(dotted, tuple(fields.values()), complete)

    def _annotated(self, module: str, source: Source, declared: AttributeDefinition) -> SchemaField | None:
        if declared.annotation is None or declared.name == "model_config":
            return None
        annotation = source.nodes[declared.annotation]
        if (head_name(annotation) or "").rpartition(".")[2] in ("ClassVar", "PrivateAttr"):
            return None
        reads: tuple[str, ...] = (declared.name,)
        for call in _field_calls(source, declared, annotation):
            given, starred = keywords(call)
            alias = given.get("validation_alias", given.get("alias"))
            if starred:
                return None
            if "name" in given:
                # msgspec's: it takes either
                reads = tuple(filter(None, (declared.name, string_value(given["name"]))))
            if alias is not None:
                name = string_value(alias)
                if name is None:
                    return None
                reads = (name,)
        optional = bool(_NONE.search(cst.Module([]).code_for_node(annotation)))
        return SchemaField(declared.name, reads, self.named_in(module, annotation), module, declared.node, optional)

    def _marshmallow(self, module: str, source: Source, declared: AttributeDefinition) -> SchemaField | None:
        value = source.nodes[declared.value] if declared.value is not None else None
        if not isinstance(value, cst.Call):
            return None
        given, starred = keywords(value)
        kind = (dotted_name(value.func) or "").rpartition(".")[2]
        if starred or kind in ("Method", "Function", "Constant") or literal(given.get("load_only")) is True:
            return None
        attribute = string_value(given["attribute"]) if "attribute" in given else declared.name
        if attribute is None or "." in attribute:
            return None
        return SchemaField(declared.name, (attribute,), self._nested(module, value), module, declared.node)

    def _nested(self, module: str, value: cst.Call) -> str | None:
        """The schema of `Nested(PostSchema)`, `List(Nested("PostSchema"))`, `Pluck(...)`."""
        kind = (dotted_name(value.func) or "").rpartition(".")[2]
        given = positional(value)
        if not given:
            return None
        first = given[0]
        if kind == "List" and isinstance(first, cst.Call):
            return self._nested(module, first)
        if kind != "Nested":
            return None
        if isinstance(first, cst.Lambda):
            first = first.body
        if isinstance(first, cst.Call):
            first = first.func
        return self.named_in(module, first)


def _also(field: SchemaField, name: str) -> SchemaField:
    reads = tuple(dict.fromkeys((*field.reads, name)))
    return replace(field, reads=reads)


def _field_calls(source: Source, declared: AttributeDefinition, annotation: cst.CSTNode) -> Iterator[cst.Call]:
    """The calls of pydantic's `Field` or msgspec's `field` that say something of a field: its value, or in `Annotated[...]`."""
    candidates: list[cst.CSTNode] = [source.nodes[declared.value]] if declared.value is not None else []
    if isinstance(annotation, cst.Subscript):
        candidates += subscript_items(annotation)[1:]
    for node in candidates:
        if isinstance(node, cst.Call) and (dotted_name(node.func) or "").rpartition(".")[2] in ("Field", "field"):
            yield node


def _replaces(source: Source, cls: ClassDefinition) -> bool:
    """Whether a class puts something else in the place of what it is given."""
    if cls.methods.keys() & (serializers.VALIDATING | {"__init__", "__get_validators__"}):
        return True
    for definitions in cls.methods.values():
        for function in definitions:
            for number in function.decorators:
                node: cst.CSTNode = source.nodes[number]
                if isinstance(node, cst.Decorator):
                    node = node.decorator
                name = (head_name(node) or "").rpartition(".")[2]
                if name not in serializers.REPLACING:
                    continue
                given = keywords(node)[0] if isinstance(node, cst.Call) else {}
                if name == "root_validator" and literal(given.get("pre")) is not True:
                    continue
                if name == "model_validator" and string_value(given.get("mode")) == "after":
                    continue
                return True
    return False


def _settings(source: Source, cls: ClassDefinition) -> dict[str, object]:
    """What the configuration of one class body says, by name; `...` where a value cannot be read."""
    found: dict[str, object] = {}
    for declared in cls.attributes.get("model_config", ()):
        value = source.nodes[declared.value] if declared.value is not None else None
        items = mapping_items(value) if value is not None else None
        if items is None and isinstance(value, cst.Call):
            items = keywords(value)[0]
        found.update({name: literal(node) for name, node in (items or {}).items()})
    inner = cls.classes.get("Config")
    for name, declarations in inner.attributes.items() if inner is not None else ():
        number = declarations[-1].value
        found[name] = literal(source.nodes[number]) if number is not None else ...
    for name, number in cls.keywords:
        found[name] = literal(source.nodes[number])
    return found


