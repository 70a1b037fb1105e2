"""Edits that put an `await` before an expression, or take one away. Several builders share them."""

from __future__ import annotations

import re

import libcst as cst

from flake8_async_orm.edits import Edit
from flake8_async_orm.fixes.draft import inserted
from flake8_async_orm.fixes.tree import Tree, parentheses

#: what may follow `await` without parentheses of its own
PRIMARIES = (
    cst.Attribute,
    cst.Call,
    cst.Dict,
    cst.DictComp,
    cst.List,
    cst.ListComp,
    cst.Name,
    cst.Set,
    cst.SetComp,
    cst.Subscript,
)


def binds_tighter(tree: Tree, node: cst.CSTNode) -> bool:
    """Whether what stands around `node` would be taken into an `await` put before it: `node.x`, `node()`, `node[0]`."""
    above = tree.parent(node)
    if isinstance(above, (cst.Attribute, cst.Subscript, cst.Await)):
        return node is (above.expression if isinstance(above, cst.Await) else above.value)
    return isinstance(above, cst.Call) and above.func is node


def put_await(tree: Tree, node: cst.CSTNode, ahead: str = "", behind: str = "") -> tuple[Edit, Edit] | tuple[Edit]:
    """Await the expression `node`, in parentheses where it needs them.

    `ahead` and `behind` come at the same places, outside of what is inserted.
    """
    start, end = tree.span(node)
    opening, closing = "await ", ""
    wrap = binds_tighter(tree, node)
    if isinstance(node, PRIMARIES):
        wrap = wrap and not parentheses(node)
    elif parentheses(node):
        start, end = tree.outer(node)
    else:
        opening, closing = "await (", ")"
    if wrap:
        opening, closing = "(" + opening, closing + ")"
    opening, closing = ahead + opening, closing + behind
    return (inserted(start, opening), inserted(end, closing)) if closing else (inserted(start, opening),)


def drop_await(tree: Tree, node: cst.Await) -> tuple[tuple[Edit, ...], bool]:
    """Take the `await` of `node` away, with parentheses that only it needed. The second: a comment had to stay."""
    start, end = tree.span(node)
    operand = tree.outer(node.expression)
    stop = operand.start
    commented = tree.has_comment(start, stop)
    if commented:
        stop = start + len("await")
        while tree.text[stop] in " \t":
            stop += 1
    one_line = not re.search(r"[\r\n]", tree.text[start : operand.start])
    hugged = tree.text[start - 1 : start] == "(" and tree.text[end : end + 1] == ")"
    if parentheses(node) and hugged and one_line and isinstance(node.expression, PRIMARIES) and operand.end == end:
        behind_word = start > 1 and (tree.text[start - 2].isidentifier() or tree.text[start - 2].isdigit())
        if not behind_word and _free_of_newlines(tree, operand.start, node.expression):
            return (Edit(start - 1, stop, ""), Edit(end, end + 1, "")), commented
    return (Edit(start, stop, ""),), commented


def _free_of_newlines(tree: Tree, start: int, node: cst.CSTNode) -> bool:
    """Whether `node` stands without parentheses around it: each newline is inside a bracket of its own."""
    depth = 0
    position = start
    end = tree.outer(node).end
    while position < end:
        string = tree.string_end(position)
        if string is not None:
            position = string
            continue
        character = tree.text[position]
        if character == "#":
            position = tree.line_end(position)
            continue
        depth += (character in "([{") - (character in ")]}")
        if character in "\r\n" and depth == 0:
            return False
        position += 1
    return True


def await_around(tree: Tree, node: cst.CSTNode) -> cst.Await | None:
    """The `await` whose operand is `node`, or a chain of attributes, calls and subscripts that begins with it."""
    child = node
    for above in tree.ancestors(node):
        if isinstance(above, cst.Await):
            return above
        in_chain = (isinstance(above, (cst.Attribute, cst.Subscript)) and above.value is child) or (
            isinstance(above, cst.Call) and above.func is child
        )
        if not in_chain:
            return None
        child = above
    return None


def called_last(node: cst.CSTNode) -> str | None:
    """The name of the method that a chain ends with calling."""
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        return node.func.attr.value
    return None
