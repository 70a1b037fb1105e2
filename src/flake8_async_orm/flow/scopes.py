"""Which names a piece of syntax binds and mentions.

Nodes are told apart by their exact type: LibCST's classes are abstract base classes, and an `isinstance` that fails is dear there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import libcst as cst

from flake8_async_orm.flow.syntax import target_names
from flake8_async_orm.source import Source
from flake8_async_orm.source.walk import children

_TARGETS = frozenset({cst.AssignTarget, cst.AnnAssign, cst.AugAssign, cst.NamedExpr, cst.For})
_TESTED = frozenset({cst.If, cst.While, cst.IfExp, cst.Assert, cst.CompIf})
_NAMED = frozenset({cst.AsName, cst.MatchAs, cst.MatchStar})
_BINDING = _TARGETS | _NAMED | {cst.Param, cst.ImportAlias, cst.Global, cst.Nonlocal}
_SCOPES = frozenset({cst.FunctionDef, cst.ClassDef, cst.Lambda})


def walk(node: cst.CSTNode, into_scopes: bool = True) -> Iterator[Any]:
    """`node` and everything below it, in no order; without `into_scopes` not into nested functions, classes and lambdas."""
    stack: list[cst.CSTNode] = [node]
    while stack:
        current = stack.pop()
        yield current
        if into_scopes or type(current) not in _SCOPES:
            stack.extend(children(current))


def local_names(source: Source, number: int) -> frozenset[str]:
    """The names that the function or lambda `number` binds: its parameters and everything assigned in its own body."""
    found: set[str] = set()
    excluded: set[str] = set()
    nodes: list[Any] = source.nodes
    kinds = source.kinds
    function = nodes[number]
    parts = (function.params, function.body)
    for start in map(source.number, parts):
        current, end = start, source.last_below(start)
        while current <= end:
            kind = kinds[current]
            if kind in _SCOPES:
                if kind is not cst.Lambda:
                    found.add(nodes[current].name.value)
                # what is inside has names of its own
                current = source.last_below(current)
            elif kind in _BINDING:
                _bound(nodes[current], kind, found, excluded)
            current += 1
    return frozenset(found - excluded)


def _bound(node: Any, kind: type[cst.CSTNode], found: set[str], excluded: set[str]) -> None:
    if kind is cst.Param:
        found.add(node.name.value)
    elif kind in _TARGETS:
        found.update(target_names(node.target))
    elif kind in _NAMED:
        if node.name is not None:
            found.update(target_names(node.name))
    elif kind is cst.ImportAlias:
        name = node.asname.name if node.asname else node.name
        while type(name) is cst.Attribute:
            name = name.value
        found.update(target_names(name))
    else:
        excluded.update(item.name.value for item in node.names)


def mentioned(node: cst.CSTNode) -> set[str]:
    """The names in an expression, and the texts of plain strings (`"session" in locals()`)."""
    found: set[str] = set()
    for current in walk(node):
        if type(current) is cst.Name:
            found.add(current.value)
        elif type(current) is cst.SimpleString:
            found.add(current.value.strip("\"'"))
    return found


def mentioned_in(source: Source, number: int) -> set[str]:
    """The same of the node `number`."""
    found: set[str] = set()
    last = source.last_below(number) + 1
    nodes: list[Any] = source.nodes[number:last]
    for kind, node in zip(source.kinds[number:last], nodes, strict=True):
        if kind is cst.Name:
            found.add(node.value)
        elif kind is cst.SimpleString:
            found.add(node.value.strip("\"'"))
    return found


def decisive(source: Source, number: int, handed_on: bool = True) -> frozenset[str]:
    """The names whose value a function's course may depend on: those in tests, and those that are `handed_on` whole."""
    found: set[str] = set()
    last = source.last_below(number) + 1
    nodes: list[Any] = source.nodes[number:last]
    tested = -1
    for index, kind in enumerate(source.kinds[number:last]):
        node = nodes[index]
        if kind is cst.Name:
            if index <= tested:
                found.add(node.value)
        elif kind is cst.Arg:
            if handed_on and type(node.value) is cst.Name:
                found.add(node.value.value)
        elif index > tested:
            if kind in _TESTED:
                tested_node = node.test
            elif kind is cst.BooleanOperation or kind is cst.Comparison:
                tested_node = node
            elif kind is cst.Match:
                tested_node = node.subject
            else:
                continue
            start = source.number(tested_node) - number
            if start > index:
                # between a conditional expression and its test stands its body
                found |= mentioned(tested_node)
            else:
                tested = source.last_below(start + number) - number
    return frozenset(found)


def attributes_in_tests(source: Source, number: int, name: str) -> frozenset[str]:
    """What the tests of a function read of the variable `name`: attributes, and the empty string for the variable itself."""
    found: set[str] = set()
    last = source.last_below(number) + 1
    tested = -1
    owners: set[int] = set()
    for index, kind in enumerate(source.kinds[number:last]):
        node: Any = source.nodes[number + index]
        if kind in _TESTED or kind is cst.Match or kind is cst.BooleanOperation or kind is cst.Comparison:
            test = node.test if kind in _TESTED else node.subject if kind is cst.Match else node
            tested = max(tested, source.last_below(source.number(test)) - number)
        if index > tested:
            continue
        if kind is cst.Attribute and type(node.value) is cst.Name and node.value.value == name:
            found.add(node.attr.value)
            owners.add(id(node.value))
        elif kind is cst.Name and node.value == name and id(node) not in owners:
            found.add("")
    return frozenset(found)


def fields_assigned(node: cst.CSTNode) -> frozenset[str]:
    """The names of the attributes that are assigned anywhere in a statement, of whatever object."""
    targets = (current.target for current in walk(node) if type(current) in _TARGETS)
    return frozenset(target.attr.value for target in targets if type(target) is cst.Attribute)


def assigned(node: cst.CSTNode) -> frozenset[str]:
    """Every name that is assigned anywhere in a statement."""
    found: set[str] = set()
    for current in walk(node):
        if type(current) in _TARGETS:
            found.update(target_names(current.target))
        elif type(current) is cst.AsName:
            found.update(target_names(current.name))
    return frozenset(found)


def assigned_first(suite: cst.BaseSuite) -> frozenset[str]:
    """The names that a suite assigns whatever happens: by itself, or in the body of a `try` or `with` of its own."""
    found: frozenset[str] = frozenset()
    for statement in suite.body:
        if type(statement) is cst.SimpleStatementLine:
            found |= assigned(statement)
        elif isinstance(statement, (cst.Try, cst.With)):
            found |= assigned_first(statement.body)
    return found
