"""Loops: their body is run until nothing changes; the facts are those of the last round."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import libcst as cst

from flake8_async_orm.facts import (
    AttributeRead,
    CoroutineAwaitedAgain,
    RelationshipRead,
    ResultUsed,
    TransactionBegunAgain,
    TransactionEndedInBlock,
)
from flake8_async_orm.flow import awaiting, concurrency, consumption, recovery, transactions, unflushed, ways_out
from flake8_async_orm.flow.comprehensions import element_of
from flake8_async_orm.flow.conditions import assume
from flake8_async_orm.flow.evaluation import evaluate
from flake8_async_orm.flow.expressions import truth
from flake8_async_orm.flow.frame import Frame, Loop
from flake8_async_orm.flow.running import run_block, runs
from flake8_async_orm.flow.targets import assign
from flake8_async_orm.lattice import State, join_states

#: what a second turn may show
_AGAIN = (CoroutineAwaitedAgain, TransactionBegunAgain, TransactionEndedInBlock)
#: what fails in the first turn, whatever a later one would do
_AT_ONCE = (RelationshipRead, AttributeRead)
#: rounds after which the state is taken as it is
ROUNDS = 4
Head = Callable[[State], "State | None"]


@runs(cst.For)
def _for(frame: Frame, node: cst.For, state: State) -> State | None:
    iterable = evaluate(frame, node.iter, state)
    element = element_of(frame, iterable, frame.site(node.iter), node.asynchronous is not None, "loop")

    def head(current: State) -> State | None:
        if node.asynchronous is not None:
            unflushed.forget(frame, current)
            concurrency.waited(frame, current)
        assign(frame, node.target, element, current)
        return current

    iterable_site, is_async = frame.site(node.iter), node.asynchronous is not None
    consumption.iterated(frame, state, iterable, iterable_site, is_async)

    def leave(current: State) -> State | None:
        consumption.ended(current, iterable, "iteration", iterable_site)
        return current

    return _loop(frame, node.body, node.orelse, state, head, leave)


@runs(cst.While)
def _while(frame: Frame, node: cst.While, state: State) -> State | None:
    def head(current: State) -> State | None:
        truth(frame, node.test, current)
        return assume(frame, node.test, current, True)

    def leave(current: State) -> State | None:
        return assume(frame, node.test, current, False)

    return _loop(frame, node.body, node.orelse, state, head, leave)


def _loop(
    frame: Frame, body: cst.BaseSuite, orelse: cst.Else | None, state: State, head: Head, leave: Head
) -> State | None:
    entry, begins = state, frame.begins
    for round_ in range(ROUNDS):
        marks = _marks(frame)
        end, loop = _turn(frame, body, entry, head, state)
        merged = join_states(entry, end)
        assert merged is not None
        if round_ == ROUNDS - 1 or _settled(entry, merged):
            break
        first = {key: fact for key, fact in frame.facts.items() if isinstance(fact, _AT_ONCE)} if round_ == 0 else {}
        _forget(frame, marks)
        frame.facts.update(first)
        entry = merged
    if end is not None and (awaiting.spent(state, end) or transactions.changed(state, end, frame.begins > begins)):
        _another(frame, body, end, head)
    concurrency.turned(frame, state, end)
    ways_out.turned(frame, state, end, body)
    after = join_states(entry, end)
    after = leave(after.copy()) if after is not None else None
    if after is not None and orelse is not None:
        after = run_block(frame, orelse.body, after)
    return ways_out.out_of_turn(loop, after, loop.broken)


def _another(frame: Frame, body: cst.BaseSuite, end: State, head: Head) -> None:
    """One more turn, after one that left something spent that can be used only once, or a transaction: only that is taken from it."""
    marks = _marks(frame)
    before = dict(frame.facts)
    _turn(frame, body, end, head, end)
    again = {
        key: fact
        for key, fact in frame.facts.items()
        if isinstance(fact, _AGAIN) or (isinstance(fact, ResultUsed) and fact.use == "again")
    }
    _forget(frame, marks)
    frame.facts = {**again, **before} if again else before


def _settled(entry: State, merged: State) -> bool:
    """Whether another turn would begin as this one did. What the body binds or makes itself, it binds again."""
    return all(merged.names[name] == binding for name, binding in entry.names.items()) and all(
        merged.heap.get(place) == known for place, known in entry.heap.items()
    ) and all(place in entry.heap or recovery.of(merged, place) is None for place in merged.heap)


def _marks(frame: Frame) -> tuple[Any, ...]:
    raised = len(frame.raised[-1]) if frame.raised else 0
    return dict(frame.facts), set(frame.misused), len(frame.returned), len(frame.yielded), raised, len(frame.failing)


def _forget(frame: Frame, marks: tuple[Any, ...]) -> None:
    """Take back what a round has stated that was not the last."""
    frame.facts, frame.misused, returned, yielded, raised, failing = marks
    del frame.returned[returned:], frame.yielded[yielded:], frame.failing[failing:]
    if frame.raised:
        del frame.raised[-1][raised:]


def _turn(frame: Frame, body: cst.BaseSuite, entry: State, head: Head, before: State) -> tuple[State | None, Loop]:
    loop = Loop(entry=before)
    frame.loops.append(loop)
    current = head(entry.copy())
    if current is not None:
        current = run_block(frame, body, current)
    frame.loops.pop()
    return ways_out.out_of_turn(loop, current, loop.continued), loop
