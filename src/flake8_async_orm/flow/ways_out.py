"""How bodies and turns of loops end: which of the sessions that they made are left open, and what was written and not committed."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.facts import SessionLeftOpen, WriteLost
from flake8_async_orm.flow import ledgers, scopes
from flake8_async_orm.flow.frame import Frame, Loop
from flake8_async_orm.knowledge import names
from flake8_async_orm.lattice import SessionState, State, join_states
from flake8_async_orm.ledger import BROKEN, CONNECTION, MAYBE
from flake8_async_orm.project.testing import is_test
from flake8_async_orm.values import ApiObject, Generator, Place, Tuple, Value, replace

_OPEN = frozenset({CONNECTION, BROKEN})


def out_of_turn(loop: Loop, one: State | None, other: State | None) -> State | None:
    """The join of two ways out of a turn of `loop`; what the turn made and one of them leaves open stays known."""
    after = join_states(one, other)
    if one is None or other is None or after is None:
        return after
    for path in (one, other):
        for place, known in path.heap.items():
            if not isinstance(known, SessionState) or (loop.entry is not None and place in loop.entry.heap):
                continue
            if known.ledger.made is not None and known.ledger.holds == CONNECTION:
                loop.left_open.add(place)
            if place in loop.left_open and known.ledger.holds in _OPEN and ledgers.of(after, place).holds == MAYBE:
                ledgers.put(after, place, replace(ledgers.of(after, place), holds=BROKEN))
    return after


def turned(frame: Frame, before: State, end: State | None, body: cst.BaseSuite) -> None:
    """A turn of a loop that began with `before` has ended: what it has made and not closed, the next one forgets."""
    for place, known in end.heap.items() if end is not None else ():
        if not isinstance(known, SessionState) or place in before.heap or place in frame.many:
            continue
        ledger = known.ledger
        if ledger.made and ledger.took and ledger.holds in _OPEN and not (ledger.entered or ledger.shared):
            assert end is not None
            if not _carried(before, end, place, body):
                shown = names.shown(ledger.cls)
                frame.state_fact(SessionLeftOpen(ledger.made, shown, ledgers.name_of(end, place), ledger.took))


def _carried(before: State, end: State, place: Place, body: cst.BaseSuite) -> bool:
    """Whether a name of before the loop takes the session at `place` into the next turn, which may go on with it."""
    carrying = {
        name for name, binding in end.names.items() if name in before.names and place in ledgers.reached(end, binding.value)
    }
    return bool(carrying) and not carrying <= scopes.assigned_first(body)


def finish(frame: Frame, returned: list[tuple[State, Value]]) -> None:
    """At the end of a body: state what it left open on some way out, and what it wrote and nowhere committed."""
    maybe = frame.program.settings.maybe_paths
    for state, value in returned:
        given: set[Place] | None = None
        for place, known in state.heap.items():
            ledger = known.ledger if isinstance(known, SessionState) else None
            if ledger is None or ledger.made is None or ledger.entered or ledger.shared or ledger.took is None:
                continue
            if not (ledger.holds == CONNECTION or (maybe and ledger.holds in (MAYBE, BROKEN))) and not (
                ledger.holds == BROKEN and _never_taken_up(place, returned)
            ):
                continue
            given = set(ledgers.reached(state, value)) if given is None else given
            if place not in given and place not in frame.many and not _streams(value):
                shown = names.shown(ledger.cls)
                frame.state_fact(SessionLeftOpen(ledger.made, shown, ledgers.name_of(state, place), ledger.took))
    if is_test(frame.path) or (frame.function and names.last(frame.function.qualname).startswith("test")):
        # what a test writes is to be gone when it ends
        return
    for (place, wrote_at), (ledger, closed, name) in frame.losses.items():
        # a callee that writes on some paths and commits on some is trusted to commit what it wrote
        later = any(where == place and site.node >= wrote_at.node for where, site in frame.committed)
        if (not later or frame.program.settings.maybe_paths) and ledger.made is not None:
            frame.state_fact(WriteLost(wrote_at, names.shown(ledger.cls), name, ledger.made, closed))


def _never_taken_up(place: Place, returned: list[tuple[State, Value]]) -> bool:
    """Whether what a broken loop left open at `place` is neither closed nor given back on any way out after it."""
    return all(
        ledgers.of(state, place).holds == BROKEN and place not in ledgers.reached(state, value)
        for state, value in returned
        if place in state.heap
    )


def _streams(value: Value) -> bool:
    """Whether rows are given that are still to be fetched: whoever has them needs the session open."""
    match value:
        case ApiObject(cls=cls):
            return cls.startswith("Async") and cls in names.RESULTS
        case Tuple(items=items):
            return any(_streams(item) for item in items)
        case Generator():
            return True
        case _:
            return False
