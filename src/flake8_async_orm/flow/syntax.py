"""Small questions about LibCST nodes."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.project.syntax import dotted_name, evaluated, string_value

__all__ = ["dotted_name", "expects_misuse", "last_name", "literal", "string_value", "target_names"]

_NAMED = {"True": True, "False": False, "None": None}


def last_name(node: cst.CSTNode) -> str | None:
    """`c` of `a.b.c` or of `c`."""
    if type(node) is cst.Attribute:
        return node.attr.value
    return node.value if type(node) is cst.Name else None


def expects_misuse(node: cst.CSTNode) -> bool:
    """Whether a call says that what it is given, or the block that it opens, is to raise: nothing is said of that."""
    if type(node) is not cst.Call:
        return False
    name = (last_name(node.func) or "").lower()
    return "raises" in name or name in ("assertwarns", "warns")


def literal(node: cst.CSTNode) -> object:
    """The value of a literal: True, False, None, a number or a string; `...` (Ellipsis) for everything else."""
    if type(node) is cst.Name:
        return _NAMED.get(node.value, ...)
    if type(node) is cst.Integer or type(node) is cst.Float:
        return evaluated(node.value)
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
