"""Work on a session that is arranged for later, and a session that is closed before it.

`Ledger.running` has what was arranged and not waited for: tasks, functions that a web framework runs after the response, and
generators that a response runs while it is being sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_async_orm.facts import WorkOutlivedScope
from flake8_async_orm.flow import concurrency, coroutines, dependencies, instances, ledgers, work
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.knowledge import frameworks, names
from flake8_async_orm.lattice import State, without_none
from flake8_async_orm.ledger import Running
from flake8_async_orm.project.definitions import Parameter
from flake8_async_orm.project.requirements import leaves_dependencies_early
from flake8_async_orm.values import (
    ApiObject,
    BoundMember,
    ContextManager,
    Coroutine,
    Function,
    Generator,
    LocalFunction,
    Object,
    Place,
    Site,
    Value,
)

if TYPE_CHECKING:
    from flake8_async_orm.flow.calls import Argument


def is_background(receiver: Value, name: str) -> bool:
    """Whether `receiver.name` has a function called once the response is sent."""
    return name == "add_task" and isinstance(receiver, Object) and _is(receiver.cls.name, "BackgroundTasks")


def _is(dotted: str, last: str) -> bool:
    return dotted.partition(".")[0] in frameworks.WEB and names.last(dotted) == last


def constructed(frame: Frame, state: State, dotted: str, arguments: list[Argument], node: cst.Call, site: Site) -> None:
    """An object of a foreign class was made: one that calls a function later, or a response that runs a generator."""
    if _is(dotted, "BackgroundTask"):
        later(frame, state, arguments, node, site)
    elif names.last(dotted) in frameworks.STREAMING_RESPONSES and arguments and arguments[0].keyword is None:
        arranged(frame, state, arguments[0].value, site, "stream")


def later(frame: Frame, state: State, arguments: list[Argument], node: cst.Call, site: Site) -> None:
    """The first argument is a function that a framework calls with the others, once the response is sent."""

    function = arguments[0].value if arguments else None
    if isinstance(function, (Function, LocalFunction)) or (
        isinstance(function, BoundMember) and isinstance(function.receiver, ApiObject)
    ):
        # what it does is not done yet
        frame.muted += 1
        try:
            made = calls.call(frame, state.copy(), function, arguments[1:], node, site)
        finally:
            frame.muted -= 1
        coroutines.consume(frame, made)
        frame.made.pop(site, None)
        arranged(frame, state, made, site, "background")
    for argument in arguments:
        instances.doubt(frame, state, argument.value)


def arranged(frame: Frame, state: State, value: Value, site: Site, kind: str) -> None:
    """What `value` does was arranged at `site` to be done later."""
    if not isinstance(value, (Coroutine, Generator)) or value.site is None:
        return
    for place in frame.works.get(value.site, ()):
        concurrency.put_running(state, place, ledgers.of(state, place).running | {Running(site, kind)})
        frame.running.add(place)


def left(frame: Frame, state: State, manager: Value, bound: Value, site: Site) -> None:
    """The block of `manager` was left by a way that is no exception."""
    if not frame.running:
        return
    match without_none(manager):
        case ApiObject(cls=cls, place=Place() as place) if cls in names.SESSIONS:
            closed(frame, state, place, site)
        case ContextManager(callee=callee) if isinstance(bound, ApiObject) and bound.place is not None:
            held = state.session(bound.place)
            if callee.endswith("sessionmaker.begin") or held.ledger.entered or "close" in held.done:
                closed(frame, state, bound.place, site)


def follow(frame: Frame, receiver: ApiObject, name: str, site: Site, effect: ledgers.Effect | None) -> ledgers.Effect | None:
    """`effect` of calling `receiver.name`, preceded by what it means for work that goes on."""
    place = receiver.place
    if not frame.running or place is None or effect is None or work.word(receiver, name) != "closes":
        return effect

    def run(state: State) -> None:
        closed(frame, state, place, site)
        effect(state)

    return run


def closed(frame: Frame, state: State, place: Place, scope: Site) -> None:
    """The session at `place` is closed at `scope`."""
    for each in sorted(ledgers.of(state, place).running, key=repr):
        site = frame.begun.get(each.site, each.site)
        frame.state_fact(WorkOutlivedScope(site, ledgers.name_of(state, place), each.kind, scope))


def finish(frame: Frame, end: State | None) -> None:
    """A handler has come to its end: a dependency that is left before the response is sent has closed its session by then."""
    if end is None or frame.function is None:
        return
    for place in sorted(frame.running, key=repr):
        running = [each for each in ledgers.of(end, place).running if each.kind != "task"]
        name = place.root.removeprefix("param:") if isinstance(place.root, str) and not place.path else ""
        parameter = next((each for each in frame.function.parameters if each.name == name), None)
        if not running or parameter is None or not _left_early(frame, parameter):
            continue
        found = dependencies.provider(frame.program, frame.module, parameter)
        if found is None or not _closes(frame, found[0]):
            continue
        for each in sorted(running, key=repr):
            provider = found[0].name if isinstance(found[0], Function) else ""
            frame.state_fact(WorkOutlivedScope(each.site, name, each.kind, found[1], provider))


def _left_early(frame: Frame, parameter: Parameter) -> bool:
    """Whether what a parameter asks for is left before the response is sent: by its scope, else by the framework's version."""
    scope = dependencies.scope(frame.program, frame.module, parameter)
    if scope == "":
        return leaves_dependencies_early(frame.program.project.workspace.tree, frame.path)
    return scope == "function"


def _closes(frame: Frame, provider: Value) -> bool:
    """Whether `provider` is an async generator function, whose rest closes the session."""

    return isinstance(provider, Function) and isinstance(project_calls.call_without_arguments(frame.program, provider), Generator)


# these need what is defined above
from flake8_async_orm.flow import calls, project_calls  # noqa: E402
