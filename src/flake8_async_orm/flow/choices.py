"""Expressions that are one of two: `and`, `or`, `x if c else y`. A side that only raises tells how the other came out."""

from __future__ import annotations

from functools import partial

import libcst as cst

from flake8_async_orm.flow import coroutines
from flake8_async_orm.flow.conditions import assume
from flake8_async_orm.flow.evaluation import evaluate, evaluates
from flake8_async_orm.flow.expressions import truth
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.lattice import State, join, join_states, without_none
from flake8_async_orm.values import Coroutine, Unknown, Value


@evaluates(cst.BooleanOperation)
def _boolean(frame: Frame, node: cst.CSTNode, state: State) -> Value:
    assert type(node) is cst.BooleanOperation
    is_and = type(node.operator) is cst.And
    left = truth(frame, node.left, state)
    right_state: State | None = state.copy()
    assert right_state is not None
    right_state = assume(frame, node.left, right_state, is_and)
    if right_state is None:
        return left
    right, ends = frame.on_a_path(partial(evaluate, frame, node.right, right_state))
    # where the right side only raises, what follows knows how the left one came out
    merged = assume(frame, node.left, state.copy(), not is_and) if ends else join_states(state.copy(), right_state)
    if merged is None:
        frame.diverged = True
        return left
    state.names, state.heap = merged.names, merged.heap
    if ends:
        return left if is_and else without_none(left)
    if not is_and:
        return join(without_none(left), right) if not isinstance(left, Unknown) else Unknown("either")
    return Unknown("either") if isinstance(right, Coroutine) is False else right


@evaluates(cst.IfExp)
def _conditional(frame: Frame, node: cst.CSTNode, state: State) -> Value:
    assert type(node) is cst.IfExp
    truth(frame, node.test, state)
    values: list[Value] = []
    ends: State | None = None
    for branch, outcome in ((node.body, True), (node.orelse, False)):
        path = assume(frame, node.test, state.copy(), outcome)
        if path is None:
            continue
        value, fails = frame.on_a_path(partial(evaluate, frame, branch, path))
        if fails:
            continue
        values.append(value)
        ends = join_states(ends, path)
    if ends is None:
        frame.diverged = True
        return Unknown("unreachable")
    state.names, state.heap = ends.names, ends.heap
    if len(values) == 2 and isinstance(values[0], Coroutine) != isinstance(values[1], Coroutine):
        for value in values:
            coroutines.consume(frame, value)
    return values[0] if len(values) == 1 else join(values[0], values[1])
