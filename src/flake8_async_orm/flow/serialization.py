"""Mapped instances are written out: by pydantic, by FastAPI from a route, by marshmallow.

A serialiser reads the attribute of every field that its schema has, and so on below. Each such read is judged like one in
the code, and is stated at the place that hands the instance over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_async_orm.flow import coroutines, instances
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.knowledge import serializers
from flake8_async_orm.lattice import State, without_none
from flake8_async_orm.project.definitions import MappedAttribute, MappedClass
from flake8_async_orm.project.schemas import Schema, SchemaField
from flake8_async_orm.values import Class, Constant, Function, Instance, Object, Place, Site, Unknown, Value

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


def converted(frame: Frame, state: State, arguments: list[Argument], position: int) -> Value:
    """The first argument is made into an instance of the class that stands at `position`, or is called `type`."""
    for argument in arguments:
        coroutines.consume(frame, argument.value)
    named = {argument.keyword: argument for argument in arguments if argument.keyword is not None}
    plain = [argument for argument in arguments if argument.keyword is None and not argument.star]
    given = named.get("type") or (plain[position] if len(plain) > position else None)
    by_attributes = named.get("from_attributes")
    if given is None or by_attributes is None or by_attributes.value != Constant(True) or not plain:
        return Unknown("converted")
    schema = _schema_at(frame, given.site)
    if schema is not None:
        serialize(frame, state, schema, plain[0].value, plain[0].site)
    return Unknown("converted")


def _schema_at(frame: Frame, site: Site) -> str | None:
    """The one schema that an expression of this file mentions."""
    if site.path != frame.path:
        return None
    return frame.program.project.schemas.named_in(frame.module, frame.source.nodes[site.node])


def adapter(frame: Frame, cls: Class, arguments: list[Argument], site: Site) -> Value:
    """`TypeAdapter(list[UserRead])`: the schema stands for the adapter's type argument."""
    name = _schema_at(frame, arguments[0].site) if arguments else None
    return Object(Class(cls.name, (Class(name),)) if name is not None else cls, Place(site))


# these need what is defined above
from flake8_async_orm.flow import decorators, project_calls  # noqa: E402
