"""Where the statements of a module stand, as far as their definitions depend on it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import libcst as cst

from flake8_async_orm.project.definitions import (
    AttributeDefinition,
    ClassDefinition,
    FunctionDefinition,
    InstanceAttribute,
)
from flake8_async_orm.project.syntax import dotted_name, head_name, small_statements
from flake8_async_orm.source import Source

_ENVIRONMENT = ("sys.version_info", "sys.platform", "os.name", "platform.system")


@dataclass(slots=True)
class ClassParts:
    """A class whose body is being read."""

    qualname: str
    methods: dict[str, list[FunctionDefinition]] = field(default_factory=dict)
    attributes: dict[str, list[AttributeDefinition]] = field(default_factory=dict)
    instance_attributes: dict[str, list[InstanceAttribute]] = field(default_factory=dict)
    classes: dict[str, ClassDefinition] = field(default_factory=dict)


@dataclass(slots=True)
class Scope:
    """Where statements stand: `kind` is module, class or function, `prefix` goes ahead of the names defined here."""

    kind: str
    prefix: str
    function: str = ""
    #: the class whose body this is, or whose `self` is known here
    cls: ClassParts | None = None
    self_name: str | None = None
    method: str = ""
    global_names: set[str] = field(default_factory=set)
    global_writes: list[str] = field(default_factory=list)
    type_checking: bool = False
    fallback: bool = False
    conditional: bool = False


def branches(test: cst.BaseExpression, scope: Scope) -> tuple[Scope, Scope]:
    """The scopes of the two branches of an `if` outside functions."""
    negated = type(test) is cst.UnaryOperation and type(test.operator) is cst.Not
    condition = test.expression if type(test) is cst.UnaryOperation and negated else test
    if (dotted_name(condition) or "").rpartition(".")[2] == "TYPE_CHECKING":
        first, second = replace(scope, type_checking=True), replace(scope, fallback=True)
        return (second, first) if negated else (first, second)
    if type(test) is cst.Comparison and (head_name(test.left) or "") in _ENVIRONMENT:
        older = isinstance(test.comparisons[0].operator, (cst.LessThan, cst.LessThanEqual))
        other = replace(scope, fallback=True)
        return (other, scope) if older else (scope, other)
    branch = replace(scope, conditional=True)
    return branch, branch


def generators(source: Source) -> frozenset[int]:
    """The numbers of the functions (and lambdas) with a `yield` of their own."""
    if "yield" not in source.text:
        return frozenset()
    kinds = [*map(type, source.nodes)]
    stack: list[tuple[int, int]] = []
    found: set[int] = set()
    for number, kind in enumerate(kinds):
        if kind is cst.FunctionDef or kind is cst.Lambda:
            stack.append((number, source.last_below(number)))
        elif kind is cst.Yield:
            while stack and stack[-1][1] < number:
                stack.pop()
            if stack:
                found.add(stack[-1][0])
    return frozenset(found)


def is_stub(body: cst.BaseSuite) -> bool:
    """Whether a function's body says nothing: a docstring, `...`, `pass`, `raise NotImplementedError` and its message."""
    messages: set[str] = set()
    for part in small_statements(body):
        if type(part) is cst.Pass:
            continue
        if type(part) is cst.Expr and isinstance(
            part.value, (cst.SimpleString, cst.ConcatenatedString, cst.Ellipsis)
        ):
            continue
        if type(part) is cst.Assign and isinstance(part.value, (cst.BaseString, cst.FormattedString)):
            messages.update(target.target.value for target in part.targets if type(target.target) is cst.Name)
            continue
        return type(part) is cst.Raise and part.exc is not None and head_name(part.exc) == "NotImplementedError"
    return not messages
