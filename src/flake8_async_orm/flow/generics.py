"""Type arguments that nobody wrote: `Repository(User, session)` is a `Repository[User]` by what its constructor is annotated with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_async_orm.flow.syntax import dotted_name
from flake8_async_orm.knowledge import names
from flake8_async_orm.project.definitions import FunctionDefinition
from flake8_async_orm.values import ApiObject, Class, Instance, Object, Value

if TYPE_CHECKING:
    from flake8_async_orm.flow.program import Program

_MODULE = "sqlalchemy.ext.asyncio."


def given(program: Program, cls: Class, module: str, definition: FunctionDefinition, actuals: dict[str, Value]) -> Class:
    """`cls` with the type arguments that its constructor, called with `actuals`, tells; as it is where it does not tell all."""
    wanted = program.type_parameters(cls.name)
    source = program.project.source(module)
    if cls.args or not wanted or source is None or f"{module}.{definition.cls}" != cls.name:
        return cls
    found: dict[str, Value] = {}
    for parameter in definition.parameters:
        node = source.nodes[parameter.annotation] if parameter.annotation is not None else None
        value = actuals.get(parameter.name)
        if type(node) is cst.Name and node.value in wanted:
            made = _class_of(value)
            if made is not None:
                found.setdefault(node.value, made)
        elif type(node) is cst.Subscript and names.last(dotted_name(node.value) or "") in ("type", "Type") and isinstance(value, Class):
            inner = node.slice[0].slice
            if type(inner) is cst.Index and type(inner.value) is cst.Name and inner.value.value in wanted:
                found.setdefault(inner.value.value, value)
    return Class(cls.name, tuple(found[name] for name in wanted)) if len(found) == len(wanted) else cls


def _class_of(value: Value | None) -> Class | None:
    match value:
        case Instance(model=model):
            return Class(model)
        case Object(cls=cls):
            return cls
        case ApiObject(cls=name, subclass=None) if name in ("AsyncSession", "AsyncEngine", "AsyncConnection"):
            return Class(f"{_MODULE}{name}")
        case _:
            return None
