"""Members of objects that are not SQLAlchemy's: event loops, exit stacks, executors and unknown ones."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.flow import (
    concurrency,
    coroutines,
    crossings,
    event_loops,
    instances,
    outliving,
    scheduling,
)
from flake8_async_orm.flow.annotations import instance_of, placed
from flake8_async_orm.flow.calls import Argument, is_logging, take, unknown
from flake8_async_orm.flow.externals import start
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.knowledge import callables, frameworks
from flake8_async_orm.lattice import State
from flake8_async_orm.values import (
    NONE,
    ApiObject,
    Awaitable,
    BoundMember,
    Class,
    Constant,
    Coroutine,
    Function,
    LocalFunction,
    Object,
    Place,
    Site,
    Unknown,
    Value,
)


def foreign_member(
    frame: Frame, state: State, receiver: Value, name: str, arguments: list[Argument], node: cst.Call, site: Site
) -> Value:
    """A method of an object that is not SQLAlchemy's and not the project's."""
    if name in crossings.FOREIGN:
        crossings.foreign(frame, name, arguments, node, site, receiver)
    if (on_stack := stacks.called(frame, state, receiver, name, arguments, site)) is not None:
        take(frame, arguments)
        return on_stack
    if name in callables.START_METHODS and arguments:
        if isinstance(receiver, Object) and receiver.cls.name in callables.SCHEDULERS.values():
            scheduling.scheduled(frame, node, arguments, name)
        return _begun(frame, state, arguments, node, site)
    if outliving.is_background(receiver, name):
        outliving.later(frame, state, arguments, node, site)
        return NONE
    if name == "cancel":
        concurrency.cancelled(state, receiver)
    if name == callables.IN_A_LOOP:
        return in_a_loop(frame, state, receiver, arguments, node, site)
    own_loop = isinstance(receiver, Object) and callables.OWN_LOOPS.get(receiver.cls.name) == name
    if own_loop and arguments and isinstance(receiver, Object):
        event_loops.ran(frame, state, arguments[0].value, site, receiver.place)
    if (own_loop or name == "run_until_complete") and arguments:
        if isinstance(receiver, Object) and receiver.cls.name in callables.SCHEDULERS.values():
            scheduling.scheduled(frame, node, arguments, name)
        for argument in arguments:
            coroutines.hand_on(frame, argument.value, state)
            instances.doubt(frame, state, argument.value)
        value = arguments[0].value
        return value.of if isinstance(value, (Coroutine, Awaitable)) else Unknown("scheduled")
    if is_logging(node):
        take(frame, arguments)
        return Constant(None)
    if name in frameworks.CONTAINER_METHODS and arguments and isinstance(arguments[0].value, Class):
        wanted = instance_of(frame.program, arguments[0].value)
        if isinstance(wanted, ApiObject):
            made = placed(wanted, Place(site))
            awaited = frame.site(node.func) in frame.awaited_chains and site not in frame.awaited_chains
            return Awaitable(made) if awaited else made
    if name == "get" and isinstance(receiver, Object) and receiver.cls.name == "contextvars.ContextVar":
        # unset and without a default it raises
        return receiver.cls.args[0] if receiver.cls.args else Unknown("a context variable")
    return unknown(frame, state, arguments, why_of(receiver, name))


def in_a_loop(
    frame: Frame, state: State, function: Value, arguments: list[Argument], node: cst.Call, site: Site
) -> Value:
    """A coroutine function is called, and what it gives is run in an event loop of its own."""
    made = calls.call(frame, state, function, arguments, node, site)
    event_loops.ran(frame, state, made, site)
    coroutines.hand_on(frame, made, state)
    if isinstance(made, Coroutine):
        frame.made.pop(made.site, None)
    return made.of if isinstance(made, (Coroutine, Awaitable)) else Unknown("run in a loop")


def why_of(receiver: Value, name: str) -> str:
    """Why nothing is known of what a foreign object's member gives."""
    match receiver:
        case Unknown(why=why):
            return why
        case BoundMember(receiver=inner):
            return why_of(inner, name)
        case Object(cls=Class(name=foreign)):
            return f"given by an object of `{foreign}`"
        case _:
            return f"called `{name}` of something unknown"


def _begun(frame: Frame, state: State, arguments: list[Argument], node: cst.Call, site: Site) -> Value:
    """`group.create_task(coroutine)`, `group.start_soon(function, *arguments)`."""

    begun = arguments[0].value
    if isinstance(begun, (Function, LocalFunction)) or (
        isinstance(begun, BoundMember) and isinstance(begun.receiver, ApiObject)
    ):
        made = calls.call(frame, state, begun, [a for a in arguments[1:] if a.keyword is None], node, site)
        task = start(frame, state, made, site)
    else:
        task = start(frame, state, begun, site)
    for argument in arguments:
        coroutines.hand_on(frame, argument.value, state)
        instances.doubt(frame, state, argument.value)
    return task


# these need what is defined above
from flake8_async_orm.flow import calls, stacks  # noqa: E402
