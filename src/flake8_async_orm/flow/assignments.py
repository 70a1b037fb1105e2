"""Attributes of mapped instances are assigned."""

from __future__ import annotations

from flake8_async_orm.flow import associations
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.identity import exonerate, keys_of
from flake8_async_orm.flow.instances import change_collection, mark_loaded
from flake8_async_orm.flow.listened import listened
from flake8_async_orm.flow.loading import remember, state_of
from flake8_async_orm.lattice import ACCUSING, InstanceState, State
from flake8_async_orm.project.definitions import MappedClass
from flake8_async_orm.values import NONE, SQL, Instance, Site, Value, replace


def assigned(frame: Frame, state: State, instance: Instance, name: str, value: Value, site: Site | None = None) -> None:
    """`instance.name = value`; `site` is the target."""
    known = state_of(frame, state, instance)
    mapped = frame.program.project.mapped(instance.model)
    attribute = mapped.attributes.get(name) if mapped is not None else None
    if known is None or instance.place is None or attribute is None or mapped is None:
        return
    if attribute.kind == "relationship":
        same = _may_be_there(state, known, name, value)
        if attribute.uselist and site is not None:
            change_collection(frame, state, instance, attribute, site, "=")
        if (state.instance(instance.place) or known).attributes.get(name) == "failed":
            # control does not come by here
            return
        mark_loaded(frame, state, instance, name)
        known = state.instance(instance.place) or known
        strange = known.strange if associations.in_sight(value) else known.strange | {name}
        state.heap[instance.place] = replace(
            known, changed=known.changed if same else known.changed | {name}, touched=True, strange=strange
        )
        associations.put(frame, state, instance.place, attribute, value, not same)
    elif attribute.kind == "column":
        computed = known.computed | {name} if value == SQL else known.computed - {name}
        if known.mark(name) != "loaded":
            known = known.set({name: "loaded"})
        unset = known.unset - {name}
        if attribute.foreign_key:
            known = _keyed(frame, known, mapped, name, value)
        if name in known.attributes or attribute.deferred:
            remember(state, known, [name])
        state.heap[instance.place] = replace(
            known, changed=known.changed | {name}, computed=computed, touched=True, unset=unset
        )
        exonerate(frame, state, instance.place, name)
    if name in listened(frame, instance.model):
        known = state.instance(instance.place) or known
        doubtful = {n: "maybe" for n, mark in known.attributes.items() if n != name and mark in ACCUSING | {"pending"}}
        state.heap[instance.place] = replace(known.set(doubtful), unset=frozenset())
    if attribute.kind not in ("relationship", "column"):
        state.heap[instance.place] = replace(known.doubted(), touched=True)


def _may_be_there(state: State, known: InstanceState, name: str, value: Value) -> bool:
    """Whether a relationship may hold already what it is given: then nothing changes."""
    if not isinstance(value, Instance) or known.attributes.get(name) not in ("loaded", "maybe", "entry", "read"):
        return False
    other = state.instance(value.place)
    return other is None or other.life not in ("transient", "pending")


def _keyed(frame: Frame, known: InstanceState, mapped: MappedClass, name: str, value: Value) -> InstanceState:
    """The foreign key `name` was assigned: the many-to-one relationships that go by it point to something else."""
    found = {
        attribute.name
        for attribute in mapped.tracked
        if attribute.kind == "relationship" and keys_of(frame, mapped, attribute) == [name]
    }
    if value == NONE:
        return replace(known, keyed=known.keyed - found)
    if known.life in ("transient", "pending"):
        known = replace(known, keyed=known.keyed | found)
    return known.set({n: "unloaded" for n in found if known.attributes.get(n) == "held"})


def set_by_name(frame: Frame, state: State, instance: Instance, name: str | None, value: Value) -> None:
    """`setattr(instance, name, value)`; None: a name that is not known."""
    if name is not None:
        assigned(frame, state, instance, name, value)
        return
    known = state_of(frame, state, instance)
    if known is not None and instance.place is not None:
        # it was some column, most likely: of each single one nothing is known
        known = known.doubted()
        state.heap[instance.place] = replace(known, changed=known.changed | {"*"}, touched=True)
