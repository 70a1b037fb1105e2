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
    frame.statement = frame.site(statement)
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


def is_inert(statement: cst.CSTNode) -> bool:
    """Whether nothing in the statement can raise: names and literals being assigned."""
    if type(statement) not in _PERHAPS_INERT:
        return False
    match statement:
        case cst.Assign(value=cst.Name() | cst.Integer() | cst.SimpleString() | cst.Float() as value, targets=targets):
            plain = all(type(target.target) is cst.Name for target in targets)
            return plain and (type(value) is not cst.Name or value.value in ("None", "True", "False"))
        case cst.Return(value=cst.Await(expression=cst.Name())) | cst.Expr(value=cst.Await(expression=cst.Name())):
            # the `await` may raise, and says so itself
            return True
        case cst.Assign(value=cst.Await(expression=cst.Name()), targets=[cst.AssignTarget(target=cst.Name())]):
            return True
        case cst.AnnAssign(value=None) | cst.AnnAssign(value=cst.Name(value="None" | "True" | "False")):
            return type(statement.target) is cst.Name
        case cst.Pass() | cst.Global() | cst.Nonlocal() | cst.FunctionDef() | cst.Try() | cst.Break() | cst.Continue():
            return True
        case _:
            return False


def awaits(statement: cst.CSTNode) -> bool:
    """Whether the statement is an `await`, or gives a name to what one gives: what may raise in it is that."""
    match statement:
        case cst.Expr(value=cst.Await()) | cst.Return(value=cst.Await()):
            return True
        case cst.Assign(value=cst.Await(), targets=[cst.AssignTarget(target=cst.Name())]):
            return True
        case _:
            return False


# these need what is defined above
