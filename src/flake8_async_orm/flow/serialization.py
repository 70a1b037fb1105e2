"""Mapped instances are written out: by pydantic, by FastAPI from a route, by marshmallow.

A serialiser reads the attribute of every field that its schema has, and so on below. Each such read is judged like one in
the code, and is stated at the place that hands the instance over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_async_orm.flow import coroutines, instances
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.syntax import dotted_name
from flake8_async_orm.knowledge import serializers
from flake8_async_orm.lattice import State, without_none
from flake8_async_orm.project.definitions import FunctionDefinition, MappedAttribute, MappedClass
from flake8_async_orm.project.schemas import Schema, SchemaField
from flake8_async_orm.values import Class, Function, Instance, Object, Place, Site, Unknown, Value

if TYPE_CHECKING:
    from flake8_async_orm.flow.calls import Argument

#: schemas inside one another that are followed
DEEP = 5


def serialize(frame: Frame, state: State, schema: str, value: Value, site: Site) -> None:
    """The instances in `value` are written out by `schema` (a class's full name) at `site`."""
    found = frame.program.project.schemas.schema(schema)
    if found is not None:
        _write(frame, state, found, value, site, found.name.rpartition(".")[2], 1)


def _write(frame: Frame, state: State, schema: Schema, value: Value, site: Site, trail: str, depth: int) -> None:
    for instance in instances.instances_in(value):
        mapped = frame.program.project.mapped(instance.model)
        if mapped is None:
            continue
        for field in schema.fields:
            attribute = _attribute(mapped, field)
            if attribute is not None:
                _read(frame, state, instance, attribute, field, site, f"{trail}.{field.name}", depth)
            else:
                _compute(frame, state, instance, field, site)


def _compute(frame: Frame, state: State, instance: Instance, field: SchemaField, site: Site) -> None:
    """A field reads what may be a property of the class."""
    for name in field.reads:
        found = frame.program.method(instance.model, name)
        if found is not None:
            if decorators.shape(frame.program, found[0], found[2]).style == "property":
                function = Function(f"{found[0]}.{found[2].qualname}", instance)
                project_calls.call(frame, state, function, [], site)
            return


def _attribute(mapped: MappedClass, field: SchemaField) -> MappedAttribute | None:
    """The mapped attribute that a field reads; of several names the first that the class has."""
    for name in field.reads:
        if name in mapped.attributes:
            return mapped.attributes[name]
    return None


def _read(
    frame: Frame,
    state: State,
    instance: Instance,
    attribute: MappedAttribute,
    field: SchemaField,
    site: Site,
    trail: str,
    depth: int,
) -> None:
    source = frame.program.project.source(field.module)
    declared = Site(source.path, field.node) if source is not None else None
    outer, frame.serializing = frame.serializing, trail
    try:
        if attribute.kind == "relationship":
            value = instances.read_relationship(frame, state, instance, attribute, site, declared)
        else:
            known = instances.column_at_stake(frame, state, instance, attribute)
            if known is not None:
                instances.read_column(frame, state, known, instance, attribute, site, declared)
            return
    finally:
        frame.serializing = outer
    below = frame.program.project.schemas.schema(field.schema) if field.schema is not None else None
    if below is not None and depth < DEEP:
        _write(frame, state, below, value, site, trail, depth + 1)


# -- who serialises ---------------------------------------------------------------------------------------------------


def schema_of(frame: Frame, receiver: Class | Object, name: str) -> str | None:
    """The schema by which the method `name` of `receiver` takes apart what it is given; None where it does not."""
    schemas = frame.program.project.schemas
    match receiver:
        case Class(name=cls) if name in serializers.VALIDATING:
            return cls if schemas.kind(cls) == "pydantic" else None
        case Object(cls=Class(name=cls, args=(Class(name=schema),))) if cls in serializers.ADAPTERS:
            return schema if name in serializers.ADAPTING else None
        case Object(cls=Class(name=cls)) if name in serializers.DUMPING:
            return cls if schemas.kind(cls) == "marshmallow" else None
        case _:
            return None


def called(
    frame: Frame, state: State, receiver: Class | Object, schema: str, arguments: list[Argument], site: Site
) -> Value:
    """A serialiser's method is called; the first argument is what it takes apart."""
    for argument in arguments:
        coroutines.consume(frame, argument.value)
    if arguments and not arguments[0].star:
        value = without_none(arguments[0].value)
        # a dictionary's values are not the schema's instances
        if not isinstance(receiver, Class) or isinstance(value, Instance):
            serialize(frame, state, schema, value, site)
    if isinstance(receiver, Class):
        return Object(receiver, Place(site))
    return Unknown("written out")


def adapter(frame: Frame, cls: Class, arguments: list[Argument], site: Site) -> Value:
    """`TypeAdapter(list[UserRead])`: the schema stands for the adapter's type argument."""
    given = arguments[0].site if arguments and arguments[0].site.path == frame.path else None
    name = frame.program.project.schemas.named_in(frame.module, frame.source.nodes[given.node]) if given else None
    return Object(Class(cls.name, (Class(name),)) if name is not None else cls, Place(site))


def response_schema(frame: Frame) -> str | None:
    """The schema by which FastAPI writes out what the function returns that is being interpreted."""
    definition = frame.function
    if definition is None or not definition.decorators or frame.outer_frame is not None:
        return None
    nothing: str | None = None
    key = ("response", frame.module, definition.node)
    return frame.program.once(key, lambda: _response_schema(frame, definition), nothing)


def _response_schema(frame: Frame, definition: FunctionDefinition) -> str | None:
    schemas = frame.program.project.schemas
    for number in definition.decorators:
        node: cst.CSTNode = frame.source.nodes[number]
        if isinstance(node, cst.Decorator):
            node = node.decorator
        if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute):
            continue
        if node.func.attr.value not in serializers.ROUTES or not _is_router(frame, node.func.value):
            continue
        for argument in node.args:
            if argument.keyword is not None and argument.keyword.value == "response_model":
                return schemas.named_in(frame.module, argument.value)
            if argument.star:
                return None
        if definition.returns is not None:
            return schemas.named_in(frame.module, frame.source.nodes[definition.returns])
    return None


def _is_router(frame: Frame, node: cst.BaseExpression) -> bool:
    name = dotted_name(node)
    value = frame.program.global_value(frame.module, name) if name is not None else None
    if not isinstance(value, Object):
        return False
    order = frame.program.project.mro(value.cls.name)[0]
    return value.cls.name in serializers.ROUTERS or any(base in serializers.ROUTERS for base in order)


# these need what is defined above
from flake8_async_orm.flow import decorators, project_calls  # noqa: E402
