"""What the annotation of a mapped attribute says: its wrapper, its class, and whether it holds many."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from flake8_async_orm.knowledge import mapping
from flake8_async_orm.project.syntax import dotted_name, expression, string_value, subscript_items
from flake8_async_orm.records import record


@record
class Shape:
    """What an annotation says.

    `wrapper`: `Mapped`, `DynamicMapped`, `ClassVar` ... (its last name) or "". `name`: the class inside, dotted as
    written. `quoted`: it stands in quotes. `collection`: it is the class of the items. `extras`: what follows in
    `Annotated[X, ...]`.
    """

    wrapper: str = ""
    name: str | None = None
    quoted: bool = False
    collection: bool = False
    extras: tuple[cst.BaseExpression, ...] = ()


def shape_of(node: cst.CSTNode) -> Shape:
    """The shape of an annotation; one without a name where it cannot be read."""
    return _shape(node, Shape(), 0)


def _shape(node: cst.CSTNode, so_far: Shape, depth: int) -> Shape:
    if depth > 12:
        return so_far
    text = string_value(node)
    if text is not None:
        parsed = expression(text)
        return so_far if parsed is None else _shape(parsed, replace(so_far, quoted=True), depth + 1)
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.BitOr):
        return _union([node.left, node.right], so_far, depth)
    if isinstance(node, cst.Subscript):
        return _subscript(node, so_far, depth)
    name = dotted_name(node)
    if name is None:
        return so_far
    last = name.rpartition(".")[2]
    if not so_far.wrapper and last in mapping.WRAPPERS:
        return replace(so_far, wrapper=last)
    return replace(so_far, name=name)


def _subscript(node: cst.Subscript, so_far: Shape, depth: int) -> Shape:
    items = subscript_items(node)
    last = (dotted_name(node.value) or "").rpartition(".")[2]
    if not items or not last:
        return so_far
    if last in mapping.WRAPPERS and not so_far.wrapper:
        collection = last in mapping.LAZY_BY_WRAPPER
        return _shape(items[0], replace(so_far, wrapper=last, collection=collection), depth + 1)
    if last in mapping.COLLECTIONS:
        return _shape(items[0], replace(so_far, collection=True), depth + 1)
    if last in mapping.KEYED_COLLECTIONS:
        return _shape(items[-1], replace(so_far, collection=True), depth + 1)
    if last == "Annotated":
        return _shape(items[0], replace(so_far, extras=tuple(items[1:])), depth + 1)
    if last in ("Optional", "Final"):
        return _shape(items[0], so_far, depth + 1)
    if last == "Union":
        return _union(items, so_far, depth)
    return replace(so_far, name=dotted_name(node.value))


def _union(items: list[cst.BaseExpression], so_far: Shape, depth: int) -> Shape:
    members = [item for item in items if not (isinstance(item, cst.Name) and item.value == "None")]
    return _shape(members[0], so_far, depth + 1) if len(members) == 1 else so_far
