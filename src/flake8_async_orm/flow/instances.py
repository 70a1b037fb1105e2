"""Mapped instances in use: their attributes are read and assigned, and handed to what cannot be seen."""

from __future__ import annotations

from flake8_async_orm.facts import (
    AttributeSerialized,
    CollectionChanged,
    DetachedAttributeRead,
    ExpiredAttributeRead,
    Fact,
    GeneratedValueRead,
    RelationshipRead,
    UnloadedColumnRead,
)
from flake8_async_orm.flow import absences, associations, expiry, ledgers, transactions
from flake8_async_orm.flow.frame import Frame, Requirement
from flake8_async_orm.flow.identity import MADE, exonerate, held_by, keys_of
from flake8_async_orm.flow.identity import instances_in as instances_in
from flake8_async_orm.flow.loading import entry_state, loaded, related_value, remember, state_of, stops_at_itself
from flake8_async_orm.flow.sight import in_sight, lies_below
from flake8_async_orm.knowledge import callables
from flake8_async_orm.lattice import ACCUSING, HANDED, InstanceState, ObjectState, SessionState, State, without_none
from flake8_async_orm.project.definitions import MappedAttribute
from flake8_async_orm.values import (
    ApiObject,
    Collection,
    Instance,
    Object,
    OneOf,
    Place,
    Site,
    Tuple,
    Value,
    replace,
)

#: the lives of an instance in which a read that needs the database cannot succeed
JUDGED = frozenset({"persistent", "detached", "deleted", "removed", "either"})


def read_relationship(
    frame: Frame, state: State, instance: Instance, attribute: MappedAttribute, site: Site, read: Site | None = None
) -> Value:
    """A relationship is read at `site` (by a helper: the read itself is at `read`)."""
    known = state_of(frame, state, instance)
    value = associations.value_of(state, known, attribute, instance.place)
    if known is None or instance.place is None:
        return value
    name = attribute.name
    mark = known.attributes.get(name, "maybe")
    if mark == "entry":
        filled = brought_here(state, instance.model, name)
        if not filled:
            require(frame, instance.place, instance.model, attribute, site, read)
        state.heap[instance.place] = known.set({name: "maybe" if filled else "loaded"})
        return value
    if mark == "held":
        known = state.heap[instance.place] = known.set({name: "loaded"})
    if mark in ACCUSING and known.life in JUDGED:
        asks = mark == "unloaded" or (mark == "raises" and attribute.lazy == "raise_on_sql")
        here = asks and attribute.uselist is not True and known.life != "detached"
        held = here and not _keyless(frame, known, attribute) and in_sight(frame, state, instance, attribute)
        held = held or (len(known.path) > 0 and _handed_on_its_own(frame, state, known.model))
        if not held and fails(frame, known):
            state_read(frame, state, known, instance, attribute, mark, site, read)
            absences.assumed(frame, known, attribute, mark, site)
            known = state.heap[instance.place] = failed(known, name, mark)
            _give_up(state, instance.place.at(name))
            return value
    _enter(frame, state, known, attribute, value, mark)
    return value


def brought_here(state: State, model: str, name: str) -> bool:
    """Whether the body has loaded rows of `model` with the attribute: an instance that its caller has may be among them."""
    mark = f"{model}:{name}"
    return any(isinstance(known, SessionState) and mark in known.models for known in state.heap.values())


def _handed_on_its_own(frame: Frame, state: State, model: str) -> bool:
    """Whether the function was given an object that holds one of `model`: what was met on the way may be that one, with more loaded."""
    for binding in state.names.values():
        held = without_none(binding.value)
        if isinstance(held, Object) and held.cls.args:
            fields = (frame.program.attribute(held.cls, name) for name in frame.program.fields(held.cls.name))
            if any(found.model == model for value in fields for found in instances_in(value)):
                return True
    return False


def _keyless(frame: Frame, known: InstanceState, attribute: MappedAttribute) -> bool:
    """Whether the foreign key of a relationship is not loaded: then nobody knows what it points to."""
    mapped = frame.program.project.mapped(known.model)
    return mapped is not None and any(known.mark(key) in ACCUSING for key in keys_of(frame, mapped, attribute))


def column_at_stake(frame: Frame, state: State, instance: Instance, attribute: MappedAttribute) -> InstanceState | None:
    """The state of an instance whose column cannot simply be read."""
    if instance.place is None:
        return None
    known = state.heap.get(instance.place)
    if known is None:
        known = state_of(frame, state, instance)
    if not isinstance(known, InstanceState):
        return None
    own = known.attributes.get(attribute.name)
    mark = own or known.columns
    if mark in ACCUSING or mark == "entry" or (mark == "read" and own is None and _made_by_database(attribute)):
        return known
    return None


def _made_by_database(attribute: MappedAttribute) -> bool:
    """Whether an attribute may be left behind by a flush while the other columns are there."""
    return attribute.onupdate == "sql" or attribute.server_onupdate or attribute.kind == "column_property"


def read_column(
    frame: Frame,
    state: State,
    known: InstanceState,
    instance: Instance,
    attribute: MappedAttribute,
    site: Site,
    read: Site | None = None,
) -> None:
    """A column that is at stake is read at `site` (by a helper: the read itself is at `read`)."""
    assert instance.place is not None
    mark = known.mark(attribute.name)
    if mark in HANDED:
        require(frame, instance.place, instance.model, attribute, site, read)
        if attribute.name in known.attributes:
            state.heap[instance.place] = known.set({attribute.name: "read"})
        else:
            # what does not hold for one column holds for none of them, but for those that the database makes
            own = {attribute.name: "read"} if _made_by_database(attribute) else {}
            state.heap[instance.place] = replace(known.set(own), columns="read")
    elif known.life in JUDGED and fails(frame, known):
        state_read(frame, state, known, instance, attribute, mark, site, read)
        state.heap[instance.place] = failed(known, attribute.name, mark)


def change_collection(
    frame: Frame,
    state: State,
    instance: Instance,
    attribute: MappedAttribute,
    site: Site,
    how: str,
    read: Site | None = None,
) -> None:
    """A collection is changed in place at `site`, or replaced: what it holds is loaded for that."""
    known = state_of(frame, state, instance)
    if known is None or instance.place is None:
        return
    name = attribute.name
    mark = known.attributes.get(name, "maybe")
    if mark == "pending":
        mark_loaded(frame, state, instance, name)
    elif attribute.lazy in ("dynamic", "write_only", "noload") or attribute.uselist is not True:
        return
    elif mark == "entry":
        require(frame, instance.place, instance.model, attribute, site, read, how)
        state.heap[instance.place] = known.set({name: "loaded"})
    elif mark == "loaded":
        state.heap[instance.place] = replace(known, changed=known.changed | {name}, touched=True)
    elif mark in ACCUSING and known.life in JUDGED and fails(frame, known):
        state_read(frame, state, known, instance, attribute, mark, site, read, how)
        state.heap[instance.place] = failed(known, name, mark)


def fails(frame: Frame, known: InstanceState) -> bool:
    """Whether I/O at this point is an error, and one that nobody here waits for."""
    return (
        bool(known.session_async) and not frame.sync_land and not frame.guarded_against(callables.CATCHES_IMPLICIT_IO)
    )


def failed(known: InstanceState, name: str, mark: str) -> InstanceState:
    """After a read that cannot succeed control does not come by here; one such read of an instance is enough."""
    if mark != "expired" or known.columns != "expired":
        return known.set({name: "failed"})
    attributes = {other: "failed" if state == "expired" else state for other, state in known.attributes.items()}
    return replace(known, attributes=attributes, columns="failed" if known.columns == "expired" else known.columns)


def _give_up(state: State, place: Place) -> None:
    """What hangs at `place` is not reached on this path."""
    for other, known in list(state.heap.items()):
        if isinstance(known, InstanceState) and lies_below(other, place):
            attributes = {name: "failed" if mark in ACCUSING else mark for name, mark in known.attributes.items()}
            columns = "failed" if known.columns in ACCUSING else known.columns
            state.heap[other] = replace(known, attributes=attributes, columns=columns)


def require(
    frame: Frame,
    place: Place,
    model: str,
    attribute: MappedAttribute,
    site: Site,
    read: Site | None,
    change: str = "",
) -> None:
    """The body reads at `site` (by a helper: the read itself is at `read`) what its caller handed over, as the caller did."""
    if not frame.guarded_against(callables.CATCHES_IMPLICIT_IO):
        many = bool(attribute.uselist)
        requirement = Requirement(place, model, attribute.name, site, read or site, many, change, frame.serializing)
        frame.requires.setdefault((place, attribute.name), requirement)


def state_read(
    frame: Frame,
    state: State,
    known: InstanceState,
    instance: Instance,
    attribute: MappedAttribute,
    mark: str,
    site: Site,
    read: Site | None,
    how: str = "",
) -> None:
    """State the fact that a read in the state `mark` is; `how`: of a collection that is changed, by what."""
    mapped = frame.program.project.mapped(instance.model)
    awaitable = mapped is not None and mapped.async_attrs
    session = session_name(state, known.session)
    statement = known.statement if not known.option else None
    path = (*known.path, (instance.model, attribute.name))
    relationship = attribute.kind == "relationship"
    refreshes = "1.4" not in frame.program.versions
    common = (
        site,
        instance.model,
        attribute.name,
        attribute.kind,
        mark,
        bool(attribute.uselist),
        known.origin,
        known.origin_text,
        known.expired if mark in ("expired", "generated") else None,
        known.expired_by if mark in ("expired", "generated") else "",
        read,
        awaitable,
        frame.is_async,
        instance_name(state, instance.place) if read is None else None,
        session,
    )
    fact: Fact
    if frame.serializing:
        fact = AttributeSerialized(*common, frame.serializing, known.statement, path, known.option)
        if known.life == "detached":
            fact = replace(fact, state="detached")
    elif known.life == "detached":
        fact = DetachedAttributeRead(*common, known.detached, statement, path)
    elif mark == "expired":
        factory = expiry.decided_at(frame, state, known.session) if known.expired_by == "commit" else None
        fact = ExpiredAttributeRead(*common, factory)
    elif how:
        fact = CollectionChanged(*common[:-1], session if refreshes else None, how, statement, path)
    elif mark == "generated":
        fact = GeneratedValueRead(*common, frame.program.class_site(instance.model))
    elif relationship:
        fact = RelationshipRead(
            site,
            instance.model,
            attribute.name,
            mark,
            bool(attribute.uselist),
            known.origin,
            known.origin_text,
            known.statement,
            path,
            read,
            awaitable,
            frame.is_async,
            session,
            refreshes,
            attribute.lazy or "" if mapped is not None and stops_at_itself(mapped, attribute) else "",
            known.option,
        )
    else:
        fact = UnloadedColumnRead(*common, statement, path)
    frame.state_fact(fact, attribute.name)


def instance_name(state: State, place: Place | None) -> str | None:
    """A name that holds the instance at `place`."""
    for name, binding in state.names.items():
        found = without_none(binding.value)
        if isinstance(found, Instance) and found.place == place:
            return name
    return None


def session_name(state: State, place: Place | None) -> str | None:
    """How the session at `place` is written: by a name, or as an attribute of a parameter."""
    for name, binding in state.names.items():
        found = without_none(binding.value)
        if isinstance(found, ApiObject) and found.place == place:
            return name
    if place is not None and isinstance(place.root, str) and place.path and all(map(str.isidentifier, place.path)):
        name = place.root.removeprefix("param:")
        if name in state.names:
            return ".".join((name, *place.path))
    return None


def enter_relationship(frame: Frame, state: State, instance: Instance, attribute: MappedAttribute) -> Value:
    """What a relationship holds, its state entered, without a read being judged."""
    known = state_of(frame, state, instance)
    value = associations.value_of(state, known, attribute, instance.place)
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
    if mark == "loaded" and known.life == "unknown" and known.origin is None and known.columns in HANDED:
        # as the caller has it, which nobody unseen has had since
        return
    below = tuple(step for load in known.loads if load.attribute == attribute.name for step in load.below)
    everything = tuple(load for load in known.loads if load.attribute == "*")
    session = None
    if known.session_async is not None and known.life not in ("pending", "transient"):
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
        option=known.option,
    )
    below_it = state.instance(inner.place)
    if below_it is not None and known.life != "persistent":
        state.heap[inner.place] = replace(below_it, life=known.life, detached=known.detached)


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
        exonerate(frame, state, instance.place, name)
        remember(state, known, [name])


def doubt(frame: Frame, state: State, value: Value) -> None:
    """Something unseen got `value`: an instance, a session, or an object that may lead to one."""

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
            transactions.doubt(state, place)
            ledgers.share(state, value)
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
            ledgers.share(state, value)
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
