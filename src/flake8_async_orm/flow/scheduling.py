"""What is handed to functions that await it: `gather`, `create_task` and their kin."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.facts import NonAwaitableScheduled
from flake8_async_orm.flow.calls import Argument
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.knowledge import api, callables, names
from flake8_async_orm.values import (
    NONE,
    ApiObject,
    Collection,
    Constant,
    ContextManager,
    Instance,
    OneOf,
    Text,
    Tuple,
    Value,
)


def scheduled(frame: Frame, node: cst.Call, arguments: list[Argument], by: str) -> None:
    """The call `node` of the function `by` hands on `arguments`; what surely is no awaitable among them is a fact."""
    row = callables.SCHEDULING.get(by)
    if row is None:
        return
    every, coroutines_only = row
    nodes = {frame.site(argument.value): argument.value for argument in node.args}
    given = [argument for argument in arguments if argument.keyword is None]
    for argument in given if every else given[:1]:
        value, written = argument.value, nodes.get(argument.site)
        if written is None:
            continue
        if argument.star == "*" and isinstance(value, Collection) and value.kind != "dict":
            value = value.of
            if isinstance(written, (cst.ListComp, cst.SetComp, cst.GeneratorExp)):
                written = written.elt
        elif argument.star:
            continue
        made = value.place.root if isinstance(value, ApiObject) and value.place is not None else None
        if frame.site(written) in frame.sync_calls or (made in frame.sync_calls and not isinstance(written, cst.Await)):
            # being handed on is evidence that the session is the async one after all
            continue
        if value == NONE and not isinstance(written, (cst.Call, cst.Await)):
            # a name or an attribute that held None some time ago
            continue
        what = no_awaitable(frame, value)
        startable = what is None and coroutines_only and isinstance(value, ContextManager) and value.awaitable
        if startable and isinstance(value, ContextManager):
            what = value.callee
        if what:
            unwrapped = isinstance(written, cst.Await) and frame.site(written.expression) in frame.made
            frame.state_fact(NonAwaitableScheduled(frame.site(written), what, by, unwrapped, startable))


def no_awaitable(frame: Frame, value: Value) -> str | None:
    """What a value is, by name, that surely cannot be awaited; None where it can, or may."""
    match value:
        case ApiObject(cls=cls, subclass=None) if api.has_class(cls) and not api.has_member(cls, "__await__"):
            return names.shown(cls)
        case Constant(value=literal):
            return "None" if literal is None else type(literal).__name__
        case Text():
            return "str"
        case Instance(model=model) if frame.program.method(model, "__await__") is None:
            return names.last(model)
        case Tuple(row=True):
            return "Row"
        case Tuple() | Collection(kind="list" | "tuple" | "set" | "dict"):
            return "list" if isinstance(value, Tuple) else value.kind
        case OneOf(options=options):
            found = [no_awaitable(frame, option) for option in sorted(options, key=repr)]
            return next((what for what in found if what != "None"), None) if all(found) else None
        case _:
            return None
