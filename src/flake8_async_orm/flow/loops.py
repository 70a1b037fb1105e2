"""Loops: their body is run to a fixed point in silence, then once more to state its facts."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from flake8_async_orm.flow.conditions import assume
from flake8_async_orm.flow.expressions import element_of, evaluate, truth
from flake8_async_orm.flow.frame import Frame, Loop
from flake8_async_orm.flow.statements import run_block, runs
from flake8_async_orm.flow.targets import assign
from flake8_async_orm.lattice import State, join_states

#: rounds after which the state is taken as it is
ROUNDS = 3
Head = Callable[[State], "State | None"]


@runs(cst.For)
def _for(frame: Frame, node: cst.For, state: State) -> State | None:
    iterable = evaluate(frame, node.iter, state)
    element = element_of(frame, iterable, frame.site(node.iter), node.asynchronous is not None)

    def head(current: State) -> State | None:
        assign(frame, node.target, element, current)
        return current

    return _loop(frame, node.body, node.orelse, state, head, lambda current: current)


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
    entry = state
    frame.muted += 1
    for _ in range(ROUNDS):
        returned, yielded = len(frame.returned), len(frame.yielded)
        raised = len(frame.raised[-1]) if frame.raised else 0
        end = _turn(frame, body, entry, head)[0]
        del frame.returned[returned:], frame.yielded[yielded:]
        if frame.raised:
            del frame.raised[-1][raised:]
        merged = join_states(entry, end)
        assert merged is not None
        if merged == entry:
            break
        entry = merged
    frame.muted -= 1
    end, loop = _turn(frame, body, entry, head)
    after = join_states(entry, end)
    after = leave(after.copy()) if after is not None else None
    if after is not None and orelse is not None:
        after = run_block(frame, orelse.body, after)
    return join_states(after, loop.broken)


def _turn(frame: Frame, body: cst.BaseSuite, entry: State, head: Head) -> tuple[State | None, Loop]:
    loop = Loop()
    frame.loops.append(loop)
    current = head(entry.copy())
    if current is not None:
        current = run_block(frame, body, current)
    frame.loops.pop()
    return join_states(current, loop.continued), loop
