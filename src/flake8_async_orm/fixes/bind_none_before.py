"""`bind_none_before`: bind a name to None ahead of a `try`, and use it only where it is bound.

Sites: where the name is read; the try statement, or None where the name is already bound to None ahead of it.
Words: the name.
"""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.edits import Edit
from flake8_async_orm.fixes.draft import Draft, inserted
from flake8_async_orm.fixes.layout import reindented
from flake8_async_orm.fixes.tree import Tree
from flake8_async_orm.rule import FixRequest


def bind_none_before(tree: Tree, request: FixRequest) -> Draft | None:
    """`session = None` ahead of the `try`, and `if session is not None:` around `await session.rollback()`."""
    read, try_site = tree.node(request.sites[0]), request.sites[1]
    name = request.words[0]
    edits: list[Edit] = []
    if try_site is not None:
        edits.append(_binding(tree, tree.node(try_site), name))
    if not _is_test(tree, read, name):
        guard = _guard(tree, read, name)
        if guard is None:
            return None
        edits.append(guard)
    return Draft(tuple(edits)) if edits else None


def _binding(tree: Tree, statement: cst.CSTNode, name: str) -> Edit:
    """`name = None` ahead of `statement` and of the comments right above it."""
    start = tree.span(statement).start
    margin = tree.margin(start)
    line = tree.line_start(start)
    while line > 0:
        above = tree.line_start(line - 1 if tree.text[line - 2 : line] != "\r\n" else line - 2)
        if not tree.text[above:line].lstrip().startswith("#") or tree.margin(above) != margin:
            break
        line = above
    return inserted(line, f"{margin}{name} = None{tree.newline(start)}")


def _is_test(tree: Tree, read: cst.CSTNode, name: str) -> bool:
    """Whether the read is an `if` that asks whether the name holds something: then only the binding was missing."""
    above = tree.parent(read)
    if isinstance(above, cst.If):
        return above.test is read
    if isinstance(above, cst.UnaryOperation) and isinstance(above.operator, cst.Not):
        return isinstance(tree.parent(above), cst.If)
    return (
        isinstance(above, cst.Comparison)
        and isinstance(tree.parent(above), cst.If)
        and tree.code(above) in (f"{name} is None", f"{name} is not None")
    )


def _guard(tree: Tree, read: cst.CSTNode, name: str) -> Edit | None:
    """An `if` around the statement of the read, and around the ones after it that are alike."""
    line = tree.line(read)
    if line is None or not isinstance(line.body[0], cst.Expr):
        return None
    guarded: list[cst.CSTNode] = [line]
    for statement in tree.following(line):
        if not _uses(tree, statement, name):
            break
        guarded.append(statement)
    start = tree.span(line).start
    first, last = tree.line_start(start), tree.line_end(tree.span(guarded[-1]).end)
    header = f"{tree.margin(start)}if {name} is not None:{tree.newline(start)}"
    return Edit(first, last, header + reindented(tree, first, last, tree.unit(line)))


def _uses(tree: Tree, statement: cst.CSTNode, name: str) -> bool:
    """Whether `statement` is one expression, alone on its line, that mentions `name`."""
    return (
        isinstance(statement, cst.SimpleStatementLine)
        and len(statement.body) == 1
        and isinstance(statement.body[0], cst.Expr)
        and any(isinstance(node, cst.Name) and node.value == name for node in tree.below(statement))
    )
