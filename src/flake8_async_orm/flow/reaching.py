"""Which assignments of a name a place in a file may see, by the order in which they are written.

Asked seldom (where an engine is made), so that the interpreter need not carry texts along: nothing is computed before.
"""

from __future__ import annotations

from functools import lru_cache

import libcst as cst

from flake8_async_orm.flow.syntax import string_value, target_names
from flake8_async_orm.records import record
from flake8_async_orm.source import Source
from flake8_async_orm.source.walk import children

_SCOPES = frozenset({cst.FunctionDef, cst.Lambda, cst.ClassDef, cst.Module})
_BRANCHES = frozenset(
    {cst.If, cst.Else, cst.For, cst.While, cst.Try, cst.TryStar, cst.ExceptHandler, cst.MatchCase}
)


@record
class Assigned:
    """A name is bound at node `number`; `value` is the expression that it gets, None where that cannot be read."""

    number: int
    value: cst.BaseExpression | None
    branches: tuple[int, ...]


_BINDING = frozenset(
    {cst.Assign, cst.AnnAssign, cst.NamedExpr, cst.AugAssign, cst.For, cst.CompFor, cst.AsName, cst.Global}
)


class Written:
    """The parents and the assignments of one file."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._parents = {id(child): node for node in source.nodes for child in children(node)}
        #: (scope, name) -> assignments in source order; `name[key]` for an item with a literal key
        self._assigned: dict[tuple[int, str], list[Assigned]] = {}
        self.globals: set[str] = set()
        for node, kind in zip(source.nodes, source.kinds, strict=True):
            if kind in _BINDING:
                self._collect(node)

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        return self._parents.get(id(node))

    def scope(self, node: cst.CSTNode) -> cst.CSTNode:
        """The function, class or module in whose body `node` stands."""
        child, above = node, self.parent(node)
        while above is not None:
            if type(above) in _SCOPES and (type(above) is cst.Module or child is getattr(above, "body", None)):
                return above
            child, above = above, self.parent(above)
        return child

    def _collect(self, node: cst.CSTNode) -> None:
        match node:
            case cst.Assign(targets=targets, value=value):
                for target in targets:
                    self._bind(node, target.target, value)
            case cst.AnnAssign(target=target, value=value) if value is not None:
                self._bind(node, target, value)
            case cst.NamedExpr(target=target, value=value):
                self._bind(node, target, value)
            case cst.AugAssign(target=target) | cst.For(target=target) | cst.CompFor(target=target):
                self._bind(node, target, None)
            case cst.AsName(name=name):
                self._bind(node, name, None)
            case cst.Global(names=names):
                self.globals |= {item.name.value for item in names}

    def _bind(self, node: cst.CSTNode, target: cst.CSTNode, value: cst.BaseExpression | None) -> None:
        if type(target) is cst.Subscript:
            key = _literal_key(target)
            names = [f"{target.value.value}[{key or ''}]"] if type(target.value) is cst.Name else []
        else:
            names = target_names(target)
        scope = self.source.number(self.scope(node))
        for name in names:
            readable = value if isinstance(target, (cst.Name, cst.Subscript)) else None
            found = Assigned(self.source.number(node), readable, self._branches(node))
            self._assigned.setdefault((scope, name), []).append(found)

    def _branches(self, node: cst.CSTNode) -> tuple[int, ...]:
        """The blocks around `node`, within its scope, that may not run: by number."""
        found: list[int] = []
        child, above = node, self.parent(node)
        while above is not None and type(above) not in _SCOPES:
            if type(above) in _BRANCHES:
                # the two sides of a branch are told apart by what of it holds the node
                found.append(self.source.number(child if type(above) is cst.If else above))
            child, above = above, self.parent(above)
        return tuple(found)

    def binds(self, scope: cst.CSTNode, name: str) -> bool:
        return (self.source.number(scope), name) in self._assigned

    def reaching(self, scope: cst.CSTNode, name: str, at: cst.CSTNode | None = None) -> list[Assigned]:
        """The assignments of `name` in `scope` that may hold at `at` (None: when the scope has run to its end)."""
        here = self.source.number(at) if at is not None else None
        around = set(self._branches(at)) if at is not None else set()
        found: list[Assigned] = []
        for assigned in self._assigned.get((self.source.number(scope), name), ()):
            if here is not None and (assigned.number >= here or self._holds(assigned, at)):
                break
            found = [*found, assigned] if set(assigned.branches) - around else [assigned]
        return found

    def _holds(self, assigned: Assigned, at: cst.CSTNode | None) -> bool:
        """Whether `at` is part of the assignment itself."""
        node = self.source.nodes[assigned.number]
        while at is not None:
            if at is node:
                return True
            at = self.parent(at)
        return False


def _literal_key(target: cst.Subscript) -> str | None:
    element = target.slice[0].slice if len(target.slice) == 1 else None
    return string_value(element.value) if type(element) is cst.Index else None


@lru_cache(maxsize=8)
def written(source: Source) -> Written:
    """The assignments of `source`; those of the last files asked about are kept."""
    return Written(source)
