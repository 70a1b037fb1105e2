"""The life of a mapped instance: how it is loaded, read, expired, refreshed.

The transitions follow SQLAlchemy's documentation ("State Management", "Preventing Implicit IO when Using AsyncSession", error xd2s) and were
confirmed by running 1.4, 2.0 and 2.1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from flake8_async_orm.facts import RelationshipRead
from flake8_async_orm.flow.frame import Frame, Requirement
from flake8_async_orm.knowledge import callables, names
from flake8_async_orm.lattice import ACCUSING, InstanceState, ObjectState, SessionState, State
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


def enter_relationship(frame: Frame, state: State, instance: Instance, attribute: MappedAttribute) -> Value:
    """What a relationship holds, its state entered, without a read being judged."""
    value = related_value(attribute, instance.place)
    known = state_of(frame, state, instance)
    if known is not None:
        _enter(frame, state, known, attribute, value, known.attributes.get(attribute.name, "maybe"))
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


# -- what sessions do to the instances they hold ----------------------------------------------------------------------


def held_by(state: State, session: Place | None) -> list[tuple[Place, InstanceState]]:
    return [
        (place, known)
        for place, known in state.heap.items()
        if isinstance(known, InstanceState) and session is not None and known.session == session
    ]


def _everything(known: InstanceState, mark: str) -> dict[str, str]:
    return {name: "raises" if old == "raises" else mark for name, old in known.attributes.items()}


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


def remember(state: State, known: InstanceState, loaded_names: Iterable[str], *models: str) -> None:
    """The session now holds an instance with these attributes loaded: another query may meet it."""
    if known.session is None:
        return
    held = state.session(known.session)
    marks = frozenset([*(f"{known.model}.{name}" for name in loaded_names), *models])
    state.heap[known.session] = SessionState(held.models | marks, held.pending, held.used)


def mark_loaded(frame: Frame, state: State, instance: Instance, name: str) -> None:
    """`name` was assigned, or loaded by hand."""
    known = state_of(frame, state, instance)
    if known is not None and instance.place is not None and name in known.attributes:
        state.heap[instance.place] = known.set({name: "loaded"})
        remember(state, known, [name])


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
