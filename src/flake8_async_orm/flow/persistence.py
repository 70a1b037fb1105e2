"""What sessions do to the instances that they hold: flush, commit, roll back, refresh, close.

The transitions follow SQLAlchemy's documentation ("State Management", "Preventing Implicit IO when Using AsyncSession", error xd2s) and were
confirmed by running 1.4, 2.0 and 2.1.
"""

from __future__ import annotations

from dataclasses import replace

from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.instances import instances_in
from flake8_async_orm.flow.loading import (
    MADE,
    apply_loads,
    by_mapping,
    held_by,
    is_async,
    remember,
    state_of,
    subfamily,
    tracked,
)
from flake8_async_orm.lattice import ACCUSING, InstanceState, State
from flake8_async_orm.project.definitions import MappedAttribute, MappedClass
from flake8_async_orm.values import ApiObject, Instance, Place, Site, Value


def constructed(
    frame: Frame, state: State, place: Place, model: str, given: set[str], unreadable: bool, site: Site
) -> None:
    """`Model(...)`: transient, everything readable; what is not given is unloaded after the flush."""
    mapped = frame.program.project.mapped(model)
    if mapped is None:
        return
    attributes = {
        a.name: "maybe" if unreadable else "loaded" if a.name in given else "pending" for a in tracked(mapped)
    }
    keyed = frozenset() if unreadable else keys_given(frame, mapped, given)
    state.heap[place] = InstanceState(model, attributes, life="transient", origin=site, origin_text=MADE, keyed=keyed)


def keys_given(frame: Frame, mapped: MappedClass, given: set[str]) -> frozenset[str]:
    """The many-to-one relationships whose foreign key is among the attributes that were given."""
    found: set[str] = set()
    for attribute in tracked(mapped):
        target = frame.program.project.mapped(attribute.target) if attribute.target is not None else None
        if attribute.kind != "relationship" or attribute.uselist is True or target is None or target.table is None:
            continue
        keys = [
            column.name
            for column in mapped.attributes.values()
            if column.foreign_key and (column.references or "").rpartition(".")[0].rpartition(".")[2] == target.table
        ]
        if len(keys) == 1 and keys[0] in given and attribute.name not in given:
            found.add(attribute.name)
    return frozenset(found)


def added(frame: Frame, state: State, session: ApiObject, value: Value) -> None:
    """`session.add(x)`, `add_all([...])`."""
    for instance in instances_in(value):
        known = state_of(frame, state, instance)
        if known is None or instance.place is None:
            continue
        if known.life == "transient":
            state.heap[instance.place] = replace(
                known, life="pending", session=session.place, session_async=is_async(session)
            )
        elif known.life == "detached":
            state.heap[instance.place] = replace(known.doubted(), life="persistent", session=session.place)


def flush(frame: Frame, state: State, session: Place | None) -> None:
    """Pending instances become persistent: what was never set is unloaded from now on."""
    for place, known in held_by(state, session):
        if known.life != "pending":
            continue
        mapped = frame.program.project.mapped(known.model)
        if mapped is None:
            continue
        attributes = dict(known.attributes)
        for name, mark in known.attributes.items():
            if mark != "pending":
                continue
            attribute = mapped.attributes[name]
            strategy = by_mapping(mapped, attribute)
            surely = attribute.kind == "relationship" and attribute.uselist is True and not attribute.default_factory
            never = attribute.lazy in ("dynamic", "write_only", "noload")
            attributes[name] = (
                "loaded" if never else ("raises" if strategy == "raises" else "unloaded") if surely else "maybe"
            )
        for name in known.keyed:
            attribute = mapped.attributes[name]
            if attributes.get(name) == "maybe" and not _holds_target(frame, state, session, attribute):
                attributes[name] = "raises" if by_mapping(mapped, attribute) == "raises" else "unloaded"
        state.heap[place] = replace(known, attributes=attributes, life="persistent")
        if session is not None:
            remember(state, known, [n for n, mark in attributes.items() if mark != "unloaded"], known.model)


def _everything(known: InstanceState, mark: str) -> dict[str, str]:
    return {name: "raises" if old == "raises" else mark for name, old in known.attributes.items()}


def _holds_target(frame: Frame, state: State, session: Place | None, attribute: MappedAttribute) -> bool:
    """Whether the session may hold an instance that a many-to-one points to: then reading it emits nothing."""
    if attribute.target is None:
        return True
    family = {attribute.target, *subfamily(frame, attribute.target)}
    if state.session(session).models & family:
        return True
    return any(isinstance(known, InstanceState) and known.model in family for known in state.heap.values())


def commit(frame: Frame, state: State, session: ApiObject, site: Site) -> None:
    flush(frame, state, session.place)
    expires = dict(session.flags).get("expire_on_commit")
    if expires is False:
        return
    for place, known in held_by(state, session.place):
        if known.life != "persistent":
            continue
        if expires is True:
            state.heap[place] = replace(
                known, attributes=_everything(known, "expired"), columns="expired", expired=site
            )
        else:
            softened = {n: "maybe" if m in ("loaded", "entry") else m for n, m in known.attributes.items()}
            state.heap[place] = replace(known, attributes=softened, columns="maybe")


def rollback(state: State, session: ApiObject, site: Site) -> None:
    for place, known in held_by(state, session.place):
        if known.life == "persistent" and state.session(session.place).used:
            state.heap[place] = replace(
                known, attributes=_everything(known, "expired"), columns="expired", expired=site
            )
        else:
            state.heap[place] = known.doubted()


def close(state: State, session: Place | None) -> None:
    for place, known in held_by(state, session):
        state.heap[place] = replace(known, life="detached")


def refresh(frame: Frame, state: State, instance: Instance, only: list[str] | None, readable: bool) -> None:
    """`refresh(x)`: columns and what first loaded it are loaded again, other relationships unloaded; with names: those are loaded."""
    known = state_of(frame, state, instance)
    mapped = frame.program.project.mapped(instance.model)
    if known is None or mapped is None or instance.place is None:
        return
    if not readable:
        state.heap[instance.place] = known.doubted()
        return
    if only is not None:
        state.heap[instance.place] = known.set({name: "loaded" for name in only if name in known.attributes})
        remember(state, known, only)
        return
    attributes = {attribute.name: by_mapping(mapped, attribute) for attribute in tracked(mapped)}
    apply_loads(mapped, attributes, known.loads)
    for attribute in tracked(mapped):
        before = known.attributes.get(attribute.name, "maybe")
        if attributes[attribute.name] in ACCUSING and (before in ("maybe", "entry") or attribute.uselist is not True):
            attributes[attribute.name] = "maybe"
    state.heap[instance.place] = replace(
        known, attributes=attributes, columns="loaded", life="persistent", expired=None
    )
