"""A flush: what was added is inserted, what was changed is updated, and what the database made of it is not there.

The transitions follow SQLAlchemy's documentation ("State Management", "Fetching Server-Generated Defaults") and were confirmed by running 1.4,
2.0 and 2.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from flake8_async_orm.flow import associations, generated, unflushed
from flake8_async_orm.flow.frame import Frame
from flake8_async_orm.flow.identity import MADE, exonerate, held_by, keyed_there, keys_of, subfamily
from flake8_async_orm.flow.loading import (
    ALL_COLUMNS,
    NEW,
    NULLED,
    STALE,
    below,
    by_mapping,
    reloaded,
    remember,
    renew,
    tracked,
)
from flake8_async_orm.lattice import ACCUSING, InstanceState, State, join_instances, join_states
from flake8_async_orm.project.definitions import MappedAttribute, MappedClass
from flake8_async_orm.values import NONE, Place, Site, Unknown, Value, replace

#: the value of an attribute that a constructor is given or not, or that is None
PERHAPS = Unknown("it may be left out, or None")


def constructed(
    frame: Frame, state: State, place: Place, model: str, values: Mapping[str, Value], unreadable: bool, site: Site
) -> None:
    """`Model(...)` with these keywords: transient, everything readable; what is not given is unloaded after the flush."""
    given = {name for name, value in values.items() if value != NONE}
    none = values.keys() - given
    mapped = frame.program.project.mapped(model)
    if mapped is None:
        return
    # what is set by listeners is not seen here
    left = "maybe" if _listened_to(frame, model) else "pending"
    attributes = {
        a.name: "maybe" if unreadable else "loaded" if a.name in given or a.name in none else left
        for a in tracked(mapped)
    }
    surely = {name for name in given if values[name] != PERHAPS}
    keyed = frozenset() if unreadable else keys_given(frame, mapped, surely)
    columns = "maybe" if unreadable else "loaded"
    state.heap[place] = InstanceState(
        model,
        attributes,
        columns,
        life="transient",
        origin=site,
        origin_text=MADE,
        keyed=keyed,
        changed=frozenset(given),
        unset=frozenset() if unreadable else unflushed.made(frame, unflushed.columns(mapped, given)),
        strange=frozenset(name for name, value in values.items() if not associations.in_sight(value)),
    )
    for name, value in values.items():
        attribute = mapped.attributes.get(name)
        if attribute is not None and attribute.kind == "relationship" and not unreadable:
            associations.put(frame, state, place, attribute, value)


def _listened_to(frame: Frame, model: str) -> bool:
    """Whether the module of a class has listeners or validators for its attributes, which may set others."""
    module, _, name = model.rpartition(".")
    listens = re.compile(rf"\b(listens_for|listen)\(\s*{re.escape(name)}\.|@(orm\.)?validates\(")

    def look() -> bool:
        source = frame.program.project.source(module)
        return source is not None and listens.search(source.text) is not None

    return frame.program.once(("listened to", model), look, False)


def keys_given(frame: Frame, mapped: MappedClass, given: set[str]) -> frozenset[str]:
    """The many-to-one relationships whose foreign key is among the attributes that were given."""
    found: set[str] = set()
    for attribute in tracked(mapped):
        if attribute.kind == "relationship" and attribute.uselist is not True and attribute.name not in given:
            keys = keys_of(frame, mapped, attribute)
            if len(keys) == 1 and keys[0] in given:
                found.add(attribute.name)
    return frozenset(found)


def flush(frame: Frame, state: State, session: Place | None, site: Site, surely: bool = True) -> None:
    """What was added is inserted, what was changed is updated; values that the database makes are left behind.

    `surely`: not the autoflush of a session that was handed in, which may have been told to leave it out.
    """
    unflushed.forget(frame, state)
    for place, known in held_by(state, session):
        if known.life == "pending":
            _inserted(frame, state, place, known, session, site, surely)
        elif known.life in ("persistent", "attached") and (known.touched or known.changed):
            _updated(frame, state, place, known, site, surely)
        elif known.life == "deleted":
            _removed(frame, state, place, known)
            _orphaned(frame, state, session, known)


def may_send(state: State, session: Place | None) -> bool:
    """Whether a flush may have something to send: of a session that was handed in, and of strangers, that is not known."""
    if session is None or not isinstance(session.root, Site):
        return True
    return any(known.life != "persistent" or known.touched or known.changed for _, known in held_by(state, session))


def perhaps_flush(frame: Frame, state: State, session: Place | None, site: Site) -> None:
    """As `flush`, if that happens at all."""
    after = state.copy()
    flush(frame, after, session, site)
    joined = join_states(after, state)
    if joined is not None:
        state.names, state.heap = joined.names, joined.heap


def _inserted(
    frame: Frame, state: State, place: Place, known: InstanceState, session: Place | None, site: Site, surely: bool
) -> None:
    """Pending instances become persistent: what was never set is unloaded from now on."""
    mapped = frame.program.project.mapped(known.model)
    if mapped is None:
        return
    attributes = dict(known.attributes)
    for name, mark in known.attributes.items():
        if mark == "pending":
            attributes[name] = _never_set(frame, mapped, mapped.attributes[name])
    for name in known.keyed:
        attribute = mapped.attributes[name]
        if known.attributes.get(name) == "pending":
            held = _holds_target(frame, state, session, attribute)
            attributes[name] = (
                "maybe" if held else "raises" if by_mapping(mapped, attribute) == "raises" else "unloaded"
            )
    if known.columns == "loaded":
        for attribute in mapped.attributes.values():
            if generated.by_insert(frame.program.versions, mapped, attribute) and attribute.name not in known.changed:
                attributes[attribute.name] = "generated" if surely else "maybe"
    state.heap[place] = replace(
        known,
        attributes=attributes,
        life="persistent",
        expired=site,
        expired_by="flush",
        changed=frozenset(),
        computed=frozenset(),
        touched=False,
        fresh=True,
    )
    there = [name for name, mark in attributes.items() if mark not in ACCUSING]
    along = [n for n in there if known.attributes.get(n) != "pending" and mapped.attributes[n].kind == "relationship"]
    marks = (known.model, f"{known.model}{ALL_COLUMNS}", f"{known.model}{NEW}")
    remember(state, known, there, *marks, *_brought(frame, mapped, known.strange.intersection(along)))


def _brought(frame: Frame, mapped: MappedClass, names: Iterable[str]) -> set[str]:
    """What the session may hold of the instances that were put into these relationships: they may be new, with anything set."""
    found: set[str] = set()
    waiting = [mapped.attributes[name].target for name in names]
    met: set[str] = set()
    while waiting:
        target = waiting.pop()
        other = frame.program.project.mapped(target) if target is not None else None
        if other is not None and other.name not in met:
            met.add(other.name)
            found.update((other.name, f"{other.name}{ALL_COLUMNS}", f"{other.name}{NEW}"))
            found.update(f"{other.name}:{attribute.name}" for attribute in other.tracked)
            waiting += [attribute.target for attribute in other.tracked]
    return found


def _never_set(frame: Frame, mapped: MappedClass, attribute: MappedAttribute) -> str:
    """The state after its INSERT of an attribute that the instance was never given."""
    if attribute.kind != "relationship":
        if attribute.default == "none" and not attribute.server_default:
            return "unloaded"
        return "loaded" if attribute.default == "python" else "maybe"
    if attribute.lazy in ("dynamic", "write_only", "noload"):
        return "loaded"
    if attribute.default_factory or attribute.lazy is None:
        return "maybe"
    if attribute.uselist is True or keyed_there(frame, mapped, attribute):
        return "raises" if by_mapping(mapped, attribute) == "raises" else "unloaded"
    keys = [mapped.attributes[name] for name in keys_of(frame, mapped, attribute)]
    if len(keys) == 1 and keys[0].default == "none" and not keys[0].server_default:
        return "raises" if attribute.lazy == "raise" else "held"
    return "maybe"


def _removed(frame: Frame, state: State, place: Place, known: InstanceState) -> None:
    """The row of an instance is deleted: what it had stays, and what refers to it was loaded for that."""
    mapped = frame.program.project.mapped(known.model)
    if mapped is not None and (known.columns in STALE or known.columns == "maybe"):
        # it is loaded again for that
        known = join_instances(known, reloaded(mapped, known))

    def mark(name: str, old: str) -> str:
        attribute = mapped.attributes.get(name) if mapped is not None else None
        if mapped is None or attribute is None or attribute.foreign_key:
            return "maybe"
        if attribute.kind != "relationship":
            return old
        kept = attribute.uselist is not True and not keyed_there(frame, mapped, attribute) and not attribute.deletes
        return old if kept else "maybe"

    attributes = {name: mark(name, old) for name, old in known.attributes.items()}
    columns = "maybe" if known.columns in STALE else known.columns
    state.heap[place] = replace(known, attributes=attributes, columns=columns, life="removed")


def _orphaned(frame: Frame, state: State, session: Place | None, known: InstanceState) -> None:
    """What referred to a row that is deleted was loaded for that, and refers to nothing now."""
    mapped = frame.program.project.mapped(known.model)
    if mapped is None:
        return
    targets = {
        attribute.target
        for attribute in mapped.tracked
        if attribute.target is not None and (attribute.uselist is True or keyed_there(frame, mapped, attribute))
    }
    renew(frame, state, session, frozenset(targets))
    for place, other in held_by(state, session) if targets else ():
        owner = frame.program.project.mapped(other.model) if other.model in targets else None
        for attribute in owner.tracked if owner is not None else ():
            if attribute.uselist is not True and other.attributes.get(attribute.name) in ACCUSING:
                other = state.heap[place] = other.set({attribute.name: "maybe"})
    marks = [f"{target}{mark}" for target in targets for mark in (ALL_COLUMNS, NULLED)]
    remember(state, known, (), *marks)


def _updated(frame: Frame, state: State, place: Place, known: InstanceState, site: Site, surely: bool) -> None:
    """The row of a changed instance is updated: what the database computes with that is not fetched."""
    mapped = frame.program.project.mapped(known.model)
    if mapped is None:
        return
    sure = surely and bool(known.changed)
    before = known
    keys = {known.mark(a.name) for a in mapped.attributes.values() if a.primary_key}
    if not keys.isdisjoint(STALE) or "maybe" in keys:
        # for the UPDATE of an instance that has expired all that has is loaded
        all_expired = sure and "maybe" not in keys
        again = reloaded(mapped, known) if all_expired else join_instances(known, reloaded(mapped, known))
        known = known if again == known else again
    attributes, columns = dict(known.attributes), known.columns
    row = any(mapped.attributes[name].kind == "column" for name in known.changed if name in mapped.attributes)
    for attribute in mapped.attributes.values():
        name = attribute.name
        if name in known.computed:
            made = sure
        elif attribute.kind == "column_property":
            # where nothing is updated, what had expired is loaded after that
            made = sure and not attribute.deferred and (row or known is before)
        elif generated.by_update(mapped, attribute) and name not in known.changed:
            made = sure and row
            if known.changed and not row and not any(_points_away(frame, mapped, n) for n in known.changed):
                continue
        else:
            continue
        if attributes.get(name, columns) in ("loaded", "read", "entry", "maybe"):
            attributes[name] = "generated" if made and known.life == "persistent" else "maybe"
    for name in known.changed:
        relationship = mapped.attributes.get(name)
        if relationship is not None and relationship.kind == "relationship" and _points_away(frame, mapped, name):
            # the key follows
            attributes.update(dict.fromkeys(keys_of(frame, mapped, relationship), "loaded"))
    state.heap[place] = replace(
        known,
        attributes=attributes,
        columns=columns,
        expired=site if sure else known.expired,
        expired_by="flush" if sure else known.expired_by,
        changed=frozenset() if surely else known.changed,
        computed=frozenset() if surely else known.computed,
        touched=known.touched and not surely,
    )
    if known is not before:
        exonerate(frame, state, place)
        renew(frame, state, known.session, below(frame, known.model, known.loads)[0], place)
    put = [n for n in known.changed if n in mapped.attributes and mapped.attributes[n].kind == "relationship"]
    if put:
        remember(state, known, put, *_brought(frame, mapped, known.strange.intersection(put)))


def _points_away(frame: Frame, mapped: MappedClass, name: str) -> bool:
    """Whether assigning a relationship may change the row of its owner: unless it is surely a collection."""
    attribute = mapped.attributes.get(name)
    return attribute is None or not (attribute.uselist is True or keyed_there(frame, mapped, attribute))


def _holds_target(frame: Frame, state: State, session: Place | None, attribute: MappedAttribute) -> bool:
    """Whether the session may hold an instance that a many-to-one points to: then reading it emits nothing."""
    if attribute.target is None:
        return True
    family = {attribute.target, *subfamily(frame, attribute.target)}
    if state.session(session).models & family:
        return True
    return any(isinstance(known, InstanceState) and known.model in family for known in state.heap.values())
