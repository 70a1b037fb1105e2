"""What the project's own context managers do with their session when the block is left: the code behind the `yield`, and `__aexit__`."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.flow import coroutines, instances, persistence
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.outcomes import Key
from flake8_async_orm.flow.scopes import walk
from flake8_async_orm.flow.syntax import dotted_name
from flake8_async_orm.lattice import SessionState, State, without_none
from flake8_async_orm.values import NONE, ApiObject, Coroutine, Function, Object, Site, Unknown, Value, replace

#: members of a session that leave what it holds to a commit, a rollback or the end
_ENDING = frozenset(
    {"begin", "close", "commit", "execute", "flush", "in_transaction", "rollback", "scalar", "scalars", "aclose"}
)
_OF_INSTANCES = frozenset({"refresh", "expunge", "expunge_all", "make_transient"})
#: functions that are given a session and do no more than to close it
_WRAPPING = frozenset({"closing", "aclosing", "cast", "shield"})


def yielded(state: State, value: Value) -> None:
    """A session is yielded: what is done to it from now on is done when the block is left."""
    held = state.heap.get(value.place) if isinstance(value, ApiObject) and value.place is not None else None
    if isinstance(value, ApiObject) and value.place is not None and isinstance(held, SessionState) and held.done:
        state.heap[value.place] = replace(held, done=frozenset())


def _surely(frame: Frame, callee: str) -> frozenset[str]:
    """What a generator function of the project surely does to the session that it yields, once the block has come to its end."""

    def compute() -> frozenset[str]:
        found = frame.program.function_definition(callee)
        source = frame.program.project.source(found[0]) if found is not None else None
        if found is None or source is None or not _ends_only(source.nodes[found[1].node]):
            return frozenset()
        outcome = frame.program.outcome(Key(callee))
        given = without_none(outcome.yields) if outcome.yields is not None else None
        if not isinstance(given, ApiObject) or given.place is None or outcome.exit is None:
            return frozenset()
        known = outcome.exit.heap.get(given.place)
        return known.done if isinstance(known, SessionState) else frozenset()

    return frame.program.once(("surely done", callee), compute, frozenset())


def _ends_only(function: cst.CSTNode) -> bool:
    """Whether nothing is done to the session that is yielded but to work with it and to end that."""
    nodes = list(walk(function))
    given = {node.value.value if type(node.value) is cst.Name else "" for node in nodes if type(node) is cst.Yield}
    if len(given) != 1 or "" in given:
        return False
    for node in nodes:
        if type(node) is cst.For and (dotted_name(node.iter) or "").partition(".")[0] in given:
            return False
        if type(node) is not cst.Call:
            continue
        handed = any(type(one.value) is cst.Name and one.value.value in given for one in node.args)
        owner, _, member = (dotted_name(node.func) or "").partition(".")
        if (handed and member not in _WRAPPING and owner not in _WRAPPING) or (owner in given and member not in _ENDING):
            return False
    return True


def _looks_after(frame: Frame, module: str, number: int) -> bool:
    """Whether a method sees to the instances of its session themselves, so that the end of that says nothing of them."""

    def compute() -> bool:
        source = frame.program.project.source(module)
        return source is None or any(
            type(node) is cst.Attribute and node.attr.value in _OF_INSTANCES for node in walk(source.nodes[number])
        )

    return frame.program.once(("looks after", module, number), compute, True)


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
        if _looks_after(frame, found[0], found[2].node):
            instances.doubt(frame, state, manager)
            return
        given: Value = Unknown("what was raised") if raised else NONE
        arguments = [calls.Argument(given, None, "", site)] * 3
        value = project_calls.call(frame, state, Function(f"{found[0]}.{found[2].qualname}", manager), arguments, site)
        if isinstance(value, Coroutine):
            coroutines.hand_on(frame, value, state)
            frame.made.pop(value.site, None)
        return


# these need what is defined above
from flake8_async_orm.flow import calls, project_calls  # noqa: E402
