"""Attributes of objects that a test is about."""

from __future__ import annotations

import libcst as cst

from flake8_async_orm.flow.annotations import placed
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.lattice import ObjectState, State
from flake8_async_orm.records import record
from flake8_async_orm.values import Object, Place, Value


@record
class Held:
    """An attribute of an object of a project class, as a test mentions it."""

    holder: Place
    name: str
    value: Value

    def narrow(self, state: State, value: Value) -> None:
        """From here on the attribute holds `value`."""
        known = state.heap.get(self.holder)
        fields = known.fields if isinstance(known, ObjectState) else {}
        state.heap[self.holder] = ObjectState({**fields, self.name: value})


def attribute_of(frame: Frame, node: cst.BaseExpression, state: State) -> Held | None:
    """The data attribute `name.attribute` that a test is about."""
    if type(node) is not cst.Attribute or type(node.value) is not cst.Name:
        return None
    binding = state.names.get(node.value.value)
    holder = binding.value if binding is not None else None
    if not isinstance(holder, Object) or holder.place is None:
        return None
    name = node.attr.value
    known = state.heap.get(holder.place)
    value = known.fields.get(name) if isinstance(known, ObjectState) else None
    if value is None:
        if frame.program.method(holder.cls.name, name) is not None:
            return None

        value = placed(frame.program.attribute(holder.cls, name), holder.place.at(name))
    return Held(holder.place, name, value)
