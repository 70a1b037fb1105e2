"""Small questions about LibCST nodes."""

from __future__ import annotations

import ast

import libcst as cst


def dotted_name(node: cst.CSTNode) -> str | None:
    """`a.b.c` of a Name or a chain of Attributes on one, else None."""
    parts: list[str] = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    if not isinstance(node, cst.Name):
        return None
    parts.append(node.value)
    return ".".join(reversed(parts))


def string_value(node: cst.CSTNode) -> str | None:
    """The text of a string literal (concatenated ones too), else None."""
    if isinstance(node, cst.SimpleString):
        try:
            value = ast.literal_eval(node.value)
        except (ValueError, SyntaxError):
            return None
        return value if isinstance(value, str) else None
    if isinstance(node, cst.ConcatenatedString):
        left, right = string_value(node.left), string_value(node.right)
        return left + right if left is not None and right is not None else None
    return None


def literal(node: cst.CSTNode) -> object:
    """The value of a literal: True, False, None, a number or a string; `...` (Ellipsis) for everything else."""
    if isinstance(node, cst.Name):
        return {"True": True, "False": False, "None": None}.get(node.value, ...)
    if isinstance(node, (cst.Integer, cst.Float)):
        try:
            return ast.literal_eval(node.value)
        except (ValueError, SyntaxError):
            return ...
    text = string_value(node)
    return ... if text is None else text


def target_names(node: cst.CSTNode) -> list[str]:
    """The plain names that an assignment target binds."""
    if isinstance(node, cst.Name):
        return [node.value]
    if isinstance(node, (cst.Tuple, cst.List)):
        return [name for element in node.elements for name in target_names(element.value)]
    if isinstance(node, cst.StarredElement):
        return target_names(node.value)
    return []


def is_ellipsis_body(body: cst.BaseSuite) -> bool:
    """Whether a function's body says nothing: a docstring, `...`, `pass`, `raise NotImplementedError`."""
    for statement in body.body:
        small = statement.body if isinstance(statement, cst.SimpleStatementLine) else (statement,)
        for part in small:
            if isinstance(part, cst.Pass):
                continue
            if isinstance(part, cst.Expr) and isinstance(
                part.value, (cst.SimpleString, cst.ConcatenatedString, cst.Ellipsis)
            ):
                continue
            if isinstance(part, cst.Raise) and part.exc is not None:
                name = dotted_name(part.exc.func if isinstance(part.exc, cst.Call) else part.exc)
                if name == "NotImplementedError":
                    continue
            return False
    return True
