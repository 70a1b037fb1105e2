"""Small questions about LibCST nodes."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import Any

import libcst as cst

_NAMED = {"True": True, "False": False, "None": None}


def dotted_name(node: cst.CSTNode) -> str | None:
    """`a.b.c` of a Name or a chain of Attributes on one, else None."""
    # by exact type: LibCST's classes are abstract base classes, and an `isinstance` that fails is dear there
    current: Any = node
    if type(current) is cst.Name:
        return str(current.value)
    parts: list[str] = []
    while type(current) is cst.Attribute:
        parts.append(current.attr.value)
        current = current.value
    if type(current) is not cst.Name:
        return None
    parts.append(current.value)
    return ".".join(reversed(parts))


@lru_cache(maxsize=4096)
def _evaluated(text: str) -> object:
    """What a literal's source text means; `...` where that is no literal."""
    if text[0] in "\"'" and "\\" not in text and "\r" not in text:
        return text[3:-3] if text[:3] in ('"""', "'''") and len(text) > 5 else text[1:-1]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return ...


def last_name(node: cst.CSTNode) -> str | None:
    """`c` of `a.b.c` or of `c`."""
    if type(node) is cst.Attribute:
        return node.attr.value
    return node.value if type(node) is cst.Name else None


def string_value(node: cst.CSTNode) -> str | None:
    """The text of a string literal (concatenated ones too), else None."""
    if type(node) is cst.SimpleString:
        value = _evaluated(node.value)
        return value if isinstance(value, str) else None
    if type(node) is cst.ConcatenatedString:
        left, right = string_value(node.left), string_value(node.right)
        return left + right if left is not None and right is not None else None
    return None


def literal(node: cst.CSTNode) -> object:
    """The value of a literal: True, False, None, a number or a string; `...` (Ellipsis) for everything else."""
    if type(node) is cst.Name:
        return _NAMED.get(node.value, ...)
    if type(node) is cst.Integer or type(node) is cst.Float:
        return _evaluated(node.value)
    text = string_value(node)
    return ... if text is None else text


def target_names(node: cst.CSTNode) -> list[str]:
    """The plain names that an assignment target binds."""
    if type(node) is cst.Name:
        return [node.value]
    if type(node) is cst.Tuple or type(node) is cst.List:
        return [name for element in node.elements for name in target_names(element.value)]
    if type(node) is cst.StarredElement:
        return target_names(node.value)
    return []


def is_ellipsis_body(body: cst.BaseSuite) -> bool:
    """Whether a function's body says nothing: a docstring, `...`, `pass`, `raise NotImplementedError`."""
    for statement in body.body:
        small = statement.body if type(statement) is cst.SimpleStatementLine else (statement,)
        for part in small:
            if type(part) is cst.Pass:
                continue
            if type(part) is cst.Expr and isinstance(
                part.value, (cst.SimpleString, cst.ConcatenatedString, cst.Ellipsis)
            ):
                continue
            if type(part) is cst.Raise and part.exc is not None:
                name = dotted_name(part.exc.func if type(part.exc) is cst.Call else part.exc)
                if name == "NotImplementedError":
                    continue
            return False
    return True
