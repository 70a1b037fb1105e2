"""What the project's own context managers do with their session when the block is left: the code behind the `yield`, and `__aexit__`."""

from __future__ import annotations

from flake8_async_orm.flow import coroutines, persistence
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.outcomes import Key
from flake8_async_orm.lattice import SessionState, State, without_none
from flake8_async_orm.values import NONE, ApiObject, Coroutine, Function, Object, Site, Unknown, Value, replace


def yielded(state: State, value: Value) -> None:
    """A session is yielded: what is done to it from now on is done when the block is left."""
    held = state.heap.get(value.place) if isinstance(value, ApiObject) and value.place is not None else None
    if isinstance(value, ApiObject) and value.place is not None and isinstance(held, SessionState) and held.done:
        state.heap[value.place] = replace(held, done=frozenset())


def _surely(frame: Frame, callee: str) -> frozenset[str]:
    """What a generator function of the project surely does to the session that it yields, once the block has come to its end."""

    def compute() -> frozenset[str]:
        if frame.program.function_definition(callee) is None:
            return frozenset()
        outcome = frame.program.outcome(Key(callee))
        given = without_none(outcome.yields) if outcome.yields is not None else None
        if not isinstance(given, ApiObject) or given.place is None or outcome.exit is None:
            return frozenset()
        known = outcome.exit.heap.get(given.place)
        return known.done if isinstance(known, SessionState) else frozenset()

    return frame.program.once(("surely done", callee), compute, frozenset())


def left(frame: Frame, state: State, callee: str, session: ApiObject, site: Site) -> None:
    """The block of the project's context manager `callee`, which gave `session`, has come to its end."""
    done = _surely(frame, callee)
    if "commit" in done:
        persistence.commit(frame, state, session, site)
    elif "rollback" in done:
        persistence.rollback(state, session, site)


def exited(frame: Frame, state: State, manager: Object, site: Site, raised: bool) -> None:
    """The block of an object with an `__aexit__` or `__exit__` of its own is left."""
    for name in ("__aexit__", "__exit__"):
        found = frame.program.method(manager.cls.name, name)
        if found is None or not frame.program.concerns(manager):
            continue
        given: Value = Unknown("what was raised") if raised else NONE
        arguments = [calls.Argument(given, None, "", site)] * 3
        value = project_calls.call(frame, state, Function(f"{found[0]}.{found[2].qualname}", manager), arguments, site)
        if isinstance(value, Coroutine):
            coroutines.hand_on(frame, value, state)
            frame.made.pop(value.site, None)
        return


# these need what is defined above
from flake8_async_orm.flow import calls, project_calls  # noqa: E402
