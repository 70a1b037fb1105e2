"""A context-managed provider beside the async generator function that a framework drives."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from flake8_async_orm.fixes.draft import inserted
from flake8_async_orm.fixes.imports import Spelling, spelling
from flake8_async_orm.fixes.names import bindings, reads
from flake8_async_orm.fixes.tree import Tree, last_name

#: what is called with a provider to have a framework drive it
_DRIVERS = frozenset({"Depends", "Security", "Provide"})
_MANAGER = "asynccontextmanager"


def of_its_own(tree: Tree, call: cst.Call) -> Spelling | None:
    """The provider to enter instead of the one that `call` calls: one that is there, or a new one below that.

    None where the provider is not a function of this file's top that a framework drives, and none wraps it.
    """
    if not isinstance(call.func, cst.Name):
        return None
    name = call.func.value
    bound = [tree.parent(node) for node in bindings(tree, name)]
    if len(bound) != 1 or not isinstance(bound[0], cst.FunctionDef) or bound[0] not in tree.source.module.body:
        return None
    for wrapper in _wrappers(tree, name):
        if len(list(bindings(tree, wrapper))) == 1:
            return Spelling(wrapper)
    fresh = f"{name}_context"
    taken = any(isinstance(node, cst.Name) and node.value == fresh for node in tree.source.nodes)
    manager = spelling(tree, "contextlib", _MANAGER, bound[0])
    if taken or manager is None or not _is_driven(tree, name):
        return None
    end = tree.line_end(tree.span(bound[0]).end)
    newline = tree.newline(end)
    line = f"{fresh} = {manager.text}({name})"
    if end == len(tree.text):
        return Spelling(fresh, (*manager.edits, inserted(end, newline * 3 + line, mergeable=True)))
    place = tree.next_line(end)
    return Spelling(fresh, (*manager.edits, inserted(place, newline * 2 + line + newline, mergeable=True)))


def _wrappers(tree: Tree, name: str) -> Iterator[str]:
    """The names of the file's top that are bound to `asynccontextmanager(name)`."""
    for line in tree.source.module.body:
        for statement in line.body if isinstance(line, cst.SimpleStatementLine) else ():
            match statement:
                case cst.Assign(
                    targets=[cst.AssignTarget(target=cst.Name(value=wrapper))],
                    value=cst.Call(func=function, args=[cst.Arg(value=cst.Name(value=wrapped))]),
                ) if wrapped == name and last_name(function) == _MANAGER:
                    yield wrapper


def _is_driven(tree: Tree, name: str) -> bool:
    """Whether the file hands the function to a framework."""
    for node in reads(tree, name, tree.source.module):
        argument = tree.parent(node)
        call = tree.parent(argument) if isinstance(argument, cst.Arg) else None
        if isinstance(call, cst.Call) and last_name(call.func) in _DRIVERS:
            return True
    return False
