"""Engines of module level, whose pools outlive an event loop, and the loops in which connections are taken from them.

The flag `pool` of an engine, a factory, a session or a connection is the place of the engine. `Frame.pools` has those that a body takes
connections from; under `_key` the state has those that a loop which came to its end has left connections in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flake8_async_orm.facts import LoopRun
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.scopes import mentioned_in
from flake8_async_orm.knowledge import callables, names
from flake8_async_orm.lattice import ResultState, State
from flake8_async_orm.project.definitions import FunctionDefinition
from flake8_async_orm.values import ApiObject, Class, Constant, Coroutine, Object, Place, Site, Value

if TYPE_CHECKING:
    from flake8_async_orm.flow.program import Program

#: flag of an engine that keeps no connection, or none that belongs to an event loop
UNPOOLED = ("unpooled", True)
_POOLS = frozenset({"QueuePool", "AsyncAdaptedQueuePool"})


def options(named: Iterable[tuple[str | None, str, Value]]) -> frozenset[tuple[str, object]]:
    """What the arguments of an engine's making, (keyword, star, value), say of its pool."""
    for index, (keyword, star, value) in enumerate(named):
        if star or (keyword == "poolclass" and not (isinstance(value, Class) and names.last(value.name) in _POOLS)):
            return frozenset({UNPOOLED})
        url = keyword in ("url", None) and index == 0
        if url and isinstance(value, Constant) and str(value.value).startswith("sqlite"):
            return frozenset({UNPOOLED})
    return frozenset()


def of_engine(engine: ApiObject) -> frozenset[tuple[str, object]]:
    """What an engine says of its pool, for what is made with it."""
    place = engine.place
    if engine.cls != "AsyncEngine" or UNPOOLED in engine.flags or place is None:
        return frozenset()
    lasts = isinstance(place.root, str) and place.root.startswith("global:")
    return frozenset({("pool", place)}) if lasts else frozenset()


def may_run(program: Program, module: str, definition: FunctionDefinition) -> bool:
    """Whether a plain function may run event loops: its module has asyncio or its like, and it speaks of that."""
    known = program.project.definition(module)
    words = [name for name in callables.RUNNING if known is not None and name in known.bindings]
    source = program.project.source(module) if words else None
    return source is not None and not mentioned_in(source, definition.node).isdisjoint(words)


def taken(frame: Frame, value: ApiObject) -> None:
    """Database work was done over a session or connection: it has taken a connection from its pool."""
    for name, place in value.flags:
        if name == "pool" and isinstance(place, Place):
            frame.pools.add(place)


def ran(frame: Frame, state: State, value: Value, site: Site, loop: Place | None = None) -> None:
    """`value` was run in the event loop at `loop`, or in one of its own, which is over."""
    if not isinstance(value, Coroutine):
        return
    pools, disposes = frame.pooled.get(value.site, (frozenset(), False))
    if disposes or value.callee == "AsyncEngine.dispose":
        for key in [key for key in state.heap if isinstance(key.root, tuple) and key.root[:1] == ("loop",)]:
            del state.heap[key]
        return
    kept(frame, state, pools, site, loop)


def kept(frame: Frame, state: State, pools: frozenset[Place], site: Site, loop: Place | None = None) -> None:
    """A loop that ran at `site`, or in a function that is called there, has left connections in `pools`."""
    mark = "run" if loop is None else repr(loop)
    fresh = loop is None or isinstance(loop.root, Site)
    for place in sorted(pools, key=repr):
        key = Place(("loop", place))
        before = state.heap.get(key)
        known = before if isinstance(before, ResultState) and before.ended else None
        if frame.loops and (loop is None or (fresh and _made_anew(frame, loop))):
            _state(frame, place, "loop", site, None)
        elif known is not None and (loop is None or known.ended != mark):
            _state(frame, place, "again", site, known.site)
        elif fresh and known is None and _is_worker(frame):
            _state(frame, place, "task", site, None)
        state.heap[key] = ResultState(mark, site)
        if fresh:
            frame.kept.add(place)


def _made_anew(frame: Frame, loop: Place) -> bool:
    """Whether each turn of the loop around makes the event loop at `loop`, which nothing held when it began."""
    entry = frame.loops[-1].entry
    held = [binding.value for binding in entry.names.values()] if entry is not None else []
    return entry is not None and not any(isinstance(value, Object) and value.place == loop for value in held)


def _state(frame: Frame, place: Place, how: str, site: Site, before: Site | None) -> None:
    frame.state_fact(LoopRun(site, ".".join((names.last(str(place.root)), *place.path)), how, before), how)


def _is_worker(frame: Frame) -> bool:
    """Whether a worker calls the function for each of its jobs, and nothing in the module speaks of emptying a pool."""
    if frame.function is None or frame.is_async:
        return False
    last = {names.last(name) for name in frame.function.decorator_names if name}
    return bool(last & callables.WORKER_DECORATORS) and not re.search(r"\bdispose\b|NullPool", frame.source.text)
