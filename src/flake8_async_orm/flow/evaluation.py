"""Expressions to values: which function evaluates which type of node."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from flake8_async_orm.flow.frame import BUDGET, BudgetSpent, Frame
from flake8_async_orm.lattice import State
from flake8_async_orm.values import (
    Unknown,
    Value,
)

Evaluator = Callable[[Frame, cst.CSTNode, State], Value]


_EVALUATORS: dict[type[cst.CSTNode], Evaluator] = {}


def evaluate(frame: Frame, node: cst.CSTNode, state: State) -> Value:
    """The value of an expression. Raises BudgetSpent when the body has become too long to follow."""
    frame.steps += 1
    if frame.steps > BUDGET:
        raise BudgetSpent
    evaluator = _EVALUATORS.get(type(node))
    if evaluator is None:
        return Unknown(f"{type(node).__name__} not followed")
    return evaluator(frame, node, state)


def evaluates(*kinds: type[cst.CSTNode]) -> Callable[[Evaluator], Evaluator]:
    def register(function: Evaluator) -> Evaluator:
        for kind in kinds:
            _EVALUATORS[kind] = function
        return function

    return register


# these need what is defined above
