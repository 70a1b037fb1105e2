"""Expressions by which instances are shown and compared: formatted strings and comparisons."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.flow import consumption, coroutines, representation
from flake8_async_orm.flow.calls import Argument
from flake8_async_orm.flow.comprehensions import element_of, worked_with
from flake8_async_orm.flow.evaluation import evaluate, evaluates
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.lattice import State
from flake8_async_orm.values import (
    NONE,
    TEXT,
    Collection,
    Constant,
    Coroutine,
    Instance,
    OneOf,
    Tuple,
    Unknown,
    Value,
)

#: values that may be instances, or hold some
_SHOWABLE = frozenset({Instance, Collection, Tuple, OneOf})


@evaluates(cst.FormattedString, cst.TemplatedString)
def _formatted(frame: Frame, node: cst.CSTNode, state: State) -> Value:
    assert isinstance(node, (cst.FormattedString, cst.TemplatedString))
    for part in node.parts:
        if isinstance(part, (cst.FormattedStringExpression, cst.TemplatedStringExpression)):
            value = evaluate(frame, part.expression, state)
            worked_with(frame, part.expression, value, "formatting")
            if type(value) in _SHOWABLE:
                method = {"r": "__repr__", "a": "__repr__", "s": "__str__"}.get(part.conversion or "", "__format__")
                representation.shown(frame, state, value, method, frame.site(part.expression))
            for inner in part.format_spec or ():
                if isinstance(inner, (cst.FormattedStringExpression, cst.TemplatedStringExpression)):
                    evaluate(frame, inner.expression, state)
    return TEXT if type(node) is cst.FormattedString else Unknown("template")


#: comparisons that fail, where others give an answer
_USES: dict[type[cst.CSTNode], str] = {
    **dict.fromkeys((cst.LessThan, cst.LessThanEqual, cst.GreaterThan, cst.GreaterThanEqual), "ordering"),
    **dict.fromkeys((cst.In, cst.NotIn), "iteration"),
}


_GOES_THROUGH = frozenset({cst.In, cst.NotIn})


@evaluates(cst.Comparison)
def _comparison(frame: Frame, node: cst.CSTNode, state: State) -> Value:
    assert type(node) is cst.Comparison
    operands = [node.left, *(target.comparator for target in node.comparisons)]
    values = [evaluate(frame, operand, state) for operand in operands]
    operator = type(node.comparisons[0].operator)
    none = any(value == NONE for value in values)
    identity = operator is cst.Is or operator is cst.IsNot
    for operand, value in zip(operands, values, strict=True):
        if isinstance(value, Coroutine) and (not identity or none):
            site = frame.site(operand)
            use = "none-check" if none else _USES.get(operator, "comparison")
            # `in` compares what stands on its left, and goes through what stands on its right
            use = "comparison" if use == "iteration" and operand is node.left else use
            coroutines.used_as_value(frame, value, site, site, use)
        elif operand is not node.left and operator in _GOES_THROUGH and consumption.is_result(value):
            element_of(frame, value, frame.site(operand), how="in")
        else:
            coroutines.consume(frame, value)
    if len(values) == 2 and type(values[0]) in _SHOWABLE and (operator is cst.Equal or operator is cst.NotEqual):
        right = Argument(values[1], None, "", frame.site(operands[1]))
        negated = operator is cst.NotEqual
        representation.compared(frame, state, values[0], right, negated, frame.site(node))
    if len(values) == 2 and isinstance(values[0], Constant) and isinstance(values[1], Constant):
        if operator is cst.Is or operator is cst.Equal:
            return Constant(values[0].value == values[1].value)
        if operator is cst.IsNot or operator is cst.NotEqual:
            return Constant(values[0].value != values[1].value)
    return Unknown("bool")
