"""Foreign keys that are None: a many-to-one whose key is loaded and None is None itself, and reading it asks nobody."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.flow import flushing
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.loading import state_of
from flake8_async_orm.lattice import ACCUSING, State, without_none
from flake8_async_orm.values import Instance


def absent(frame: Frame, node: cst.BaseExpression, state: State) -> None:
    """`node` is None or false from here on: if it is the key of a many-to-one, that is None, and nothing is said of it."""
    if type(node) is not cst.Attribute or type(node.value) is not cst.Name:
        return
    binding = state.names.get(node.value.value)
    instance = without_none(binding.value) if binding is not None else None
    if not isinstance(instance, Instance) or instance.place is None:
        return
    mapped = frame.program.project.mapped(instance.model)
    column = mapped.attributes.get(node.attr.value) if mapped is not None else None
    if mapped is None or column is None or not column.foreign_key:
        return
    known = state_of(frame, state, instance)
    if known is None:
        return
    # as after a read that failed: where paths meet, the other one tells
    none = {
        name: "failed"
        for name in flushing.keys_given(frame, mapped, {column.name})
        if known.mark(name) in ACCUSING or known.mark(name) == "entry"
    }
    if none:
        state.heap[instance.place] = known.set(none)
