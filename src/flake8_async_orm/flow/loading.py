"""What a query, or the mapping alone, gives the attributes of a mapped instance.

The rules follow SQLAlchemy's documentation ("Relationship Loading Techniques") and were confirmed by running 1.4, 2.0 and 2.1.
"""

from __future__ import annotations

from collections.abc import Iterable

from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.knowledge import names
from flake8_async_orm.lattice import ACCUSING, InstanceState, State
from flake8_async_orm.project.definitions import MappedAttribute, MappedClass
from flake8_async_orm.values import ApiObject, Collection, Instance, Load, Place, Site, Unknown, Value, replace

#: the trail of an instance that a constructor made
MADE = "made here"
#: mapping strategies after which a read is free
EAGER = frozenset({"selectin", "joined", "subquery", "immediate", "noload", "dynamic", "write_only"})
#: those with which a query brings nothing of the other side
LAZILY = frozenset({"select", "raise", "raise_on_sql", "noload", "dynamic", "write_only"})
COLUMN_OPTIONS = frozenset({"load_only", "load_only_raise", "defer", "defer_raise", "undefer", "undefer_group"})
#: states that loading the row anew ends
STALE = frozenset({"expired", "generated", "committed"})
#: marks in `SessionState.models` a model of which rows were met, by whatever way
MET = "~"


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
    if attribute.kind in ("column", "column_property"):
        return "maybe" if attribute.deferred is None else "unloaded" if attribute.deferred else "loaded"
    return "maybe" if attribute.kind in ("other", "query_expression", "association_proxy", "hybrid") else "loaded"


def tracked(mapped: MappedClass) -> tuple[MappedAttribute, ...]:
    """The attributes whose states are kept one by one: relationships and deferred columns."""
    return mapped.tracked


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
    fresh = InstanceState(
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
    state.heap[place] = fresh
    if session is not None and session.place is not None:
        _fill_others(frame, state, place, fresh)
        marks = {model, *(f"{model}.{name}" for name, known in attributes.items() if known == "loaded")}
        if parent is None:
            brought = met(frame, model, fresh.loads)
            renew(state, fresh.session, brought, place)
            marks |= {f"{MET}{other}" for other in brought}
        state.heap[session.place] = replace(held, models=held.models | marks, used=held.used or parent is None)


def _fill_others(frame: Frame, state: State, place: Place, fresh: InstanceState) -> None:
    """What a query loads it fills in on instances that the session holds already, if they are in its rows."""
    others = [(other, known) for other, known in held_by(state, fresh.session) if other != place]
    if not others:
        return
    filled = {name for name, mark in fresh.attributes.items() if mark == "loaded"}
    for other, known in others:
        if known.model == fresh.model:
            doubtful = {n: "maybe" for n, mark in known.attributes.items() if n in filled and mark in ACCUSING}
            if doubtful:
                state.heap[other] = known.set(doubtful)


def met(frame: Frame, model: str, loads: tuple[Load, ...]) -> frozenset[str]:
    """The models of which a query for `model` with these options may bring rows: itself, and what it loads eagerly."""
    mapped = frame.program.project.mapped(model)
    own = (model, *mapped.bases) if mapped is not None else (model,)
    return met_below(frame, model, loads).union(own)


def met_below(frame: Frame, model: str, loads: tuple[Load, ...]) -> frozenset[str]:
    """The models of which rows come with one of `model`."""
    found: set[str] = set()
    waiting = _eagerly(frame, model, loads)
    while waiting:
        name, options = waiting.pop()
        mapped = frame.program.project.mapped(name)
        if mapped is not None and name not in found:
            found.update((name, *mapped.bases))
            waiting += _eagerly(frame, name, options)
    return frozenset(found)


def _eagerly(frame: Frame, model: str, loads: tuple[Load, ...]) -> list[tuple[str, tuple[Load, ...]]]:
    """The targets that are loaded with `model`, each with the options below it."""
    mapped = frame.program.project.mapped(model)
    below = {load.attribute: load.below for load in loads}
    return [
        (attribute.target, below.get(attribute.name, ()))
        for attribute in (mapped.tracked if mapped is not None else ())
        if attribute.target is not None and (attribute.name in below or "*" in below or attribute.lazy not in LAZILY)
    ]


def renew(state: State, session: Place | None, models: frozenset[str], but: Place | None = None) -> None:
    """Rows of `models` were loaded: an instance that the session holds of one of them may be out of date no more."""
    for place, known in held_by(state, session):
        if (
            place == but
            or known.model not in models
            or (known.columns not in STALE and STALE.isdisjoint(known.attributes.values()))
        ):
            continue
        attributes = {name: "maybe" if mark in STALE else mark for name, mark in known.attributes.items()}
        columns = "maybe" if known.columns in STALE else known.columns
        state.heap[place] = replace(known, attributes=attributes, columns=columns)


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
    if any(load.strategy in COLUMN_OPTIONS for load in loads):
        apply_to_columns(mapped, attributes, loads)


def apply_to_columns(mapped: MappedClass, attributes: dict[str, str], loads: tuple[Load, ...]) -> None:
    """What `load_only`, `defer`, `undefer` and `undefer_group` make of the columns of one level."""
    only = {load.attribute for load in loads if load.strategy in ("load_only", "load_only_raise")}
    without = "raises" if any(load.strategy == "load_only_raise" for load in loads) else "unloaded"
    if not any(a.primary_key for a in mapped.attributes.values()) or mapped.polymorphic:
        # the key and the discriminator are loaded always; which columns these are is not known
        without = "maybe"
    named = {load.attribute: load.strategy for load in loads if load.strategy in COLUMN_OPTIONS}
    for attribute in mapped.attributes.values():
        name, mark = attribute.name, ""
        if attribute.kind == "composite":
            attributes[name] = "maybe"
        if attribute.kind not in ("column", "column_property") or attribute.primary_key:
            continue
        if only:
            mark = "loaded" if name in only else without
        match named.get(name) or named.get("*"):
            case "defer" | "defer_raise" as strategy:
                mark = "raises" if strategy == "defer_raise" else "unloaded" if without != "maybe" else "maybe"
            case "undefer":
                mark = "loaded"
        if attribute.deferred and any(
            load.strategy == "undefer_group" and load.attribute == attribute.deferred_group for load in loads
        ):
            mark = "loaded"
        if mark and not (mark == "loaded" and name not in attributes):
            attributes[name] = mark


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
    state.heap[known.session] = replace(held, models=held.models | marks)
