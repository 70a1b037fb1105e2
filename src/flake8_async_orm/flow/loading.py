"""What a query, or the mapping alone, gives the attributes of a mapped instance.

The rules follow SQLAlchemy's documentation ("Relationship Loading Techniques") and were confirmed by running 1.4, 2.0 and 2.1.
"""

from __future__ import annotations

from collections.abc import Iterable

from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.knowledge import names
from flake8_async_orm.lattice import ACCUSING, InstanceState, SessionState, State
from flake8_async_orm.project.definitions import MappedAttribute, MappedClass
from flake8_async_orm.values import ApiObject, Collection, Instance, Load, Place, Site, Unknown, Value

#: the trail of an instance that a constructor made
MADE = "made here"
#: mapping strategies after which a read is free
EAGER = frozenset({"selectin", "joined", "subquery", "immediate", "noload", "dynamic", "write_only"})


def by_mapping(mapped: MappedClass, attribute: MappedAttribute) -> str:
    """The state that the mapping alone gives to an attribute of an instance that a query has loaded."""
    if attribute.kind == "relationship":
        if attribute.lazy is None:
            return "maybe"
        if attribute.lazy in ("raise", "raise_on_sql"):
            return "raises"
        if attribute.lazy in ("selectin", "joined", "subquery") and attribute.target is not None:
            family = {mapped.name, *mapped.bases}
            # an eager self-reference stops where the path returns to the mapper; what a given row has depends on depth
            return "maybe" if attribute.target in family else "loaded"
        return "loaded" if attribute.lazy in EAGER else "unloaded"
    if attribute.kind == "column":
        return "maybe" if attribute.deferred is None else "unloaded" if attribute.deferred else "loaded"
    return "maybe" if attribute.kind in ("other", "query_expression", "association_proxy", "hybrid") else "loaded"


def tracked(mapped: MappedClass) -> list[MappedAttribute]:
    """The attributes whose states are kept one by one: relationships and deferred columns."""
    return [a for a in mapped.attributes.values() if a.kind == "relationship" or (a.kind == "column" and a.deferred)]


def entry_state(frame: Frame, model: str) -> InstanceState | None:
    """An instance as the caller handed it over."""
    mapped = frame.program.project.mapped(model)
    if mapped is None:
        return None
    return InstanceState(model, {a.name: "entry" for a in tracked(mapped)}, columns="entry", life="unknown")


def state_of(frame: Frame, state: State, instance: Instance) -> InstanceState | None:
    """What is known of an instance here; parameters begin as their caller has them."""
    if instance.place is None:
        return None
    known = state.instance(instance.place)
    if known is None and isinstance(instance.place.root, str) and instance.place.root.startswith("param:"):
        known = entry_state(frame, instance.model)
        if known is not None:
            state.heap[instance.place] = known
    return known


def related_value(attribute: MappedAttribute, place: Place | None) -> Value:
    """What a relationship holds, as a value at its own place."""
    if attribute.target is None or attribute.lazy in ("dynamic", "write_only") or attribute.uselist is None:
        return Unknown("relationship to an unknown class")
    if attribute.uselist:
        inner = Instance(attribute.target, place.at(attribute.name, "[]") if place else None)
        return Collection(inner, "list", place.at(attribute.name) if place else None)
    return Instance(attribute.target, place.at(attribute.name) if place else None)


def loaded(
    frame: Frame,
    state: State,
    place: Place,
    model: str,
    session: ApiObject | None,
    loads: tuple[Load, ...],
    complete: bool,
    origin: Site,
    text: str,
    statement: Site | None = None,
    path: tuple[tuple[str, str], ...] = (),
    parent: str | None = None,
    beside: frozenset[str] = frozenset(),
) -> None:
    """An instance of `model` came out of the database into `place`; `beside` are the models of the same row."""
    mapped = frame.program.project.mapped(model)
    if mapped is None:
        return
    attributes = {attribute.name: by_mapping(mapped, attribute) for attribute in tracked(mapped)}
    apply_loads(mapped, attributes, loads)
    held = state.session(session.place if session else None)
    for attribute in tracked(mapped):
        name = attribute.name
        if attributes[name] not in ACCUSING:
            continue
        if not complete or f"{model}.{name}" in held.models:
            attributes[name] = "maybe"
        elif attribute.uselist is not True and attribute.target is not None:
            family = {attribute.target, *subfamily(frame, attribute.target)}
            if parent in family and attribute.uselist is False:
                attributes[name] = "loaded"
            elif (held.models | beside) & family or (parent is not None and parent in family):
                attributes[name] = "maybe"
    state.heap[place] = InstanceState(
        model,
        attributes,
        session=session.place if session else None,
        session_async=is_async(session),
        origin=origin,
        origin_text=text,
        statement=statement,
        path=path,
        loads=loads if complete else (),
    )
    _fill_others(state, place, state.heap[place])
    if session is not None and session.place is not None:
        marks = {model, *(f"{model}.{name}" for name, known in attributes.items() if known == "loaded")}
        state.heap[session.place] = SessionState(held.models | marks, held.pending, True)


def _fill_others(state: State, place: Place, fresh: object) -> None:
    """A query that loads an attribute fills it in on instances that the session holds already, if they are in its rows."""
    if not isinstance(fresh, InstanceState) or fresh.session is None:
        return
    filled = {name for name, mark in fresh.attributes.items() if mark == "loaded"}
    for other, known in held_by(state, fresh.session):
        if other != place and known.model == fresh.model:
            doubtful = {n: "maybe" for n, mark in known.attributes.items() if n in filled and mark in ACCUSING}
            if doubtful:
                state.heap[other] = known.set(doubtful)


def subfamily(frame: Frame, model: str) -> tuple[str, ...]:
    mapped = frame.program.project.mapped(model)
    return mapped.bases if mapped is not None else ()


def is_async(session: ApiObject | None) -> bool | None:
    return None if session is None else session.cls in names.ASYNC_SESSIONS


def apply_loads(mapped: MappedClass, attributes: dict[str, str], loads: tuple[Load, ...]) -> None:
    """What a statement's options make of the attributes of one level."""
    for load in sorted(loads, key=lambda load: load.attribute != "*"):
        targets = [load.attribute]
        if load.attribute == "*":
            targets = [name for name in attributes if mapped.attributes[name].kind == "relationship"]
        for name in targets:
            if name not in attributes:
                continue
            if load.strategy in names.LOADING:
                attributes[name] = "loaded"
            elif load.strategy == "raiseload":
                attributes[name] = "raises"
            elif load.strategy == "lazyload":
                attributes[name] = "unloaded"


def held_by(state: State, session: Place | None) -> list[tuple[Place, InstanceState]]:
    return [
        (place, known)
        for place, known in state.heap.items()
        if isinstance(known, InstanceState) and session is not None and known.session == session
    ]


def remember(state: State, known: InstanceState, loaded_names: Iterable[str], *models: str) -> None:
    """The session now holds an instance with these attributes loaded: another query may meet it."""
    if known.session is None:
        return
    held = state.session(known.session)
    marks = frozenset([*(f"{known.model}.{name}" for name in loaded_names), *models])
    state.heap[known.session] = SessionState(held.models | marks, held.pending, held.used)
