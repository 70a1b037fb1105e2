"""What a generic function gives, told by its annotations and what it is given: `batched(seq: Iterable[T]) -> Iterable[list[T]]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_async_orm.flow.annotations import Reader
from flake8_async_orm.flow.syntax import dotted_name
from flake8_async_orm.knowledge import names
from flake8_async_orm.lattice import without_none
from flake8_async_orm.project.definitions import FunctionDefinition
from flake8_async_orm.values import EMPTY, Collection, Instance, TypeVariable, Unknown, Value

if TYPE_CHECKING:
    from flake8_async_orm.flow.program import Program


def tells(returns: Value) -> bool:
    """Whether an annotation may say more than what the body was found to return."""
    held = without_none(returns)
    return isinstance(held, Unknown) or (isinstance(held, Collection) and held.of != EMPTY and _tells_within(held.of))


def _tells_within(value: Value) -> bool:
    # what was empty inside may have been filled in place
    return isinstance(value, Unknown) or (isinstance(value, Collection) and _tells_within(value.of))


def given_back(
    program: Program, module: str, definition: FunctionDefinition, actuals: dict[str, Value]
) -> Value | None:
    """What the function gives of the instances that it is given; None where its annotations do not tell."""
    source = program.project.source(module)
    if definition.returns is None or source is None:
        return None
    found: dict[str, Value | None] = {}
    for parameter in definition.parameters:
        value = actuals.get(parameter.name)
        if parameter.annotation is not None and value is not None and _holds(value):
            node = source.nodes[parameter.annotation]
            _solve(Reader(program, module), node.annotation if isinstance(node, cst.Annotation) else node, value, found)
    solved = {name: value for name, value in found.items() if value is not None}
    if not solved:
        return None
    value = Reader(program, module, solved).value(source.nodes[definition.returns])
    return value if _holds(value) else None


def _holds(value: Value) -> bool:
    held = without_none(value)
    return isinstance(held, Instance) or (isinstance(held, Collection) and _holds(held.of))


def _solve(reader: Reader, node: cst.CSTNode, value: Value, found: dict[str, Value | None]) -> None:
    """Learn what type variables stand for from a parameter annotated with `node` that holds `value`."""
    held = without_none(value)
    if isinstance(node, cst.BinaryOperation):
        for side in (node.left, node.right):
            _solve(reader, side, held, found)
    elif isinstance(node, cst.Subscript):
        last = names.last(dotted_name(node.value) or "")
        arguments = reader.arguments(node)
        if last in ("Optional", "Union"):
            for argument in arguments:
                _solve(reader, argument, held, found)
        elif isinstance(held, Collection) and arguments:
            _solve(reader, arguments[-1], held.of, found)
    elif isinstance(node, (cst.Name, cst.Attribute)) and isinstance(held, Instance):
        variable = reader.type_of(node)
        if isinstance(variable, TypeVariable):
            # two arguments for one variable may be two things
            found[variable.name] = held if found.setdefault(variable.name, held) == held else None

