"""Dictionaries of which every key is known: what `**kwargs` gathered, and what a pydantic model is dumped to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_async_orm.flow import coroutines, flushing
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.knowledge import serializers
from flake8_async_orm.lattice import State, without_none
from flake8_async_orm.project.schemas import Schema
from flake8_async_orm.values import (
    NONE,
    Constant,
    Instance,
    Keywords,
    Object,
    Place,
    Site,
    Unknown,
    Value,
    replace,
)

if TYPE_CHECKING:
    from flake8_async_orm.flow.calls import Argument

_GIVEN = Unknown("a field of a schema")


# -- their methods ----------------------------------------------------------------------------------------------------


def method(
    frame: Frame, state: State, held: Keywords, name: str, arguments: list[Argument], node: cst.Call
) -> Value:
    """A method of the dictionary: those that change it change what its name holds."""
    for argument in arguments:
        coroutines.consume(frame, argument.value)
    key = arguments[0].value if arguments else None
    known = key.value if isinstance(key, Constant) and isinstance(key.value, str) else None
    found = next((value for item, value in held.items if item == known), None)
    owner = node.func.value if type(node.func) is cst.Attribute else None
    if name == "copy":
        return held
    if name == "pop" and known is not None:
        _rebind(state, owner, Keywords(tuple(item for item in held.items if item[0] != known)))
    elif name in ("pop", "popitem", "update", "setdefault", "clear"):
        _rebind(state, owner, Unknown("changed in place"))
    if name in ("get", "pop") and known is not None:
        otherwise = arguments[1].value if len(arguments) > 1 else NONE
        return otherwise if found is None else found
    return Unknown(f"{name} of a dictionary")


def set_item(state: State, owner: cst.BaseExpression, held: Keywords, key: Value, value: Value) -> None:
    """`kwargs[key] = value`."""
    if not isinstance(key, Constant) or not isinstance(key.value, str):
        _rebind(state, owner, Unknown("changed in place"))
        return
    others = [item for item in held.items if item[0] != key.value]
    _rebind(state, owner, Keywords(tuple(sorted([*others, (key.value, value)], key=lambda item: item[0]))))


def _rebind(state: State, owner: cst.BaseExpression | None, value: Value) -> None:
    binding = state.names.get(owner.value) if type(owner) is cst.Name else None
    if binding is not None and type(owner) is cst.Name:
        state.names[owner.value] = replace(binding, value=value)


# -- pydantic ---------------------------------------------------------------------------------------------------------


def schema_of(frame: Frame, value: Value) -> Schema | None:
    """The schema that an object is one of, if all its fields are in sight."""
    if not isinstance(value, Object):
        return None
    schema = frame.program.project.schemas.schema(value.cls.name)
    return schema if schema is not None and schema.complete else None


def dumps(frame: Frame, receiver: Object, name: str) -> bool:
    """Whether the method `name` of an object gives a dictionary of its fields."""
    return name in serializers.WRITING and schema_of(frame, receiver) is not None


def dumped(frame: Frame, receiver: Object, name: str, arguments: list[Argument]) -> Keywords | None:
    """`payload.model_dump(...)`: a key for every field, some of which may be left out; None where others may be there."""
    schema = schema_of(frame, receiver) if dumps(frame, receiver, name) else None
    if schema is None or any(a.keyword not in serializers.LEAVING_OUT for a in arguments):
        return None
    surely = all(a.keyword == "mode" for a in arguments)
    return Keywords(tuple(sorted(_values(schema, surely).items())))


def _values(schema: Schema, surely: bool = True) -> dict[str, Value]:
    """What each field brings; `surely`: none of them is left out."""
    return {f.name: flushing.PERHAPS if f.optional or not surely else _GIVEN for f in schema.fields}


def makes_instance(frame: Frame, model: str, name: str) -> bool:
    """Whether the class method `name` of a class makes a mapped instance of what it is given: SQLModel's do."""
    mapped = frame.program.project.mapped(model) if name in serializers.VALIDATING else None
    return mapped is not None and mapped.sqlmodel


def made_from(frame: Frame, state: State, model: str, arguments: list[Argument], site: Site) -> Instance:
    """`Hero.model_validate(payload)`: a new instance, with what the fields of the payload bring."""
    for argument in arguments:
        coroutines.consume(frame, argument.value)
    alone = len(arguments) == 1 and not arguments[0].star
    given = without_none(arguments[0].value) if alone else Unknown("several")
    schema = schema_of(frame, given)
    values = _values(schema) if schema is not None else {}
    flushing.constructed(frame, state, Place(site), model, values, schema is None, site)
    return Instance(model, Place(site))
