"""Small questions about LibCST nodes, for definitions and mappings."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

import libcst as cst


def dotted_name(node: cst.CSTNode) -> str | None:
    """`a.b.c` of a Name or a chain of Attributes on one, else None."""
    if type(node) is cst.Name:
        return node.value
    parts: list[str] = []
    while type(node) is cst.Attribute:
        parts.append(node.attr.value)
        node = node.value
    if type(node) is not cst.Name:
        return None
    parts.append(node.value)
    return ".".join(reversed(parts))


_SUFFIXED = frozenset({cst.Subscript, cst.Call})


def head_name(node: cst.CSTNode) -> str | None:
    """The dotted name that `node` is, subscripts or calls: `a.b` of `a.b`, `a.b[...]` and `a.b(...)`."""
    while type(node) in _SUFFIXED:
        assert isinstance(node, (cst.Subscript, cst.Call))
        node = node.value if isinstance(node, cst.Subscript) else node.func
    return dotted_name(node)


def called_name(node: cst.CSTNode) -> str | None:
    """As `dotted_name`, but a call on the way is written `f()`."""
    if type(node) is cst.Attribute:
        owner = called_name(node.value)
        return None if owner is None else f"{owner}.{node.attr.value}"
    if type(node) is cst.Call:
        called = called_name(node.func)
        return None if called is None else f"{called}()"
    return dotted_name(node)


@lru_cache(maxsize=4096)
def evaluated(text: str) -> object:
    """What a literal's source text means; `...` where that is no literal."""
    if text[0] in "\"'" and "\\" not in text and "\r" not in text:
        return text[3:-3] if text[:3] in ('"""', "'''") and len(text) > 5 else text[1:-1]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return ...


def string_value(node: cst.CSTNode | None) -> str | None:
    """The text of a string literal (concatenated ones too), else None."""
    if type(node) is cst.SimpleString:
        value = evaluated(node.value)
        return value if isinstance(value, str) else None
    if type(node) is cst.ConcatenatedString:
        left, right = string_value(node.left), string_value(node.right)
        return left + right if left is not None and right is not None else None
    return None


def strings(node: cst.CSTNode) -> tuple[str, ...] | None:
    """The strings of a list, tuple or set literal of strings, else None."""
    if not isinstance(node, (cst.List, cst.Tuple, cst.Set)):
        return None
    found = [string_value(element.value) if type(element) is cst.Element else None for element in node.elements]
    known = tuple(text for text in found if text is not None)
    return known if len(known) == len(found) else None


def literal(node: cst.CSTNode | None) -> object:
    """The value of a literal: True, False, None, an integer or a string; `...` (Ellipsis) for everything else."""
    if type(node) is cst.Name:
        return {"True": True, "False": False, "None": None}.get(node.value, ...)
    if type(node) is cst.Integer:
        return int(node.value.replace("_", ""), 0)
    text = string_value(node)
    return ... if text is None else text


def expression(text: str) -> cst.BaseExpression | None:
    """The expression that `text` is, else None."""
    try:
        return cst.parse_expression(text.strip())
    except Exception:  # noqa: BLE001 - whatever the parser says, it is no expression
        return None


def subscript_items(node: cst.Subscript) -> list[cst.BaseExpression]:
    """`[A, B]` of `X[A, B]`."""
    return [element.slice.value for element in node.slice if type(element.slice) is cst.Index]


def keywords(call: cst.Call) -> tuple[dict[str, cst.BaseExpression], bool]:
    """The keyword arguments of a call, and whether there is a `**` among them."""
    named = {arg.keyword.value: arg.value for arg in call.args if arg.keyword is not None}
    return named, any(arg.star == "**" for arg in call.args)


def positional(call: cst.Call) -> list[cst.BaseExpression]:
    """The positional arguments of a call, up to a `*`."""
    found: list[cst.BaseExpression] = []
    for arg in call.args:
        if arg.star == "*":
            break
        if arg.keyword is None and not arg.star:
            found.append(arg.value)
    return found


def mapping_items(node: cst.CSTNode) -> dict[str, cst.BaseExpression] | None:
    """The items of a dictionary with literal string keys, written `{...}` or `dict(...)`, else None."""
    if type(node) is cst.Call:
        named, starred = keywords(node)
        plain = dotted_name(node.func) == "dict" and not starred and not positional(node)
        return named if plain else None
    if type(node) is not cst.Dict:
        return None
    items: dict[str, cst.BaseExpression] = {}
    for element in node.elements:
        key = string_value(element.key) if type(element) is cst.DictElement else None
        if key is None:
            return None
        items[key] = element.value
    return items


def small_statements(body: cst.BaseSuite) -> Iterator[cst.CSTNode]:
    """The statements of a body, simple ones one by one."""
    for statement in body.body:
        if type(statement) is cst.SimpleStatementLine:
            yield from statement.body
        else:
            yield statement
