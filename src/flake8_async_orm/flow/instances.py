"""Mapped instances in use: their attributes are read and assigned, and handed to what cannot be seen."""

from __future__ import annotations

from flake8_async_orm.facts import RelationshipRead
from flake8_async_orm.flow.frame import Frame, Requirement
from flake8_async_orm.flow.loading import (
    MADE,
    entry_state,
    held_by,
    loaded,
    related_value,
    remember,
    state_of,
    subfamily,
)
from flake8_async_orm.knowledge import callables
from flake8_async_orm.lattice import InstanceState, ObjectState, State
from flake8_async_orm.project.definitions import MappedAttribute
from flake8_async_orm.values import ApiObject, Collection, Instance, Place, Site, Value


def read_relationship(
    frame: Frame, state: State, instance: Instance, attribute: MappedAttribute, site: Site, read: Site | None = None
) -> Value:
    """A relationship is read at `site` (by a helper: the read itself is at `read`)."""
    value = related_value(attribute, instance.place)
    known = state_of(frame, state, instance)
    if known is None or instance.place is None:
        return value
    name = attribute.name
    mark = known.attributes.get(name, "maybe")
    guarded = frame.guarded_against(callables.CATCHES_IMPLICIT_IO)
    if mark == "entry":
        if not guarded:
            requirement = Requirement(instance.place, instance.model, name, read or site, bool(attribute.uselist))
            frame.requires.setdefault((instance.place, name), requirement)
        state.heap[instance.place] = known.set({name: "loaded"})
        return value
    if mark in ("unloaded", "raises") and known.life == "persistent":
        held = mark == "unloaded" and attribute.uselist is not True and in_sight(frame, state, instance, attribute)
        if not guarded and not held and known.session_async and not frame.sync_land:
            _state_read(frame, known, instance, attribute, mark, site, read)
            state.heap[instance.place] = known.set({name: "failed"})
    _enter(frame, state, known, attribute, value, mark)
    return value


def _state_read(
    frame: Frame,
    known: InstanceState,
    instance: Instance,
    attribute: MappedAttribute,
    mark: str,
    site: Site,
    read: Site | None,
) -> None:
    mapped = frame.program.project.mapped(instance.model)
    frame.state_fact(
        RelationshipRead(
            site,
            instance.model,
            attribute.name,
            mark,
            bool(attribute.uselist),
            known.origin,
            known.origin_text,
            known.statement if known.statement is not None and known.statement.path == site.path else None,
            (*known.path, (instance.model, attribute.name)),
            read,
            mapped is not None and mapped.async_attrs,
            frame.is_async,
        ),
        attribute.name,
    )


def enter_relationship(frame: Frame, state: State, instance: Instance, attribute: MappedAttribute) -> Value:
    """What a relationship holds, its state entered, without a read being judged."""
    value = related_value(attribute, instance.place)
    known = state_of(frame, state, instance)
    if known is not None:
        _enter(frame, state, known, attribute, value, known.attributes.get(attribute.name, "maybe"))
    return value


def _enter(
    frame: Frame, state: State, known: InstanceState, attribute: MappedAttribute, value: Value, mark: str
) -> None:
    """Give the related instance a state of its own, once: as the same statement left it."""
    inner = value.of if isinstance(value, Collection) else value
    if not isinstance(inner, Instance) or inner.place is None or inner.place in state.heap:
        return
    below = tuple(step for load in known.loads if load.attribute == attribute.name for step in load.below)
    everything = tuple(load for load in known.loads if load.attribute == "*")
    session = None
    if known.session_async is not None:
        session = ApiObject("AsyncSession" if known.session_async else "Session", known.session)
    loaded(
        frame,
        state,
        inner.place,
        inner.model,
        session,
        below + everything,
        # what hangs on an instance that was made here was put there, in whatever state it was
        mark == "loaded" and known.origin is not None and known.origin_text != MADE,
        known.origin or Site("", 0),
        known.origin_text,
        known.statement,
        (*known.path, (known.model, attribute.name)),
        parent=known.model,
    )


def in_sight(frame: Frame, state: State, owner: Instance, attribute: MappedAttribute) -> bool:
    """Whether this function holds an instance that a many-to-one may point to: the identity map answers, nothing is emitted.

    Parameters count: whoever hands over a project and asks for its volumes has the volumes' project in the session.
    """
    if attribute.target is None or owner.place is None:
        return True
    family = {attribute.target, *subfamily(frame, attribute.target)}
    own = owner.place
    places = [found.place for b in state.names.values() for found in instances_in(b.value) if found.model in family]
    places += [
        place for place, known in state.heap.items() if isinstance(known, InstanceState) and known.model in family
    ]
    return any(place is None or not lies_below(place, own) for place in places)


def lies_below(place: Place, above: Place) -> bool:
    """Whether `place` is `above` or is reached from it."""
    return place.root == above.root and place.path[: len(above.path)] == above.path


def uncertain(frame: Frame, state: State, owner: Instance, name: str) -> None:
    """Something was put into a relationship: of what hangs there nothing is known."""
    mapped = frame.program.project.mapped(owner.model)
    attribute = mapped.attributes.get(name) if mapped is not None else None
    value = (
        related_value(attribute, owner.place) if attribute is not None and attribute.kind == "relationship" else None
    )
    inner = value.of if isinstance(value, Collection) else value
    if isinstance(inner, Instance) and inner.place is not None:
        fresh = entry_state(frame, inner.model)
        if fresh is not None:
            state.heap[inner.place] = fresh.doubted()


def mark_loaded(frame: Frame, state: State, instance: Instance, name: str) -> None:
    """`name` was assigned, or loaded by hand."""
    known = state_of(frame, state, instance)
    if known is not None and instance.place is not None and name in known.attributes:
        state.heap[instance.place] = known.set({name: "loaded"})
        remember(state, known, [name])


def instances_in(value: Value) -> list[Instance]:
    """The instances that a value is or holds."""
    from flake8_async_orm.values import OneOf, Tuple

    match value:
        case Instance():
            return [value]
        case Collection(of=of):
            return instances_in(of)
        case Tuple(items=items):
            return [found for item in items for found in instances_in(item)]
        case OneOf(options=options):
            return [found for option in options for found in instances_in(option)]
        case _:
            return []


def doubt(frame: Frame, state: State, value: Value) -> None:
    """Something unseen got `value`: an instance, a session, or an object that may lead to one."""
    from flake8_async_orm.values import Object, OneOf, Tuple

    match value:
        case Instance(place=Place() as place):
            known = state_of(frame, state, value)
            if known is not None:
                state.heap[place] = known.doubted()
            for other, below in list(state.heap.items()):
                if (
                    isinstance(below, InstanceState)
                    and other.root == place.root
                    and other.path[: len(place.path)] == place.path
                ):
                    state.heap[other] = below.doubted()
        case ApiObject(place=Place() as place):
            frame.doubted.add(place)
            for held, known in held_by(state, place):
                state.heap[held] = known.doubted()
        case Object(place=Place() as place):
            frame.doubted.add(place)
            _doubt_reachable(frame, state, place)
        case Collection(of=of):
            doubt(frame, state, of)
        case Tuple(items=items):
            for item in items:
                doubt(frame, state, item)
        case OneOf(options=options):
            for option in options:
                doubt(frame, state, option)


def _doubt_reachable(frame: Frame, state: State, place: Place) -> None:
    fields = state.heap.get(place)
    reached = {place}
    if isinstance(fields, ObjectState):
        for value in fields.fields.values():
            if isinstance(value, ApiObject) and value.place is not None:
                reached.add(value.place)
            elif isinstance(value, (Instance, Collection)):
                doubt(frame, state, value)
    for other, known in list(state.heap.items()):
        if not isinstance(known, InstanceState):
            continue
        below = other.root == place.root and other.path[: len(place.path)] == place.path
        session = known.session
        led = session is not None and (
            session in reached or (session.root == place.root and session.path[: len(place.path)] == place.path)
        )
        if below or led:
            state.heap[other] = known.doubted()
