"""What a route of FastAPI returns is written out: by its response model, or, where it has none, by what is loaded of it."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.flow import dumps, serialization
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.syntax import dotted_name
from flake8_async_orm.knowledge import serializers
from flake8_async_orm.lattice import State
from flake8_async_orm.project.definitions import FunctionDefinition
from flake8_async_orm.values import Object, Site, Value, record


@record
class Answer:
    """How a route's answer is written out: by `schema`, or, without one, by what is loaded."""

    schema: str | None


def answered(frame: Frame, state: State, value: Value, site: Site) -> None:
    """The function that is being interpreted returns `value`; if it is a route, that is written out."""
    definition = frame.function
    if definition is None or not definition.decorators or frame.outer_frame is not None:
        return
    nothing: Answer | None = None
    key = ("response", frame.module, definition.node)
    answer = frame.program.once(key, lambda: _answer(frame, definition), nothing)
    if answer is None:
        return
    if answer.schema is not None:
        serialization.serialize(frame, state, answer.schema, value, site)
    else:
        dumps.dumped(frame, state, value, "response", site)


def _answer(frame: Frame, definition: FunctionDefinition) -> Answer | None:
    """How FastAPI writes out what the function returns; None where it is no route, or where that cannot be told."""
    for number in definition.decorators:
        node: cst.CSTNode = frame.source.nodes[number]
        if isinstance(node, cst.Decorator):
            node = node.decorator
        if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute):
            continue
        if node.func.attr.value not in serializers.ROUTES or not _is_router(frame, node.func.value):
            continue
        given = {argument.keyword.value: argument.value for argument in node.args if argument.keyword is not None}
        if any(argument.star for argument in node.args) or "response_class" in given:
            return None
        model: cst.CSTNode | None = given.get("response_model")
        if model is None and definition.returns is not None:
            model = frame.source.nodes[definition.returns]
        return Answer(None) if model is None or _is_none(model) else _by_model(frame, model)
    return None


def _is_none(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Name) and node.value == "None"


def _by_model(frame: Frame, node: cst.CSTNode) -> Answer | None:
    schemas = frame.program.project.schemas
    schema = schemas.named_in(frame.module, node)
    if schema is not None:
        return Answer(schema)
    # one of SQLModel's tables is returned as the model that it is
    return Answer(None) if schemas.table_in(frame.module, node) else None


def _is_router(frame: Frame, node: cst.BaseExpression) -> bool:
    name = dotted_name(node)
    value = frame.program.global_value(frame.module, name) if name is not None else None
    if not isinstance(value, Object):
        return False
    order = frame.program.project.mro(value.cls.name)[0]
    return value.cls.name in serializers.ROUTERS or any(base in serializers.ROUTERS for base in order)
