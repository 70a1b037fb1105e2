"""What a session is good for after a flush or commit that failed: nothing, until it is rolled back.

A flush that fails rolls its transaction back and leaves the session inactive; found by running 1.4, 2.0 and 2.1: every member that
asks for the connection raises PendingRollbackError then, while `add`, `expunge` and a flush of nothing do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import libcst as cst

from flake8_async_orm.facts import SessionUsedAfterFailure
from flake8_async_orm.flow import savepoints
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.syntax import last_name
from flake8_async_orm.knowledge import behaviour, names
from flake8_async_orm.lattice import Failure, InstanceState, SessionState, State, options_of, without_none
from flake8_async_orm.project.testing import is_test
from flake8_async_orm.values import ApiObject, ContextManager, Place, Site, Unknown, Value, replace

Effect = Callable[[State], None]
#: who expects one of these knows what he does
_EXPECTED = frozenset({"sqlalchemy.exc.PendingRollbackError", "sqlalchemy.exc.InvalidRequestError"})


def effect(frame: Frame, receiver: ApiObject, name: str, site: Site) -> Effect | None:
    """What a call of `receiver.name` at `site` means where a flush has failed, or may fail."""
    word = behaviour.SESSION_FAILURES.get(name) if receiver.cls in names.ASYNC_SESSIONS else None
    place = receiver.place
    if word is None or place is None:
        return None
    return lambda state: _happened(frame, state, place, word, name, site)


def _happened(frame: Frame, state: State, place: Place, word: str, name: str, site: Site) -> None:
    failure = of(state, place)
    match word:
        case "uses":
            used(frame, state, place, name, site)
        case "merges":
            used(frame, state, place, name, site)
            sent(state, place, False)
        case "adds":
            if failure is not None:
                _put(state, place, replace(failure, added=True))
            sent(state, place, False)
        case "ends":
            rolled_back(frame, state, place)
        case "commits" | "flushes":
            if word == "commits" or (failure is not None and failure.added):
                used(frame, state, place, name, site)
            if not _nothing_to_send(state, place):
                may_fail(frame, state, place, site)
            sent(state, place, True)


def sent(state: State, place: Place, clean: bool) -> None:
    """Everything that was added has been sent (`clean`), or there may be something to send again."""
    known = state.session(place)
    if known.clean != clean and isinstance(state.heap.get(place, known), SessionState):
        state.heap[place] = replace(known, clean=clean)


def _nothing_to_send(state: State, place: Place) -> bool:
    """Whether all that was done here since the last flush has left it with nothing to do."""
    if not state.session(place).clean:
        return False
    own = (known for known in state.heap.values() if isinstance(known, InstanceState))
    return not any(known.touched or known.changed or known.life in ("pending", "attached") for known in own)


def of(state: State, place: Place | None) -> Failure | None:
    """The failure that the session at `place` has not recovered from."""
    known = state.heap.get(place) if place is not None else None
    return known.failure if isinstance(known, SessionState) else None


def _put(state: State, place: Place, failure: Failure | None) -> None:
    state.heap[place] = replace(state.session(place), failure=failure)


def cleared(state: State, place: Place | None) -> None:
    """The session at `place` was rolled back, or something unseen may have done that."""
    if place is not None and of(state, place) is not None:
        _put(state, place, None)
    if place is not None:
        sent(state, place, False)


def rolled_back(frame: Frame, state: State, place: Place) -> None:
    """The session at `place` was rolled back, or that was tried: where it fails itself, nothing more could have been done."""
    before = state.heap.get(place)
    for path in frame.leaving()[-2:]:
        if before is not None and path.heap.get(place) is before:
            cleared(path, place)
    cleared(state, place)


def managed(frame: Frame, state: State, manager: Value, item: cst.BaseExpression) -> None:
    """A block was left by an exception whose manager (`item`) may have rolled back what failed: a savepoint, as far as one can see."""
    for one in options_of(without_none(manager)):
        session = savepoints.session_of(one)
        match one:
            case Unknown() if isinstance(item, cst.Call):
                mends = (last_name(item.func) or "") in behaviour.SAVEPOINTS
            case ContextManager(callee=callee):
                mends = session is not None or frame.program.function_definition(callee) is not None
            case _:
                mends = False
        for place in list(state.heap) if mends else ():
            if session is None or _may_be_one(place, session.place):
                cleared(state, place)


def _may_be_one(one: Place, other: Place | None) -> bool:
    """Whether the sessions at two places may be the same: callers may hand one session over in several ways."""
    return other is None or one == other or (isinstance(one.root, str) and isinstance(other.root, str))


def used(frame: Frame, state: State, place: Place | None, name: str, site: Site) -> None:
    """The session is asked for its connection: where it has not recovered, this is refused."""
    failure = of(state, place)
    if place is None or failure is None:
        return
    # the error goes on: that a test cannot tidy up either adds nothing to it
    adds = failure.handler is not None or not is_test(frame.path)
    if adds and not any(caught in _EXPECTED for guard in frame.guards for caught in guard.catches):
        session = _names(state, place)
        block = bool(state.session(place).transaction.blocks)
        fact = SessionUsedAfterFailure(
            site, failure.site, failure.handler, name, session[0] if session else None, block
        )
        frame.state_fact(fact)
    _put(state, place, None)


def may_fail(frame: Frame, state: State, place: Place | None, site: Site) -> None:
    """A flush or commit of the session at `place` may fail at `site`: on that path it is good for nothing."""
    known = state.heap.get(place) if place is not None else None
    if place is None or not (known is None or isinstance(known, SessionState)):
        return
    frame.fails = True
    # where no handler is around only what becomes of the session matters
    path = state.copy() if frame.raised else State({}, {})
    path.heap[place] = replace(state.session(place), failure=Failure(site))
    frame.leaving().append(path)


def escaped(frame: Frame, state: State) -> None:
    """A path leaves the body by an exception: a session that has not recovered goes on to the caller."""
    if frame.fails and not frame.raised:
        heap = {place: known for place, known in state.heap.items() if of(state, place) is not None}
        if heap:
            frame.failing.append(State({}, dict(heap)))


def raised(state: State) -> None:
    """A `raise` sends the error of a failure on, or another one in its place: it is nobody's any more."""
    for place in list(state.heap):
        failure = of(state, place)
        if failure is not None and failure.handler is not None:
            _put(state, place, replace(failure, handler=None))


def kept(state: State, handlers: list[Site]) -> None:
    """A path leaves one of `handlers` by an error of its own: whether the session would have been mended is not judged."""
    for place in list(state.heap):
        failure = of(state, place)
        if failure is not None and failure.handler in handlers:
            _put(state, place, None)


def failing(frame: Frame) -> frozenset[Place]:
    """The sessions that the body leaves behind unrecovered when it fails."""
    return frozenset(place for state in frame.failing for place in state.heap if of(state, place) is not None)


# -- handlers ----------------------------------------------------------------------------------------------------------


def caught(
    path: State,
    entry: State,
    catches: Iterable[str],
    taken: bool,
    handler: Site,
    correlates: frozenset[str],
    touched: Iterable[str] = (),
) -> None:
    """`path` enters a handler that `catches` these exceptions; `taken`: one ahead of it has the errors of a flush.

    `correlates`: the names that are set around it, `touched`: those that the handler mentions.
    """
    ours = not taken and any(name in behaviour.FLUSH_ERRORS for name in catches)
    for place in list(path.heap):
        failure, before = of(path, place), of(entry, place)
        if failure is None or failure == before:
            continue
        if not ours:
            _put(path, place, before)
        else:
            by = failure.handler or handler
            _put(path, place, replace(failure, handler=by, correlates=correlates, touched=frozenset(touched)))


def takes_all(catches: Iterable[str]) -> bool:
    """Whether no error of a flush gets past a handler that `catches` these."""
    return any(name in behaviour.ALL_FLUSH_ERRORS for name in catches)


def tested(frame: Frame, state: State, mentioned: set[str]) -> None:
    """A test mentions these names: where they may tell of the failure, or are the session's, nothing is said of it."""
    for place in list(state.heap):
        failure = of(state, place)
        if failure is None:
            continue
        named = {name.partition(".")[0] for name in _names(state, place)}
        telling = failure.correlates if failure.handler in frame.handling else failure.correlates | failure.touched
        if mentioned & (telling | named):
            _put(state, place, None)


def _names(state: State, place: Place) -> list[str]:
    """What the code calls the session at `place`: names, and an attribute of a parameter."""
    found = [
        name
        for name, binding in state.names.items()
        if isinstance(value := without_none(binding.value), ApiObject) and value.place == place
    ]
    if isinstance(place.root, str) and place.path and all(map(str.isidentifier, place.path)):
        holder = place.root.removeprefix("param:")
        if holder in state.names:
            found.append(".".join((holder, *place.path)))
    return found
