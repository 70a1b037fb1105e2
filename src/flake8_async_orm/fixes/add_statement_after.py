"""`add_statement_after`: a statement on a line of its own behind the one that something happens in.

Sites: what happens; the call that opened what it happens with. Words: the statement's text.
"""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.edits import Edit
from flake8_async_orm.fixes.draft import Draft
from flake8_async_orm.fixes.tree import Tree
from flake8_async_orm.rule import FixRequest

_LEAVING = (cst.Return, cst.Raise, cst.Yield, cst.Break, cst.Continue)


def add_statement_after(tree: Tree, request: FixRequest) -> Draft | None:
    """Behind the statement, or behind the outermost loop around it in the block in which the session was opened."""
    happened, opened = tree.node(request.sites[0]), tree.node(request.sites[1])
    if not isinstance(happened, cst.Call) or not isinstance(opened, cst.Call):
        return None
    block = _block_of(tree, opened)
    statement = _statement_in(tree, happened, block) if block is not None else None
    if statement is None or not tree.can_await(happened):
        return None
    last = statement
    for following in tree.following(statement):
        # what is written together is committed together
        if not _goes_on(tree, following):
            break
        last = following
    if any(isinstance(node, _LEAVING) for node in (last, *tree.below(last))):
        return None
    start, end = tree.span(statement).start, tree.line_end(tree.span(last).end)
    return Draft((Edit(end, end, tree.newline(end) + tree.margin(start) + request.words[0]),), "unsafe")


def _block_of(tree: Tree, opened: cst.CSTNode) -> cst.CSTNode | None:
    """The suite in which what is opened is used: the body of its `with`, else the block of its statement."""
    for node in tree.ancestors(opened):
        if isinstance(node, cst.With):
            return node.body
        if isinstance(node, (cst.IndentedBlock, cst.FunctionDef, cst.Module)):
            return node
    return None


def _statement_in(tree: Tree, inner: cst.CSTNode, block: cst.CSTNode) -> cst.CSTNode | None:
    """The statement that `inner` is in, or the outermost loop or `with` around it in `block`."""
    found: cst.CSTNode | None = tree.line(inner)
    for node in tree.ancestors(inner):
        if node is block:
            return found
        if isinstance(node, cst.FunctionDef):
            return None
        if isinstance(node, (cst.For, cst.While, cst.With)):
            found = node
    return None


def _goes_on(tree: Tree, statement: cst.CSTNode) -> bool:
    """Whether a statement only adds or flushes."""
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
        return False
    expression = statement.body[0]
    value = expression.value if isinstance(expression, cst.Expr) else None
    value = value.expression if isinstance(value, cst.Await) else value
    return (
        isinstance(value, cst.Call)
        and isinstance(value.func, cst.Attribute)
        and value.func.attr.value in ("add", "add_all", "delete", "execute", "flush")
    )
