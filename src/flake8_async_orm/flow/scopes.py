"""Which names a piece of syntax binds and mentions.

Nodes are told apart by their exact type: LibCST's classes are abstract base classes, and an `isinstance` that fails is dear there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import libcst as cst

from flake8_async_orm.flow.syntax import target_names
from flake8_async_orm.source.walk import children

_TARGETS = frozenset({cst.AssignTarget, cst.AnnAssign, cst.AugAssign, cst.NamedExpr, cst.For})
_TESTED = frozenset({cst.If, cst.While, cst.IfExp, cst.Assert, cst.CompIf})
_NAMED = frozenset({cst.AsName, cst.MatchAs, cst.MatchStar})
_OPERATIONS = frozenset({cst.BooleanOperation, cst.Comparison})
_SCOPES = frozenset({cst.FunctionDef, cst.ClassDef, cst.Lambda})


def walk(node: cst.CSTNode, into_scopes: bool = True) -> Iterator[Any]:
    """`node` and everything below it, in no order; without `into_scopes` not into nested functions, classes and lambdas."""
    stack: list[cst.CSTNode] = [node]
    while stack:
        current = stack.pop()
        yield current
        if into_scopes or type(current) not in _SCOPES:
            stack.extend(children(current))


def local_names(node: Any) -> frozenset[str]:
    """The names that a function or a lambda binds: its parameters and everything assigned in its own body."""
    found: set[str] = set()
    excluded: set[str] = set()
    for part in (node.params, node.body):
        for current in walk(part, into_scopes=False):
            kind = type(current)
            if kind is cst.Param or kind is cst.FunctionDef or kind is cst.ClassDef:
                found.add(current.name.value)
            elif kind in _TARGETS:
                found.update(target_names(current.target))
            elif kind in _NAMED:
                if current.name is not None:
                    found.update(target_names(current.name))
            elif kind is cst.ImportAlias:
                name = current.asname.name if current.asname else current.name
                while type(name) is cst.Attribute:
                    name = name.value
                found.update(target_names(name))
            elif kind is cst.Global or kind is cst.Nonlocal:
                excluded.update(item.name.value for item in current.names)
    return frozenset(found - excluded)


def mentioned(node: cst.CSTNode) -> set[str]:
    """The names in an expression, and the texts of plain strings (`"session" in locals()`)."""
    found: set[str] = set()
    for current in walk(node):
        if type(current) is cst.Name:
            found.add(current.value)
        elif type(current) is cst.SimpleString:
            found.add(current.value.strip("\"'"))
    return found


def decisive(node: cst.CSTNode) -> frozenset[str]:
    """The names whose value a function's course may depend on: those in tests, and those that are handed on whole."""
    found: set[str] = set()
    for current in walk(node):
        kind = type(current)
        if kind is cst.Arg:
            if type(current.value) is cst.Name:
                found.add(current.value.value)
        elif kind in _TESTED:
            # comparisons and the like inside a test are seen once, with the test
            if type(current.test) not in _OPERATIONS:
                found |= mentioned(current.test)
        elif kind in _OPERATIONS:
            found |= mentioned(current)
        elif kind is cst.Match:
            found |= mentioned(current.subject)
    return frozenset(found)


def assigned(node: cst.CSTNode) -> frozenset[str]:
    """Every name that is assigned anywhere in a statement."""
    found: set[str] = set()
    for current in walk(node):
        if type(current) in _TARGETS:
            found.update(target_names(current.target))
        elif type(current) is cst.AsName:
            found.update(target_names(current.name))
    return frozenset(found)
