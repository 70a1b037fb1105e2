"""Statements to states: which function runs which type of statement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import libcst as cst

from flake8_async_orm.flow.frame import BUDGET, BudgetSpent, Frame
from flake8_async_orm.lattice import State

Runner = Callable[[Frame, Any, State], "State | None"]


_RUNNERS: dict[type[cst.CSTNode], Runner] = {}


def runs(*kinds: type[cst.CSTNode]) -> Callable[[Runner], Runner]:
    def register(function: Runner) -> Runner:
        for kind in kinds:
            _RUNNERS[kind] = function
        return function

    return register


def run_block(frame: Frame, suite: cst.BaseSuite | cst.Module, state: State) -> State | None:
    """The state after all statements of a suite."""
    return run_all(frame, suite.body, state)


def run_all(frame: Frame, body: Any, state: State) -> State | None:
    current: State | None = state
    for statement in body:
        if current is None:
            return None
        current = run(frame, statement, current)
    return current


def run(frame: Frame, statement: cst.CSTNode, state: State) -> State | None:
    if type(statement) is cst.SimpleStatementLine:
        return run_all(frame, statement.body, state)
    frame.steps += 1
    if frame.steps > BUDGET:
        raise BudgetSpent
    runner = _RUNNERS.get(type(statement))
    if runner is None:
        return state
    frame.statement = statement
    if frame.raised and not is_inert(statement) and not (frame.escaping is not None and awaits(statement)):
        frame.may_raise(state)
    end = runner(frame, statement, state)
    if frame.diverged:
        frame.diverged = False
        return None if type(statement) in _SIMPLE else end
    return end


_SIMPLE = frozenset({cst.Expr, cst.Assign, cst.AnnAssign})


_PERHAPS_INERT = frozenset(
    {cst.Assign, cst.Return, cst.Expr, cst.AnnAssign, cst.Pass, cst.Global, cst.Nonlocal, cst.FunctionDef, cst.Try}
) | {cst.Break, cst.Continue}


_LITERALS = frozenset({cst.Integer, cst.SimpleString, cst.Float})


def _is_constant(node: Any) -> bool:
    return type(node) is cst.Name and node.value in ("None", "True", "False")


def is_inert(statement: Any) -> bool:
    """Whether nothing in the statement can raise: names and literals being assigned."""
    kind = type(statement)
    if kind not in _PERHAPS_INERT:
        return False
    if kind is cst.Assign:
        value = statement.value
        if type(value) is cst.Await:
            # the `await` may raise, and says so itself
            return type(value.expression) is cst.Name and _to_a_name(statement)
        return (type(value) in _LITERALS or _is_constant(value)) and all(
            type(target.target) is cst.Name for target in statement.targets
        )
    if kind is cst.Return or kind is cst.Expr:
        return type(statement.value) is cst.Await and type(statement.value.expression) is cst.Name
    if kind is cst.AnnAssign:
        return (statement.value is None or _is_constant(statement.value)) and type(statement.target) is cst.Name
    return True


def awaits(statement: Any) -> bool:
    """Whether the statement is an `await`, or gives a name to what one gives: what may raise in it is that."""
    kind = type(statement)
    if kind is cst.Expr or kind is cst.Return:
        return type(statement.value) is cst.Await
    return kind is cst.Assign and type(statement.value) is cst.Await and _to_a_name(statement)


def _to_a_name(statement: cst.Assign) -> bool:
    return len(statement.targets) == 1 and type(statement.targets[0].target) is cst.Name


# these need what is defined above
